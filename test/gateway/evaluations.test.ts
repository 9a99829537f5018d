import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../../src/serve.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';
import { read } from './ask.ts';

const MODELS = ['one', 'two', 'three'];
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway(providerToml('up', 'http://127.0.0.1:9/v1', MODELS));
});
afterAll(() => gateway.stop());

interface Moved {
  readonly task: string;
  readonly model: string;
  readonly before: { readonly quality: number; readonly evidence: string };
  readonly after: { readonly quality: number; readonly evidence: string };
}
interface Pushed {
  readonly name: string;
  readonly replaced: boolean;
  readonly results: number;
  readonly scores: readonly { task: string; model: string; score: number; samples: number }[];
  readonly moved: readonly Moved[];
}
interface Rankings {
  readonly data: readonly {
    readonly models: readonly { model: string; quality: object; evidence: string; samples: number }[];
  }[];
}

const push = (body: unknown) => send(`${gateway.url}/v1/intelligence/priors`, { method: 'POST', body });
const retract = (name: string) => send(`${gateway.url}/v1/intelligence/priors/${name}`, { method: 'DELETE' });
const list = () =>
  read<{ data: readonly Pushed[]; shipped: readonly object[] }>(gateway, '/v1/intelligence/priors');

async function rowsOf(task: string, url = gateway.url) {
  const { json } = await send(`${url}/v1/intelligence/rankings?task=${task}`);
  const rows = (json as Rankings).data[0]?.models ?? [];
  return rows
    .map(({ model, quality, evidence, samples }) => ({ model, quality, evidence, samples }))
    .sort((a, b) => (a.model < b.model ? -1 : 1));
}

test('scores by model and task move beliefs as a prior, and the answer says by how much', async () => {
  const answer = await push({
    name: 'nightly',
    results: [
      { model: 'one', task: 'translation', score: 0.95, samples: 200 },
      { model: 'up/two', task: 'translate', score: 0.2, samples: 200 },
    ],
  });
  expect(answer.status).toBe(200);
  const { moved, ...rest } = answer.json as Pushed;
  expect(rest).toMatchObject({ object: 'evaluation', name: 'nightly', replaced: false, results: 2 });
  expect(rest.scores).toEqual([
    { task: 'translation', model: 'one', score: 0.95, samples: 200 },
    { task: 'translation', model: 'two', score: 0.2, samples: 200 },
  ]);
  expect(moved.map(({ task, model }) => `${task} ${model}`)).toEqual(['translation one', 'translation two']);
  expect(moved[0]?.after.quality).toBeGreaterThan((moved[0]?.before.quality ?? 1) + 0.1);
  expect(moved[1]?.after.quality).toBeLessThan((moved[1]?.before.quality ?? 0) - 0.1);
  // It is no outcome.
  expect((await rowsOf('translation')).map(({ evidence, samples }) => [evidence, samples])).toEqual([
    ['prior', 0],
    ['prior', 0],
    ['prior', 0],
  ]);
});

test('pushing the same again changes nothing, another one of the name replaces it, deleting it leaves no trace', async () => {
  const before = await rowsOf('extraction');
  const body = { name: 'again', results: [{ model: 'one', task: 'extraction', score: 1, samples: 50 }] };
  await push(body);
  const once = await rowsOf('extraction');
  const twice = (await push(body)).json as Pushed;
  expect(twice.replaced).toBe(true);
  expect(twice.moved[0]?.after).toEqual(twice.moved[0]?.before);
  expect(await rowsOf('extraction')).toEqual(once);
  expect(once).not.toEqual(before);

  const other = (
    await push({ name: 'again', results: [{ model: 'two', task: 'extraction', score: 1, samples: 50 }] })
  ).json as Pushed;
  expect(other.moved.map(({ model }) => model).sort()).toEqual(['one', 'two']);
  expect((await list()).data.filter(({ name }) => name === 'again')).toHaveLength(1);

  const gone = await retract('again');
  expect(gone.json).toMatchObject({ name: 'again', deleted: true });
  expect(await rowsOf('extraction')).toEqual(before);
  expect((await retract('again')).status).toBe(404);
});

test('prompts are classified where no task is given', async () => {
  const answer = await push({
    name: 'prompts',
    results: [
      { model: 'one', prompt: 'Translate this to German: good morning, how are you?', score: 1 },
      { model: 'one', prompt: 'Translate to Spanish: the house is red.', score: 0 },
      { model: 'one', prompt: 'Translate to Spanish: the house is red.', task: 'summary', score: 1 },
    ],
  });
  expect((answer.json as Pushed).scores).toEqual([
    { task: 'translation', model: 'one', score: 0.5, samples: 2 },
    { task: 'summarization', model: 'one', score: 1, samples: 1 },
  ]);
  await retract('prompts');
});

const result = { model: 'one', task: 'translation', score: 0.5 };
describe('refused whole', () => {
  test.each([
    ['score −1', { name: 'x', results: [result, { ...result, score: -1 }] }, 400, 'results[1].score'],
    ['score 2', { name: 'x', results: [{ ...result, score: 2 }] }, 400, 'results[0].score'],
    ['score "yes"', { name: 'x', results: [{ ...result, score: 'yes' }] }, 400, 'results[0].score'],
    ['no score', { name: 'x', results: [{ model: 'one', task: 'translation' }] }, 400, 'results[0].score'],
    ['an empty table', { name: 'x', results: [] }, 400, 'results'],
    ['no table', { name: 'x' }, 400, 'results'],
    ['no name', { results: [result] }, 400, 'name'],
    ['a name with blanks', { name: 'a b', results: [result] }, 400, 'name'],
    ['samples 0', { name: 'x', results: [{ ...result, samples: 0 }] }, 400, 'results[0].samples'],
    ['samples 1.5', { name: 'x', results: [{ ...result, samples: 1.5 }] }, 400, 'results[0].samples'],
    ['neither task nor prompt', { name: 'x', results: [{ model: 'one', score: 1 }] }, 400, 'results[0]'],
    ['an unknown task', { name: 'x', results: [{ ...result, task: 'cooking' }] }, 400, 'results[0].task'],
    ['an unknown field', { name: 'x', results: [{ ...result, scor: 1 }] }, 400, 'results[0].scor'],
    ['another unknown field', { name: 'x', results: [result], note: '' }, 400, 'note'],
    [
      'an unknown model',
      { name: 'x', results: [result, { ...result, model: 'four' }] },
      404,
      'results[1].model',
    ],
  ])('%s', async (_what, body, status, param) => {
    const { data } = await list();
    const answer = await push(body);
    expect([answer.status, (answer.json as { error: { param: string } }).error.param]).toEqual([
      status,
      param,
    ]);
    expect((await list()).data).toEqual(data);
  });

  test('NaN is no JSON', async () => {
    const answer = await push('{"name":"x","results":[{"model":"one","task":"translation","score":NaN}]}');
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: 'invalid_json', type: 'invalid_request_error' } });
  });

  test('names the models there are', async () => {
    const answer = await push({ name: 'x', results: [{ ...result, model: 'four' }] });
    expect(answer.json).toMatchObject({
      error: { code: 'model_not_found', message: expect.stringContaining('one, two, three') },
    });
  });
});

test('is there after a restart, and what another process stores is taken over unasked', async () => {
  const body = { name: 'kept', results: [{ model: 'three', task: 'conversation', score: 1, samples: 30 }] };
  const fresh = await startGateway(providerToml('up', 'http://127.0.0.1:9/v1', MODELS));
  try {
    const before = await rowsOf('conversation', fresh.url);
    await send(`${fresh.url}/v1/intelligence/priors`, { method: 'POST', body });
    const pushed = await rowsOf('conversation', fresh.url);
    expect(pushed).not.toEqual(before);
    await fresh.close();

    const again = await serve({
      configPath: fresh.configPath,
      env: { OUTRIDER_DETECT: 'none', OUTRIDER_LOG_LEVEL: 'silent' },
      print: () => {},
    });
    try {
      expect(await rowsOf('conversation', again.url)).toEqual(pushed);
      await fresh.withStore((store) => store.deleteEvaluation('kept'));
      await expect
        .poll(() => rowsOf('conversation', again.url), { timeout: 15_000, interval: 250 })
        .toEqual(before);
    } finally {
      await again.close();
    }
  } finally {
    await fresh.stop();
  }
}, 40_000);

test('a thousand prompts are taken in one request', async () => {
  const results = Array.from({ length: 1_000 }, (_, index) => ({
    model: MODELS[index % 3] ?? '',
    prompt: `Summarize this report number ${index}: sales rose in spring and fell in autumn.`,
    score: index % 2,
  }));
  const answer = await push({ name: 'many', results });
  expect(answer.status).toBe(200);
  const { scores } = answer.json as Pushed;
  expect(scores.reduce((sum, { samples }) => sum + samples, 0)).toBe(1_000);
  await retract('many');
});
