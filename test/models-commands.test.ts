import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import {
  capExposureCommand,
  listRestrictedCommand,
  pauseModelCommand,
  reevaluateModelCommand,
} from '../src/models-commands.ts';
import { replayCommand } from '../src/replay-command.ts';
import { startGateway, type TestGateway } from './fixtures/gateway.ts';

let gateway: TestGateway;
let model: string;
const stderr = vi.spyOn(process.stderr, 'write');

beforeAll(async () => {
  gateway = await startGateway();
  const answer = (await (await fetch(`${gateway.url}/v1/models`)).json()) as {
    data: { id: string; type: string }[];
  };
  model = answer.data.find(({ id, type }) => id !== 'auto' && type === 'chat')?.id ?? '';
});
afterAll(() => gateway.stop());
afterEach(() => {
  process.exitCode = undefined;
  stderr.mockReset();
});

async function run(options: object): Promise<{ printed: string[]; said: string }> {
  const printed: string[] = [];
  stderr.mockReturnValue(true);
  await capExposureCommand(
    model,
    { config: gateway.configPath, url: gateway.url, ...options },
    { OUTRIDER_DETECT: 'none' },
    (line) => printed.push(line),
  );
  return { printed, said: stderr.mock.calls.map(([text]) => String(text)).join('') };
}

test('caps a model at the running gateway, and takes the cap away', async () => {
  expect((await run({ maxShare: 0.25, task: 'translate' })).printed).toEqual([
    `${model} gets at most 25 % of the choices of translation.`,
  ]);
  expect((await run({ maxShare: 0 })).printed).toEqual([
    `${model} gets at most 0 % of the choices of each task.`,
    `${model} gets at most 25 % of the choices of translation.`,
  ]);
  await run({ remove: true });
  expect((await run({ remove: true, task: 'translation' })).printed).toEqual([`${model} is not capped.`]);
});

test('lists what is paused or capped, also of a model that left, and takes it away', async () => {
  const env = { OUTRIDER_DETECT: 'none' };
  const options = { config: gateway.configPath, url: gateway.url };
  const printed = async (command: (print: (line: string) => void) => Promise<void>) => {
    const lines: string[] = [];
    await command((line) => lines.push(line));
    return lines;
  };
  const list = () => printed((print) => listRestrictedCommand(options, env, print));
  const act = (id: string, action: 'pause' | 'resume') =>
    printed((print) => pauseModelCommand(id, action, options, env, print));
  expect(await list()).toEqual(['No model is paused or capped.']);
  expect(await act(model, 'pause')).toEqual([
    expect.stringMatching(/ is out of service\. Of its type \d+ can still answer\.$/),
  ]);
  await gateway.withStore((store) => store.saveState('exposure_caps', '[["gone","translation",0.25]]'));
  await expect
    .poll(list, { timeout: 20_000 })
    .toEqual(
      expect.arrayContaining([
        `${model} is paused.`,
        'gone (not configured any more) gets at most 25 % of the choices of translation.',
      ]),
    );
  expect(await act(model, 'resume')).toEqual([`${model} is in service.`]);
  const removed = await printed((print) =>
    capExposureCommand('gone', { ...options, task: 'translation', remove: true }, env, print),
  );
  expect(removed).toEqual(['gone is not capped.']);
  expect(await list()).toEqual(['No model is paused or capped.']);
});

test.each([
  [{}, /--max-share 0\.2, or take the cap away with --remove/],
  [{ maxShare: 0.1, remove: true }, /--max-share 0\.2/],
  [{ maxShare: 0.1, task: 'juggling' }, /There is no task 'juggling'/],
  [{ maxShare: 0.1, url: 'http://127.0.0.1:1' }, /No gateway answers at http:\/\/127\.0\.0\.1:1/],
  [
    { maxShare: 0.1, url: 'nowhere' },
    /^--url has to be an address such as http:\/\/127\.0\.0\.1:8080, not 'nowhere'\.\n$/,
  ],
])('%j is refused in one line', async (options, message) => {
  const { printed, said } = await run(options);
  expect(process.exitCode).toBe(2);
  expect(printed).toEqual([]);
  expect(said).toMatch(message);
});

test('asks the gateway without a store of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-commands-'));
  try {
    const config = join(folder, 'outrider.toml');
    await writeFile(config, `[store]\nurl = "sqlite:${join(folder, 'made.db')}"\n`);
    const env = { OUTRIDER_DETECT: 'none' };
    const url = { config, url: gateway.url };
    const printed: string[] = [];
    const print = (line: string) => printed.push(line);
    await capExposureCommand(model, { ...url, remove: true }, env, print);
    await reevaluateModelCommand(model, url, env, print);
    await replayCommand(url, env, print);
    expect(printed.join('\n')).toMatch(/is not capped[\s\S]*is looked at again[\s\S]*requests chosen freely/);
    expect(await readdir(folder)).toEqual(['outrider.toml']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
