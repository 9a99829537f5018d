import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TASKS } from '../../src/core/task/task.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

/** A little traffic to report about: answers, streams, failures, a verdict. */
beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(
    [
      providerToml('good', upstream.baseUrl, ['one', 'two']),
      providerToml('bad', upstream.baseUrl, ['500', '429-seconds', 'idle']),
      '[routing.breaker]',
      'consecutive_failures = 3',
    ].join('\n'),
  );
  for (let at = 0; at < 3; at += 1) await ask(gateway, { route: { models: ['one'] } });
  for (let at = 0; at < 3; at += 1) await ask(gateway, { model: '500' });
  await ask(gateway, { route: { models: ['two'] }, stream: true });
  await ask(gateway, { model: '429-seconds' });
  const { requestId } = await ask(gateway, { route: { models: ['one'] } });
  await send(`${gateway.url}/v1/feedback/${requestId}`, { body: { score: 1 } });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

interface Ranked {
  readonly rank: number;
  readonly model: string;
  readonly probability_best: number;
  readonly quality: { readonly mean: number; readonly low_90: number; readonly high_90: number };
  readonly evidence: string;
  readonly samples: number;
  readonly success_rate: number | null;
  readonly latency_ms: {
    readonly p50: number;
    readonly p95: number | null;
    readonly ttft_p50: number | null;
    readonly measured: boolean;
  };
  readonly cost_usd_per_1k_requests: number;
  readonly requests: number;
  readonly traffic_share: number;
  readonly endpoints: readonly { readonly provider: string; readonly circuit: string }[];
}

interface Rankings {
  readonly object: string;
  readonly strategy: string;
  readonly window: string;
  readonly data: readonly {
    readonly task: string;
    readonly requests: number;
    readonly best: string;
    readonly models: readonly Ranked[];
  }[];
}

describe('rankings', () => {
  const rankings = (query = '') => read<Rankings>(gateway, `/v1/intelligence/rankings${query}`);
  const rowsOf = async (query: string) => (await rankings(query)).data[0]?.models ?? [];

  test('every task, every chat model, probabilities that sum to one', async () => {
    const { data, ...rest } = await rankings();
    expect(rest).toMatchObject({ object: 'list', strategy: 'balanced', window: '24h' });
    expect(data.map(({ task }) => task)).toEqual(TASKS);
    for (const { models, best } of data) {
      expect(models.map(({ model }) => model).sort()).toEqual(['429-seconds', '500', 'idle', 'one', 'two']);
      expect(models.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5]);
      expect(best).toBe(models[0]?.model);
      expect(models.reduce((sum, row) => sum + row.probability_best, 0)).toBeCloseTo(1, 3);
      for (const { quality, evidence } of models) {
        expect(quality.low_90).toBeLessThan(quality.mean);
        expect(quality.mean).toBeLessThan(quality.high_90);
        expect(quality.low_90).toBeGreaterThanOrEqual(0);
        expect(quality.high_90).toBeLessThanOrEqual(1);
        expect(['prior', 'mixed', 'observed']).toContain(evidence);
      }
    }
  });

  test('what was seen of a task', async () => {
    const { data } = await rankings('?task=translate');
    expect(data).toHaveLength(1);
    expect(data[0]).toMatchObject({ task: 'translation', requests: 9 });
    const rows = new Map(data[0]?.models.map((row) => [row.model, row]));
    expect(rows.get('one')).toMatchObject({
      success_rate: 1,
      requests: 4,
      traffic_share: 0.4444,
      cost_usd_per_1k_requests: 0.02,
      // Nothing was streamed.
      latency_ms: { p50: expect.any(Number), p95: expect.any(Number), ttft_p50: null, measured: true },
      endpoints: [{ provider: 'good', circuit: 'closed' }],
    });
    expect(rows.get('one')?.evidence).not.toBe('prior');
    expect(rows.get('two')?.latency_ms).toMatchObject({ ttft_p50: expect.any(Number), measured: true });
    expect(rows.get('idle')?.latency_ms).toMatchObject({ p95: null, measured: false });
    expect(rows.get('500')).toMatchObject({
      success_rate: 0,
      requests: 3,
      endpoints: [{ provider: 'bad', circuit: 'open' }],
    });
    // A rate limit says nothing about how well a model answers.
    expect(rows.get('429-seconds')).toMatchObject({ success_rate: null, requests: 1 });
    expect(rows.get('idle')).toMatchObject({
      success_rate: null,
      requests: 0,
      evidence: 'prior',
      samples: 0,
    });
  });

  test.each([
    ['probability', (row: Ranked) => -row.probability_best],
    ['quality', (row: Ranked) => -row.quality.mean],
    ['cost', (row: Ranked) => row.cost_usd_per_1k_requests],
    ['latency', (row: Ranked) => row.latency_ms.p50],
    ['traffic', (row: Ranked) => -row.traffic_share],
  ] as const)('sorted by %s', async (sort, keyOf) => {
    const keys = (await rowsOf(`?task=translation&sort=${sort}`)).map(keyOf);
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
    expect(keys).toHaveLength(5);
  });

  test.each(['1h', '24h', '7d', '30d'])('over %s', async (window) => {
    expect(await rankings(`?task=translation&window=${window}`)).toMatchObject({
      window,
      data: [{ requests: 9 }],
    });
  });

  test('by another strategy', async () => {
    const { strategy } = await rankings('?task=translation&strategy=quality');
    expect(strategy).toBe('quality');
  });
});

describe('health', () => {
  interface Health {
    readonly object: string;
    readonly status: string;
    readonly data: readonly {
      readonly provider: string;
      readonly status: string;
      readonly endpoints: readonly { readonly endpoint: string }[];
    }[];
  }
  const endpointsOf = (health: Health) =>
    new Map(
      health.data.flatMap(({ endpoints }) => endpoints).map((endpoint) => [endpoint.endpoint, endpoint]),
    );

  test('per provider and endpoint', async () => {
    const health = await read<Health>(gateway, '/v1/intelligence/health');
    expect(health).toMatchObject({ object: 'health', status: 'degraded' });
    expect(Object.fromEntries(health.data.map(({ provider, status }) => [provider, status]))).toEqual({
      good: 'healthy',
      bad: 'degraded',
    });
    const endpoints = endpointsOf(health);
    const percentiles = {
      p50: expect.any(Number),
      p75: expect.any(Number),
      p90: expect.any(Number),
      p95: expect.any(Number),
      p99: expect.any(Number),
    };
    const closed = { state: 'closed', consecutive_failures: 0, opened_times: 0, next_probe_at: null };
    expect(endpoints.get('good/one')).toEqual({
      endpoint: 'good/one',
      provider: 'good',
      model: 'one',
      status: 'healthy',
      uptime: { '5m': 1, '30m': 1, '1d': 1 },
      requests: { '5m': 4, '30m': 4, '1d': 4 },
      latency_ms: percentiles,
      ttft_ms: null,
      errors: {},
      breaker: closed,
      cooling_until: null,
      disabled: false,
    });
    expect(endpoints.get('good/two')).toMatchObject({ status: 'healthy', ttft_ms: percentiles });
    expect(endpoints.get('bad/500')).toMatchObject({
      status: 'down',
      uptime: { '5m': 0 },
      latency_ms: null,
      errors: { server_error: 1 },
      breaker: {
        state: 'open',
        consecutive_failures: 3,
        opened_times: 1,
        next_probe_at: expect.stringMatching(/Z$/),
      },
    });
    expect(endpoints.get('bad/429-seconds')).toMatchObject({
      status: 'degraded',
      uptime: { '5m': null },
      errors: { rate_limited: 1 },
      breaker: closed,
      cooling_until: expect.stringMatching(/Z$/),
    });
    expect(endpoints.get('bad/idle')).toMatchObject({ status: 'idle', uptime: { '5m': null, '1d': null } });
  });

  test('live and ready', async () => {
    expect(await read(gateway, '/health/live')).toEqual({ status: 'ok' });
    expect(await read(gateway, '/health/ready')).toEqual({ status: 'ok' });
  });
});
