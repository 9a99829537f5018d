import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { capExposureCommand } from '../src/models-commands.ts';
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

test.each([
  [{}, /--max-share 0\.2, or take the cap away with --remove/],
  [{ maxShare: 0.1, remove: true }, /--max-share 0\.2/],
  [{ maxShare: 0.1, task: 'juggling' }, /There is no task 'juggling'/],
  [{ maxShare: 0.1, url: 'http://127.0.0.1:1' }, /No gateway answers at http:\/\/127\.0\.0\.1:1/],
])('%j is refused in one line', async (options, message) => {
  const { printed, said } = await run(options);
  expect(process.exitCode).toBe(2);
  expect(printed).toEqual([]);
  expect(said).toMatch(message);
});
