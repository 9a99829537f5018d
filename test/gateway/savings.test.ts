import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { replayCommand } from '../../src/replay-command.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

interface Interval {
  readonly mean: number;
  readonly low_90: number;
  readonly high_90: number;
}
interface EstimateAnswer {
  readonly doubly_robust: Interval | null;
  readonly snips: Interval | null;
  readonly samples: number;
  readonly effective_sample_size: number;
  readonly unsupported_share: number;
  readonly refusal: { readonly code: string; readonly message: string } | null;
}
interface Logged {
  readonly requests: number;
  readonly cost_usd: number;
  readonly quality: Interval | null;
  readonly rated: number;
  readonly models: readonly { readonly model: string; readonly share: number }[];
}
interface Savings {
  readonly task: string | null;
  readonly logged: Logged;
  readonly comparisons: readonly {
    readonly against: string;
    readonly model: string;
    readonly cost_usd: EstimateAnswer;
    readonly quality: EstimateAnswer;
    readonly saved_usd: Interval | null;
    readonly expected_cost_usd: number | null;
  }[];
  readonly tasks: readonly { readonly task: string; readonly logged: Logged }[];
}
interface Replay {
  readonly logged: Logged;
  readonly policies: readonly {
    readonly name: string;
    readonly strategy: string;
    readonly models: readonly { readonly model: string; readonly share: number }[];
    readonly cost_usd_per_1k_requests: EstimateAnswer;
    readonly quality: EstimateAnswer;
    readonly seconds: EstimateAnswer;
    readonly expected_cost_usd_per_1k_requests: number | null;
    readonly warnings: readonly { readonly code: string; readonly message: string }[];
  }[];
}

const REQUESTS = 160;

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let narrow: string;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(
    [
      '[routing]\nexploration = 0.5',
      providerToml('up', upstream.baseUrl, ['plain', 'spare']),
      '[api.models.dear]\ncontext_length = 128000',
      'endpoints = [{ provider = "up", model = "dear", input_usd_per_million = 2.0, output_usd_per_million = 4.0 }]',
      // Nothing fits into it: it is offered nowhere.
      '[api.models.shy]\ncontext_length = 1',
      'endpoints = [{ provider = "up", model = "shy", input_usd_per_million = 2.0, output_usd_per_million = 4.0 }]',
      '[api.models."text-embedding"]\ntype = "embedding"\nendpoints = [{ provider = "up", model = "embed" }]',
    ].join('\n'),
  );
  ({ key: narrow } = await gateway.createKey({ allowedModels: ['plain', 'spare'] }));
  const { key } = await gateway.createKey({ scopes: ['admin'] });
  admin = key;
  for (let at = 0; at < REQUESTS; at += 20) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        ask(gateway, {}, { key: admin, task: index % 4 === 0 ? 'summarization' : 'translation' }),
      ),
    );
    await Promise.all(
      answers.map(({ requestId, json }) =>
        send(`${gateway.url}/v1/feedback/${requestId}`, {
          key: admin,
          body: { score: (json as { model: string }).model === 'dear' ? 1 : 0.5 },
        }),
      ),
    );
  }
}, 60_000);

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

let admin: string;
const savings = (query = '', key = admin) => read<Savings>(gateway, `/v1/intelligence/savings${query}`, key);
const replay = (body: object, key = admin) =>
  send(`${gateway.url}/v1/intelligence/replay`, { body, key }).then((answer) => {
    expect(answer.status, answer.text).toBe(200);
    return answer.json as Replay;
  });

describe('savings', () => {
  test('are those of what was drawn: what it cost, whom it went to, how good it was', async () => {
    const { logged, tasks, comparisons } = await savings('?baseline=spare');
    expect(logged.requests).toBe(REQUESTS);
    expect(logged.rated).toBe(REQUESTS);
    expect(logged.models.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 3);
    expect(tasks.map(({ task }) => task)).toEqual(['translation', 'summarization']);
    expect(tasks.map((one) => one.logged.requests)).toEqual([0.75 * REQUESTS, 0.25 * REQUESTS]);
    const sum = tasks.reduce((total, one) => total + one.logged.cost_usd, 0);
    expect(sum).toBeCloseTo(logged.cost_usd, 9);
    const shareOfDear = logged.models.find(({ model }) => model === 'dear')?.share ?? 0;
    // All are rated: nothing is left to be estimated.
    expect(logged.quality?.mean).toBeCloseTo(0.5 + 0.5 * shareOfDear, 3);
    expect(logged.quality?.low_90).toBeCloseTo(logged.quality?.mean ?? 0, 3);
    expect(comparisons.map(({ against }) => against)).toEqual(['best', 'dearest', 'cheapest', 'baseline']);
    const dearest = comparisons.find(({ against }) => against === 'dearest');
    expect(dearest?.model).toBe('dear');
    const costs = comparisons.map(({ model, expected_cost_usd }) => [model, expected_cost_usd] as const);
    // Twice the price, and about as many tokens.
    const ratio = (new Map(costs).get('dear') ?? 0) / (new Map(costs).get('spare') ?? 0);
    expect(Math.abs(ratio - 2)).toBeLessThan(0.4);
    if (dearest?.cost_usd.doubly_robust && dearest.saved_usd) {
      expect(dearest.saved_usd.mean).toBeCloseTo(dearest.cost_usd.doubly_robust.mean - logged.cost_usd, 8);
    }
    for (const { cost_usd: cost } of comparisons) {
      expect(cost.refusal === null).toBe(cost.doubly_robust !== null);
      expect(cost.refusal === null).toBe(cost.effective_sample_size >= 50 && cost.unsupported_share <= 0.5);
    }
    // With half of the choices spread evenly, some comparison can be made.
    expect(comparisons.some(({ cost_usd }) => cost_usd.doubly_robust !== null)).toBe(true);
  });

  test('are not sent again as long as they say the same', async () => {
    const url = `${gateway.url}/v1/intelligence/savings?window=7d`;
    const first = await send(url, { key: admin });
    const tag = String(first.headers.etag);
    expect(first.json).toMatchObject({ window: '7d', to: expect.stringMatching(/T00:00:00.000Z$/) });
    const again = await send(url, { key: admin, headers: { 'if-none-match': tag } });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  test('of one task are about it alone, by any of its names', async () => {
    const { task, logged, tasks } = await savings('?task=summary');
    expect(task).toBe('summarization');
    expect(logged.requests).toBe(0.25 * REQUESTS);
    expect(tasks).toHaveLength(1);
  });

  test('of nothing are refused, not made up', async () => {
    const { logged, comparisons } = await savings('?task=code&baseline=dear');
    expect(logged).toMatchObject({ requests: 0, cost_usd: 0, quality: null, seconds: null, models: [] });
    expect(comparisons.map(({ cost_usd }) => cost_usd.refusal?.code)).toEqual(['no_traffic']);
    expect(comparisons[0]).toMatchObject({ saved_usd: null, saved_share: null, expected_cost_usd: null });
  });

  test('name no model that a key may not know', async () => {
    const answer = await send(`${gateway.url}/v1/intelligence/savings`, { key: narrow });
    expect(answer.text).not.toContain('dear"');
    const refused = await send(`${gateway.url}/v1/intelligence/savings?baseline=dear`, { key: narrow });
    const unknown = await send(`${gateway.url}/v1/intelligence/savings?baseline=nope`, { key: narrow });
    expect(refused.status).toBe(400);
    expect(refused.text.replace('dear', 'nope')).toBe(unknown.text);
  });

  test('move with feedback by what it says, and back', async () => {
    const { requestId } = await ask(gateway, {}, { key: admin });
    const before = await savings();
    const url = `${gateway.url}/v1/feedback/${requestId}`;
    await send(url, { key: admin, body: { score: 0 } });
    expect((await savings()).logged.rated).toBe(before.logged.rated + 1);
    await send(`${url}?source=human`, { key: admin, method: 'DELETE' });
    const after = await savings();
    expect(after.logged.rated).toBe(before.logged.rated);
    expect(after.comparisons.map(({ quality }) => quality)).toEqual(
      before.comparisons.map(({ quality }) => quality),
    );
  });

  test.each([
    ['?window=forever', 'window', '24h, 7d, 30d, 90d'],
    ['?window=constructor', 'window', '24h'],
    ['?task=juggling', 'task', 'code_generation'],
    ['?task=embedding', 'task', 'code_generation'],
    ['?baseline=text-embedding', 'baseline', '/v1/models'],
    ['?windows=7d', 'windows', 'window, task, baseline'],
    [`?task=${'x'.repeat(5_000)}`, 'task', 'translation'],
  ])('%s is a 400 that says what there is', async (query, param, told) => {
    const answer = await send(`${gateway.url}/v1/intelligence/savings${query}`, { key: admin });
    expect(answer).toMatchObject({ status: 400, json: { error: { param } } });
    expect(answer.text).toContain(told);
    expect(answer.text.length).toBeLessThan(600);
  });
});

describe('a replay', () => {
  test('says for each policy whom it would choose, and what that would have been', async () => {
    const { policies, logged } = await replay({
      policies: [
        { strategy: 'quality' },
        { name: 'only plain', models: ['plain'] },
        { value_of_quality_usd: 0, value_of_second_usd: 0 },
        { strategy: 'cascade' },
        { min_quality: 1, models: ['dear'] },
      ],
    });
    const named = Object.fromEntries(policies.map((policy) => [policy.name, policy]));
    expect(Object.keys(named)).toEqual(['quality', 'only plain', 'policy 3', 'cascade', 'policy 5']);
    expect(named['only plain']?.models).toEqual([{ model: 'plain', share: 1 }]);
    expect(named['policy 3']?.models[0]?.model).not.toBe('dear');
    expect(named.quality?.models[0]?.model).toBe('dear');
    expect(named.cascade?.quality).toMatchObject({
      doubly_robust: null,
      refusal: { code: 'not_replayable' },
    });
    expect(named['policy 5']?.seconds).toMatchObject({ doubly_robust: null, refusal: { code: 'no_model' } });
    expect(logged.rated).toBeGreaterThan(0);
    const plain = named['only plain'];
    expect(plain?.expected_cost_usd_per_1k_requests).toBeGreaterThan(0);
    if (plain?.quality.doubly_robust) expect(plain.quality.doubly_robust.mean).toBeCloseTo(0.5, 1);
  });

  test('of one policy at the top level, and of the default strategy', async () => {
    const one = await replay({ window: '7d', strategy: 'floor' });
    expect(one.policies.map(({ name, strategy }) => [name, strategy])).toEqual([['price', 'price']]);
    const nothing = await replay({});
    expect(nothing.policies.map(({ strategy }) => strategy)).toEqual(['balanced']);
  });

  test('keeps a budget where it can', async () => {
    const { policies } = await replay({
      policies: [{ strategy: 'quality' }, { strategy: 'quality', budget_usd_per_1k_requests: 0 }],
    });
    const [free = 0, least = 0] = policies.map((policy) => policy.expected_cost_usd_per_1k_requests ?? 0);
    expect(least).toBeLessThan(free);
    expect(policies[0]?.warnings).toEqual([]);
    expect(policies[1]?.warnings).toEqual([
      {
        code: 'budget_not_met',
        message: `The budget cannot be met: 1,000 requests are expected to cost ${least} USD, the budget is 0, however dear a dollar is made. A larger budget, or cheaper models beside these, would.`,
      },
    ]);
    const middle = (free + least) / 2;
    const priority = { strategy: 'priority', models: ['dear'] };
    const kept = await replay({
      policies: [
        { strategy: 'quality', budget_usd_per_1k_requests: middle },
        { ...priority, budget_usd_per_1k_requests: 0 },
        { strategy: 'cascade', budget_usd_per_1k_requests: 0 },
      ],
    });
    expect(kept.policies[0]?.expected_cost_usd_per_1k_requests).toBeLessThanOrEqual(middle);
    expect(kept.policies[0]?.warnings).toEqual([]);
    expect(kept.policies[1]?.warnings[0]?.message).toMatch(/'priority' always takes its first model/);
    // What is refused has no cost that could be too high.
    expect(kept.policies[2]?.warnings).toEqual([]);
  });

  test('of 64 policies at once answers them in their order', async () => {
    const policies = Array.from({ length: 64 }, (_, index) => ({
      name: String(index),
      value_of_quality_usd: 0.001 * index,
    }));
    const answer = await replay({ policies });
    expect(answer.policies.map(({ name }) => name)).toEqual(policies.map(({ name }) => name));
    const shares = answer.policies.map(
      ({ models }) => models.find(({ model }) => model === 'dear')?.share ?? 0,
    );
    expect(shares.at(-1)).toBeGreaterThan(shares[0] ?? 1);
    // The same draws for all: more worth of quality never means less of the best.
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
  });

  test('chooses no model that a key may not know', async () => {
    const answer = await send(`${gateway.url}/v1/intelligence/replay`, {
      key: narrow,
      body: { strategy: 'quality' },
    });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('dear"');
    const refused = await send(`${gateway.url}/v1/intelligence/replay`, {
      key: narrow,
      body: { models: ['dear'] },
    });
    expect(refused).toMatchObject({ status: 400, json: { error: { param: 'models[0]' } } });
  });

  test.each([
    [{ window: 'forever' }, 'window', '24h, 7d, 30d, 90d'],
    [{ task: 'juggling' }, 'task', 'code_generation'],
    [{ policies: [] }, 'policies', 'at least one'],
    [{ policies: Array.from({ length: 65 }, () => ({})) }, 'policies', 'at most 64'],
    [{ policies: [{ strategy: 'magic' }] }, 'policies[0].strategy', 'balanced'],
    [{ policies: [{}, { strategies: 'quality' }] }, 'policies[1].strategies', 'value_of_quality_usd'],
    [{ value_of_quality: 1 }, 'value_of_quality', 'value_of_quality_usd'],
    [{ value_of_quality_usd: -1 }, 'value_of_quality_usd', 'negative'],
    [{ value_of_second_usd: '1' }, 'value_of_second_usd', 'number'],
    [{ min_quality: 2 }, 'min_quality', '0 to 1'],
    [{ budget_usd_per_1k_requests: -0.1 }, 'budget_usd_per_1k_requests', 'negative'],
    [{ models: [] }, 'models', 'at least one'],
    [{ models: ['text-embedding'] }, 'models[0]', '/v1/models'],
    [{ policies: [{ models: ['nope'] }] }, 'policies[0].models[0]', '/v1/models'],
    [{ strategy: 'quality', policies: [{}] }, 'strategy', 'policies'],
  ])('%j is a 400 that says what there is', async (body, param, told) => {
    const answer = await send(`${gateway.url}/v1/intelligence/replay`, { key: admin, body });
    expect(answer, answer.text).toMatchObject({ status: 400, json: { error: { param } } });
    expect(answer.text).toContain(told);
  });

  test('says nothing of a model that was never offered, not that it costs nothing', async () => {
    const [policy] = (await replay({ models: ['shy'] })).policies;
    expect(policy?.models).toEqual([{ model: 'shy', share: 1 }]);
    expect(policy?.cost_usd_per_1k_requests.doubly_robust).toBeNull();
    expect(policy?.expected_cost_usd_per_1k_requests).toBeNull();
  });
});

describe('outrider replay', () => {
  const run = async (options: object) => {
    const lines: string[] = [];
    await replayCommand(
      { config: gateway.configPath, url: gateway.url, ...options },
      { OUTRIDER_API_KEY: admin, OUTRIDER_DETECT: 'none' },
      (line) => lines.push(line),
    );
    return lines;
  };

  test('shows every strategy as a table, and why some cannot be told', async () => {
    const lines = await run({});
    expect(lines[0]).toContain('requests chosen freely');
    const text = lines.join('\n');
    for (const name of ['as it was', 'balanced', 'quality', 'price', 'cascade']) {
      expect(text).toMatch(new RegExp(`^${name}  `, 'm'));
    }
    expect(text).toMatch(/^cascade: A cascade asks a second model/m);
    const bound = (await run({ strategy: ['quality'], budget: 0 })).join('\n');
    expect(bound).toMatch(/^quality: The budget cannot be met: 1,000 requests are expected to cost/m);
  });

  test('gives the answer of the API with --json, and its words where it refuses', async () => {
    const [text = ''] = await run({ json: true, model: ['plain'], valueOfQuality: 0.01 });
    const { policies } = JSON.parse(text) as Replay;
    expect(policies).toHaveLength(1);
    expect(policies[0]?.models).toEqual([{ model: 'plain', share: 1 }]);
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(await run({ window: 'forever' })).toEqual([]);
      expect(await run({ url: 'http://127.0.0.1:9' })).toEqual([]);
      const said = stderr.mock.calls.map(([words]) => String(words)).join('');
      expect(said).toMatch(/There are: 24h[\s\S]*No gateway answers/);
      expect(process.exitCode).toBe(2);
    } finally {
      stderr.mockRestore();
      process.exitCode = undefined;
    }
  });

  test.each([
    ['nonsense', undefined, '--url has to be an address'],
    ['ftp://127.0.0.1', undefined, '--url has to be an address'],
    [undefined, 'a\nb', 'OUTRIDER_API_KEY holds characters'],
    [undefined, '200 null', 'is no Outrider gateway: it says 200'],
    [undefined, '200 <h1>hello</h1>', 'is no Outrider gateway: it says 200'],
    [undefined, '200 {"ok":true}', 'is no Outrider gateway: it says 200'],
    [undefined, '502 null', 'is no Outrider gateway: it says 502'],
    [
      undefined,
      '401 {"error":{"message":"No API key."}}',
      'No API key. The key of this command is OUTRIDER_API_KEY',
    ],
  ])('says in a line what is wrong: %s %j', async (url, answer, told) => {
    const stranger = createServer((_, response) => {
      response.statusCode = Number(answer?.slice(0, 3));
      response.end(answer?.slice(4));
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      await replayCommand(
        {
          config: gateway.configPath,
          url: url ?? `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`,
        },
        { OUTRIDER_API_KEY: answer?.includes('\n') ? answer : admin, OUTRIDER_DETECT: 'none' },
        () => {},
      );
      expect(stderr.mock.calls.map(([words]) => String(words)).join('')).toContain(told);
      expect(process.exitCode).toBe(2);
    } finally {
      stderr.mockRestore();
      process.exitCode = undefined;
      stranger.close();
    }
  });
});
