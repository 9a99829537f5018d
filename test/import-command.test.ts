import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type ImportOptions, importCommand } from '../src/import-command.ts';
import { openStore } from '../src/store/open.ts';

let folder: string;
let config: string;
const url = () => `sqlite:${join(folder, 'outrider.db')}`;
const stderr = vi.spyOn(process.stderr, 'write');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-import-'));
  config = join(folder, 'outrider.toml');
  writeFileSync(
    config,
    `[store]\nurl = "${url()}"\n[providers.openai]\nbase_url = "http://127.0.0.1:9/v1"\n[api.models."gpt-4o"]\nendpoints = [{ provider = "openai", model = "gpt-4o-2024-08-06", input_usd_per_million = 1 }]\n[api.models."local:7b"]\nendpoints = [{ provider = "openai", model = "local-7b", input_usd_per_million = 1 }]\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  process.exitCode = undefined;
  stderr.mockClear();
});

async function run(name: string, text: string, options: Partial<ImportOptions> = {}) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return runFile(file, options);
}

async function runFile(file: string, options: Partial<ImportOptions> = {}) {
  const printed: string[] = [];
  stderr.mockReturnValue(true);
  await importCommand(file, { config, ...options }, { OUTRIDER_DETECT: 'none' }, (line) =>
    printed.push(line),
  );
  return { printed: printed.join('\n'), said: stderr.mock.calls.map(([text]) => String(text)).join('') };
}

async function stored() {
  const store = await openStore({ url: url(), now: () => 0 });
  try {
    return (await store.listEvaluations()).map(({ name, scores }) => ({ name, scores }));
  } finally {
    for (const { name } of await store.listEvaluations()) await store.deleteEvaluation(name);
    await store.close();
  }
}

test('stores what the file says under the name of the file, and shows it', async () => {
  const { printed, said } = await run(
    'nightly run.csv',
    'model,task,score,samples\ngpt-4o,math,0.5,10\nopenai/local-7b,translation,1,2\n',
  );
  expect(said).toBe('');
  expect(printed).toContain('reasoning_math');
  expect(printed).toContain("2 results (csv): 2 scores. Stored as 'nightly-run'");
  expect(await stored()).toEqual([
    {
      name: 'nightly-run',
      scores: [
        { modelId: 'gpt-4o', task: 'reasoning_math', score: 0.5, samples: 10 },
        { modelId: 'local:7b', task: 'translation', score: 1, samples: 2 },
      ],
    },
  ]);
});

test('a dry run shows the same and stores nothing', async () => {
  const { printed } = await run('dry.csv', 'model,task,score\ngpt-4o,math,0.5\n', { dryRun: true });
  expect(printed).toContain('reasoning_math      gpt-4o');
  expect(printed).toContain('Nothing is stored: this was a dry run.');
  expect(await stored()).toEqual([]);
});

test('finds the models of promptfoo, by --map where they are called otherwise', async () => {
  const result = (id: string) => ({
    provider: { id },
    prompt: { raw: 'Translate to French: good morning' },
    score: 1,
  });
  const text = JSON.stringify({
    results: {
      results: [
        'openai:gpt-4o',
        'openai:chat:gpt-4o-2024-08-06',
        'ollama:chat:local:7b',
        'file://mine.js',
      ].map(result),
    },
  });
  const { printed } = await run('p.json', text, { map: ['file://mine.js=gpt-4o'], name: 'pf' });
  expect(printed).toContain('(promptfoo)');
  expect(await stored()).toEqual([
    {
      name: 'pf',
      scores: [
        { modelId: 'gpt-4o', task: 'translation', score: 1, samples: 3 },
        { modelId: 'local:7b', task: 'translation', score: 1, samples: 1 },
      ],
    },
  ]);
});

test.each<[string, string, Partial<ImportOptions>, RegExp]>([
  [
    'a.csv',
    'model,task,score\ngpt-4o,math,1\ngpt-5,math,1\n',
    {},
    /a\.csv, row 2: there is no model 'gpt-5' here\. There are: gpt-4o, local:7b\./,
  ],
  [
    'a.csv',
    'model,task,score\ngpt-4o,math,1\ngpt-4o,math,2\n',
    {},
    /a\.csv, row 2: score must be a number from 0 to 1, not 2\./,
  ],
  [
    'a.csv',
    'model,task,score\ngpt-4o,cooking,1\n',
    {},
    /row 1: models of the type chat have no task 'cooking'/,
  ],
  ['a.csv', 'model,score\ngpt-4o,1\n', {}, /row 1: neither a task nor a prompt/],
  [
    'a.csv',
    'model,score\ngpt-4o,1\n',
    { task: 'cooking' },
    /--task: models of the type chat have no task 'cooking'/,
  ],
  ['a.csv', 'model,score\ngpt-4o,1\n', { map: ['x'] }, /--map 'x' must be/],
  ['a.csv', 'model,score\ngpt-4o,1\n', { name: 'a b' }, /The name 'a b' must match/],
])('%s %j %j is one line, and nothing is stored', async (name, text, options, message) => {
  const { printed, said } = await run(name, text, options);
  expect(process.exitCode).toBe(2);
  expect(printed).toBe('');
  expect(said).toMatch(message);
  expect(said).toMatch(/^[^\n]*\n$/);
  expect(await stored()).toEqual([]);
});

test('a file that is not there is one line', async () => {
  const { said } = await runFile(join(folder, 'nowhere.csv'));
  expect(process.exitCode).toBe(2);
  expect(said).toMatch(/nowhere\.csv cannot be read: there is no such file\.\n$/);
});
