import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { listModelsCommand, reevaluateModelCommand } from '../../src/models-commands.ts';
import { quality } from '../core/learning/evidence.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { inParallel, seededStore } from '../fixtures/seeded-store.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let store: Awaited<ReturnType<typeof seededStore>>;
let gateway: TestGateway;
let toml: string;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  toml = [
    providerToml('up', upstream.baseUrl, ['well', 'fine', 'lab/ill', 'fresh']),
    '[api.models.numbers]\ntype = "embedding"\nendpoints = [{ provider = "up", model = "numbers" }]',
  ].join('\n');
  store = await seededStore([
    quality('well', 'translation', 190, 10),
    quality('fine', 'translation', 140, 60),
    quality('lab/ill', 'translation', 20, 180),
  ]);
  gateway = await startGateway(toml, { store: store.url });
});

afterAll(async () => {
  await gateway.stop();
  await store.remove();
  await upstream.close();
});

const reevaluate = (id: string, body?: object) =>
  send(`${gateway.url}/v1/intelligence/models/${id}/reevaluate`, { method: 'POST', body });

interface Ranked {
  readonly model: string;
  readonly trial: { readonly max_requests: number; readonly remaining: number } | null;
}

async function trialOf(model: string) {
  const { data } = await read<{ data: { models: Ranked[] }[] }>(
    gateway,
    '/v1/intelligence/rankings?task=translation',
  );
  return data[0]?.models.find((row) => row.model === model)?.trial;
}

const known = ['well', 'fine', 'lab/ill'];
const askKnown = (count: number) => inParallel(count, 32, () => ask(gateway, { route: { models: known } }));

test('a model that is believed to be bad gets nothing', async () => {
  await askKnown(60);
  expect(upstream.countFor('lab/ill')).toBe(0);
});

test('the answer says what was done, and what it may cost', async () => {
  const { status, json } = await reevaluate('lab%2Fill', { max_requests: 25 });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    object: 'reevaluation',
    model: 'lab/ill',
    opened_epoch: true,
    epoch: 1,
    older_evidence_counts: 0.1,
    trial: { share_of_choices: 0.1, max_requests: 25, remaining: 25 },
    may_cost: { requests: 25, strategy: 'balanced', extra_cost_usd: expect.any(Number) },
  });
  const { tasks, may_cost: cost } = json as {
    tasks: { task: string; before: { samples: number }; after: { samples: number } }[];
    may_cost: { quality_lost_per_request: number; value_lost_usd: number };
  };
  const translation = tasks.find(({ task }) => task === 'translation');
  expect(translation).toMatchObject({ before: { samples: 200 }, after: { samples: 20 } });
  // All traffic so far was translation: from .95 down to about .1.
  expect(cost.quality_lost_per_request).toBeGreaterThan(0.7);
  expect(cost.value_lost_usd).toBeCloseTo(25 * 0.03 * cost.quality_lost_per_request, 2);
});

test('asked again while it runs, nothing more is discounted', async () => {
  // A raw slash names it as well.
  expect((await reevaluate('lab/ill')).json).toMatchObject({
    opened_epoch: false,
    epoch: 1,
    trial: { max_requests: 25, remaining: 25 },
  });
});

test('it is tried, so many times and not more, however many requests come at once', {
  timeout: 120_000,
}, async () => {
  const answers = await askKnown(500);
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(upstream.countFor('lab/ill')).toBe(25);
  expect(await trialOf('lab/ill')).toBeNull();
});

test('explain names what was on trial, with the true probabilities', async () => {
  await reevaluate('lab/ill', { max_requests: 1000 });
  const { requestId } = await ask(gateway, { route: { models: known } });
  const explained = await read<{ candidates: { model: string; probability: number }[] }>(
    gateway,
    `/v1/explain/${requestId}`,
  );
  expect(explained).toMatchObject({ on_trial: ['lab/ill'] });
  expect(explained.candidates.find(({ model }) => model === 'lab/ill')?.probability).toBeGreaterThanOrEqual(
    0.1 - 1e-9,
  );
  const { text } = await send(`${gateway.url}/metrics`);
  expect(text).toMatch(/outrider_trial_remaining_requests\{model="lab\/ill"\} \d+/);
});

test('labels bring a model back that is well again', { timeout: 120_000 }, async () => {
  // What it had is 200 outcomes at .1, of which two epochs leave two; now every answer of it is good.
  for (let round = 0; round < 8; round += 1) {
    const answers = await askKnown(60);
    await inParallel(60, 16, async (at) => {
      const { headers, requestId } = answers[at] as (typeof answers)[number];
      const score = headers['x-router-model'] === 'lab/ill' ? 1 : 0.5;
      await send(`${gateway.url}/v1/feedback/${requestId}`, { body: { score } });
    });
  }
  const answers = await askKnown(60);
  const share = answers.filter(({ headers }) => headers['x-router-model'] === 'lab/ill').length / 60;
  expect(share).toBeGreaterThan(0.4);
});

test('the trial and its epoch survive a restart', async () => {
  const before = await trialOf('lab/ill');
  expect(before?.remaining).toBeGreaterThan(0);
  await gateway.stop();
  gateway = await startGateway(toml, { store: store.url });
  expect(await trialOf('lab/ill')).toEqual(before);
  expect((await reevaluate('lab/ill')).json).toMatchObject({ opened_epoch: false });
});

test('an untried model gets a quarter at most, however many requests come at once', {
  timeout: 120_000,
}, async () => {
  const models = ['fine', 'fresh'];
  const answers = await inParallel(300, 64, () =>
    ask(gateway, { route: { models, strategy: 'quality' } }, { task: 'extraction' }),
  );
  const shares = await inParallel(10, 4, async (at) => {
    const explained = await read<{ candidates: { model: string; probability: number }[] }>(
      gateway,
      `/v1/explain/${answers[at * 30]?.requestId}`,
    );
    return explained.candidates.find(({ model }) => model === 'fresh')?.probability ?? 0;
  });
  const bound = 0.25 * 0.98 + 0.02;
  expect(Math.max(...shares)).toBeLessThanOrEqual(bound + 1e-9);
  const chosen = answers.filter(({ headers }) => headers['x-router-model'] === 'fresh').length;
  expect(chosen).toBeLessThan(300 * bound + 4 * Math.sqrt(300 * bound * (1 - bound)));
  expect(chosen).toBeGreaterThan(0);
});

describe('what cannot be looked at again', () => {
  test.each([
    ['an unknown model', 'nobody', undefined, 404, 'model_not_found'],
    ['a model that auto never chooses', 'numbers', undefined, 409, 'cannot_reevaluate'],
    ['no request', 'well', { max_requests: 0 }, 400, 'invalid_value'],
    ['a wish that is none', 'well', { requests: 5 }, 400, 'unknown_option'],
  ])('%s', async (_, id, body, status, code) => {
    const answer = await reevaluate(id, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: { code } });
  });

  test('anything while routing is only observed', async () => {
    await gateway.writeConfig(`${toml}\n[routing]\nmode = "observe"\nbaseline = "well"\n`);
    await gateway.reload();
    const answer = await reevaluate('fine');
    expect(answer).toMatchObject({ status: 409, json: { error: { code: 'cannot_reevaluate' } } });
    await gateway.writeConfig(toml);
    await gateway.reload();
  });

  test('another action', async () => {
    const answer = await send(`${gateway.url}/v1/intelligence/models/well/praise`, { method: 'POST' });
    expect(answer.status).toBe(404);
  });
});

describe('outrider models', () => {
  const stderr = vi.spyOn(process.stderr, 'write');

  async function run(work: (print: (line: string) => void) => Promise<void>) {
    const lines: string[] = [];
    stderr.mockReturnValue(true);
    await work((line) => lines.push(line));
    const said = stderr.mock.calls.map(([text]) => String(text)).join('');
    stderr.mockReset();
    const code = process.exitCode;
    process.exitCode = undefined;
    return { text: lines.join('\n'), said, code };
  }

  const options = () => ({ config: gateway.configPath });
  const env = { OUTRIDER_DETECT: 'none' };

  test('list shows the catalogue and what is learnt', async () => {
    const { text } = await run((print) => listModelsCommand(options(), env, print));
    expect(text).toContain('lab/ill  chat  epoch');
    expect(text).toContain('at up/lab/ill, $1 / $2 per million tokens');
    expect(text).toMatch(
      /fine {2}chat\n(.*\n)*? {2}translation: 0\.\d\d \(0\.\d\d to 0\.\d\d, [\d.]+ outcomes, observed\)/,
    );
    expect(text).toContain('numbers  embedding');
  });

  test('reevaluate asks the gateway', async () => {
    const { text } = await run((print) =>
      reevaluateModelCommand('fine', { ...options(), url: gateway.url, maxRequests: 7 }, env, print),
    );
    expect(text).toContain('fine is looked at again');
    expect(text).toContain('at most 7 more requests');
    expect(await trialOf('fine')).toEqual({ max_requests: 7, remaining: 7 });
  });

  test('and says in one line why it could not', async () => {
    const unknown = await run((print) =>
      reevaluateModelCommand('nobody', { ...options(), url: gateway.url }, env, print),
    );
    expect(unknown).toMatchObject({ code: 2, said: expect.stringContaining("'nobody' does not exist") });
    const nobodyThere = await run((print) =>
      reevaluateModelCommand('fine', { ...options(), url: 'http://127.0.0.1:9' }, env, print),
    );
    expect(nobodyThere).toMatchObject({ code: 2, said: expect.stringContaining('No gateway answers') });
  });
});

test('of several who ask at the same time one opens an epoch', async () => {
  // As on any database that takes its time: all have asked before the first one's epoch is written.
  const holder = new SqliteDatabase(store.url.slice('sqlite:'.length));
  holder.exec('begin immediate');
  const asking = inParallel(4, 4, () => reevaluate('fresh', { max_requests: 30 }));
  await delay(50);
  holder.exec('rollback');
  holder.close();
  const answers = await asking;
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(answers.filter(({ json }) => (json as { opened_epoch: boolean }).opened_epoch)).toHaveLength(1);
});
