import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLearner } from '../../src/core/learning/learner.ts';
import { createRandom } from '../../src/core/learning/random.ts';
import { createLoopTurns } from '../../src/core/loop/loop-turns.ts';
import { bothBits, keyBitOf } from '../../src/core/tally/key-bits.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import { type PatternsQuery, reportPatterns } from '../../src/gateway/reports/patterns.ts';
import type { PatternSum } from '../../src/store/contract.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

const DAY_MS = 24 * 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 28, 12);
const FROM_MS = Date.UTC(2026, 10, 21);

interface Model {
  readonly model: string;
  readonly requests: number;
  readonly share: number;
  readonly share_before: number | null;
  readonly direction: string | null;
  readonly quality: { readonly mean: number; readonly evidence: string; readonly samples: number };
}
interface Bucket {
  readonly task: string;
  readonly size: string;
  readonly tools: boolean;
  readonly turns: string;
  readonly language: string;
  readonly requests: number;
  readonly success_rate: number | null;
  readonly cost_usd_per_1k_requests: number | null;
  readonly trend: { readonly direction: string; readonly change: number | null } | null;
  readonly models: readonly Model[];
  readonly other_models: { readonly models: number; readonly requests: number };
}
interface Patterns {
  readonly from: string;
  readonly before: { readonly from: string } | null;
  readonly total: { readonly requests: number };
  readonly trending: readonly { readonly task: string; readonly models: readonly Model[] }[];
  readonly data: readonly Bucket[];
  readonly suppressed: { readonly buckets: number; readonly requests: number };
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

const threeKeys = ['a', 'bb', 'ccc'].map(keyBitOf).reduce(bothBits, 0);

function sumOf(
  shape: string,
  modelId: string,
  requests: number,
  changes: Partial<PatternSum> = {},
): PatternSum {
  return {
    task: 'translation',
    shape,
    modelId,
    requests,
    attempts: requests,
    completed: requests,
    failures: 0,
    costMicroUsd: requests * 1_000,
    latencyMsSum: requests * 500,
    successes: 0,
    shortfalls: 0,
    squares: 0,
    keyBits: threeKeys,
    ...changes,
  };
}

function report(
  now: readonly PatternSum[],
  query: PatternsQuery = {},
  {
    before = [],
    firstMs = 0,
    seesAll = true,
    visibleModels = undefined as ReadonlySet<string> | undefined,
  } = {} as {
    before?: readonly PatternSum[];
    firstMs?: number;
    seesAll?: boolean;
    visibleModels?: ReadonlySet<string> | undefined;
  },
): Promise<Patterns> {
  const deps = {
    nowMs: () => NOW_MS,
    turns: createLoopTurns(setImmediate, undefined),
    live: { catalog: { model: (id: string) => (['old', 'rising'].includes(id) ? {} : undefined) } },
    learner: createLearner({ models: [], random: createRandom(1) }),
    store: {
      journal: { flush: async () => {} },
      firstPatternMs: async () => firstMs,
      readPatterns: async (fromMs: number) => (fromMs >= FROM_MS ? now : before),
    },
  };
  return reportPatterns(deps as object as GatewayDeps, query, {
    seesAll,
    visibleModels,
  }) as Promise<Patterns>;
}

describe('a report', () => {
  test('buckets, the busiest first, with what they cost and how they went', async () => {
    const answer = await report([
      sumOf('small/plain/1/en', 'old', 60, { completed: 45, failures: 15 }),
      sumOf('small/plain/1/en', 'rising', 40),
      sumOf('large/tools/6+/de', 'old', 500),
    ]);
    expect(answer.from).toBe('2026-11-21T00:00:00.000Z');
    expect(answer.before?.from).toBe('2026-11-14T00:00:00.000Z');
    expect(answer.data[0]).toMatchObject({
      task: 'translation',
      size: 'large',
      tools: true,
      turns: '6+',
      language: 'de',
      requests: 500,
      success_rate: 1,
      cost_usd_per_1k_requests: 1,
    });
    expect(answer.data[1]).toMatchObject({ requests: 100, success_rate: 0.85 });
    expect(answer.data[1]?.models.map(({ model, share }) => [model, share])).toEqual([
      ['old', 0.6],
      ['rising', 0.4],
    ]);
  });

  test('which models are trending per task, and nothing of it where nothing was recorded before', async () => {
    const now = [sumOf('small/plain/1/en', 'old', 300), sumOf('large/plain/1/en', 'rising', 700)];
    const before = [
      sumOf('small/plain/1/en', 'old', 800),
      sumOf('small/plain/1/en', 'rising', 200),
      sumOf('small/plain/1/en', 'left', 100),
    ];
    const { trending, data } = await report(now, {}, { before });
    expect(trending[0]?.models.map(({ model, direction }) => [model, direction])).toEqual([
      ['rising', 'rising'],
      ['old', 'falling'],
      ['left', 'gone'],
    ]);
    expect(data[0]?.trend).toMatchObject({ direction: 'new', change: null });
    const young = await report(now, {}, { before, firstMs: FROM_MS - 2 * DAY_MS });
    expect(young.before).toBeNull();
    expect(young.data[0]?.trend).toBeNull();
    expect(young.trending[0]?.models[0]).toMatchObject({ share_before: null, direction: null });
  });

  test('quality is what is believed of the task until something is said of the bucket', async () => {
    const { data } = await report([
      sumOf('small/plain/1/en', 'old', 100, { successes: 0, shortfalls: 2, squares: 2 }),
      sumOf('small/plain/1/en', 'rising', 50),
      sumOf('large/plain/1/en', 'old', 60, { successes: 3, shortfalls: 57, squares: 60 }),
    ]);
    const [few, none] = data[0]?.models ?? [];
    expect(none?.quality).toMatchObject({ evidence: 'prior', samples: 0 });
    expect(few?.quality).toMatchObject({ evidence: 'mixed', samples: 2 });
    expect(few?.quality.mean).toBeGreaterThan(0.1);
    expect(data[1]?.models[0]?.quality).toMatchObject({ evidence: 'observed', samples: 60 });
    expect(data[1]?.models[0]?.quality.mean).toBeLessThan(0.3);
  });

  test('small buckets are counted and not shown', async () => {
    const now = [sumOf('small/plain/1/en', 'old', 9), sumOf('large/plain/1/en', 'old', 10)];
    expect(await report(now)).toMatchObject({
      suppressed: { buckets: 1, requests: 9 },
      total: { requests: 19 },
    });
    expect((await report(now, { min_requests: '1' })).data).toHaveLength(2);
  });

  test('nor of what fewer than three keys did before', async () => {
    const now = [sumOf('small/plain/1/en', 'old', 500), sumOf('large/plain/1/en', 'old', 100)];
    const one = { keyBits: keyBitOf('a') };
    const before = [sumOf('small/plain/1/en', 'old', 812, one), sumOf('large/plain/1/en', 'old', 77)];
    const narrow = await report(now, {}, { before, seesAll: false });
    expect(narrow.data.map(({ trend, models }) => [trend === null, models[0]?.share_before])).toEqual([
      [true, null],
      [false, 1],
    ]);
    expect(narrow.total).toMatchObject({ requests: 600, trend: null });
    expect(JSON.stringify(narrow.data)).not.toContain('812');
    const all = await report(now, {}, { before });
    expect(all.data[0]?.trend).toMatchObject({ requests_before: 812 });
    expect(all.total).toMatchObject({ trend: { requests_before: 889 } });
  });

  test('whoever sees no other key is told of nothing that fewer than three keys share', async () => {
    const one = { keyBits: keyBitOf('a') };
    const now = [
      sumOf('small/plain/1/en', 'old', 100, one),
      sumOf('large/plain/1/en', 'old', 50),
      sumOf('large/plain/1/en', 'rising', 50, one),
    ];
    const answer = await report(now, {}, { seesAll: false });
    expect(answer.data).toHaveLength(1);
    expect(answer.data[0]).toMatchObject({
      size: 'large',
      requests: 100,
      other_models: { models: 1, requests: 50 },
    });
    expect(answer.data[0]?.models.map(({ model }) => model)).toEqual(['old']);
    expect(answer).toMatchObject({ suppressed: { buckets: 1, requests: 100 }, total: { requests: 100 } });
    // Nor does asking for the model tell where it was used.
    expect((await report(now, { model: 'rising' }, { seesAll: false })).data).toEqual([]);
    await expect(report(now, { min_requests: '2' }, { seesAll: false })).rejects.toMatchObject({
      status: 400,
      message: "'min_requests' must be a whole number from 10 to 1000000.",
    });
  });

  test('models that a key may not know of have no part in it', async () => {
    const now = [sumOf('small/plain/1/en', 'old', 100), sumOf('small/plain/1/en', 'secret', 900)];
    const answer = await report(now, {}, { visibleModels: new Set(['old']) });
    expect(answer.data[0]).toMatchObject({ requests: 100, models: [{ model: 'old', share: 1 }] });
    expect(JSON.stringify(answer)).not.toContain('secret');
    await expect(report(now, { model: 'secret' }, { visibleModels: new Set(['old']) })).rejects.toMatchObject(
      {
        status: 404,
        code: 'model_not_found',
      },
    );
  });

  test('filters, and pages that fit together', async () => {
    const languages = ['de', 'en', 'es', 'fr', 'it'];
    const now = languages.flatMap((language, index) => [
      sumOf(`small/plain/1/${language}`, 'old', 100 + (index % 2)),
      sumOf(`small/plain/1/${language}`, 'rising', 1, { task: 'summarization', requests: 20 }),
    ]);
    expect((await report(now, { language: 'fr' })).data.map(({ task }) => task)).toEqual([
      'translation',
      'summarization',
    ]);
    expect((await report(now, { task: 'summary' })).data).toHaveLength(5);
    expect((await report(now, { model: 'rising' })).data.every(({ task }) => task === 'summarization')).toBe(
      true,
    );
    // It has left the catalogue.
    const gone = [...now, sumOf('huge/plain/1/en', 'departed', 30)];
    expect((await report(gone, { model: 'departed' })).data).toHaveLength(1);
    const whole = (await report(now)).data;
    const paged: Bucket[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 4; page += 1) {
      const answer = await report(now, { limit: '3', cursor });
      paged.push(...answer.data);
      expect(answer.has_more).toBe(page < 3);
      cursor = answer.next_cursor ?? undefined;
    }
    expect(paged).toEqual(whole);
    expect(whole).toHaveLength(10);
  });

  test.each([
    [{ window: 'forever' }, 'window', "There is no window 'forever'. There are: 24h, 7d, 30d."],
    [{ window: 'toString' }, 'window', /24h, 7d, 30d/],
    [{ task: 'x'.repeat(10_000) }, 'task', /^There is no task 'x{64}'\. There are: code_generation/],
    [{ language: 'klingon' }, 'language', /two letters/],
    [{ limit: '0' }, 'limit', /1 to 100/],
    [{ limit: '-1' }, 'limit', /1 to 100/],
    [{ limit: '1e9' }, 'limit', /1 to 100/],
    [{ min_requests: '-5' }, 'min_requests', /from 1 to/],
    [{ cursor: '../../x' }, 'cursor', /next_cursor/],
  ] as const)('%j is refused', async (query, param, message) => {
    await expect(report([], query)).rejects.toMatchObject({
      status: 400,
      param,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });
});

describe('the gateway', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.stop());

  test('counts what it answered, and a verdict moves the bucket it is about', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 12; at += 1) ids.push((await ask(gateway, {})).requestId);
    await ask(gateway, { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] });
    const patterns = () =>
      read<Patterns>(gateway, '/v1/intelligence/patterns?min_requests=1&task=translation');
    const { data, total, suppressed } = await patterns();
    expect(total.requests).toBe(13);
    expect(suppressed).toEqual({ buckets: 0, requests: 0 });
    expect(data.map(({ tools, requests }) => [tools, requests])).toEqual([
      [false, 12],
      [true, 1],
    ]);
    for (const id of ids) await send(`${gateway.url}/v1/feedback/${id}`, { body: { score: 0 } });
    const judged = (await patterns()).data[0]?.models ?? [];
    expect(judged.reduce((sum, { quality }) => sum + quality.samples, 0)).toBeCloseTo(12, 3);
    for (const id of ids) await send(`${gateway.url}/v1/feedback/${id}`, { method: 'DELETE' });
    const again = (await patterns()).data[0]?.models ?? [];
    expect(again.reduce((sum, { quality }) => sum + quality.samples, 0)).toBeCloseTo(0, 9);
  });
});
