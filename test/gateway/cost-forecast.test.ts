import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from '../http/send.ts';

interface Amounts {
  readonly expected_usd: number;
  readonly p10_usd: number;
  readonly p90_usd: number;
}
interface Answer {
  readonly strategy: string;
  readonly tasks: readonly (Amounts & {
    readonly type: string;
    readonly requests: number;
    readonly evidence: string;
    readonly samples: number;
    readonly models: readonly {
      readonly model: string;
      readonly share: number;
      readonly expected_usd: number;
    }[];
  })[];
  readonly total: Amounts & { readonly requests: number };
  readonly alternatives: readonly (Amounts & { readonly strategy: string })[];
}

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

const ask = (body: object, key?: string) =>
  send(`${gateway.url}/v1/intelligence/cost-forecast`, { body, ...(key === undefined ? {} : { key }) });

async function forecast(body: object): Promise<Answer> {
  const answer = await ask(body);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Answer;
}

const REVIEW = { type: 'review', estimated_tokens: 20_000 };

describe('planned work', () => {
  test('in the words of other gateways', async () => {
    const { strategy, tasks, total, alternatives } = await forecast({
      tasks: [{ type: 'code_generation', estimated_tokens: 50_000 }, REVIEW],
      strategy: 'combined',
    });
    expect(strategy).toBe('balanced');
    expect(tasks.map(({ type }) => type)).toEqual(['code_generation', 'code_review']);
    for (const { p10_usd, expected_usd, p90_usd, models } of tasks) {
      expect(p10_usd).toBeGreaterThan(0);
      expect(expected_usd).toBeGreaterThan(p10_usd);
      expect(p90_usd).toBeGreaterThan(expected_usd);
      expect(models.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 2);
      expect(models.reduce((sum, one) => sum + one.expected_usd, 0)).toBeCloseTo(expected_usd, 6);
    }
    expect(total.expected_usd).toBeCloseTo(
      tasks.reduce((sum, { expected_usd }) => sum + expected_usd, 0),
      8,
    );
    expect(alternatives.map((row) => row.strategy)).toContain('price');
    expect(alternatives.map((row) => row.strategy)).not.toContain('balanced');
  });

  test('the strategy asked for costs what it costs as an alternative, and quality more than price', async () => {
    const asBalanced = await forecast({ tasks: [REVIEW], strategy: 'balanced' });
    const costOf = (name: string) => asBalanced.alternatives.find(({ strategy }) => strategy === name);
    for (const name of ['price', 'quality']) {
      const { expected_usd, p10_usd, p90_usd } = (await forecast({ tasks: [REVIEW], strategy: name })).total;
      expect(costOf(name)).toMatchObject({ expected_usd, p10_usd, p90_usd });
    }
    expect(costOf('quality')?.expected_usd).toBeGreaterThan(costOf('price')?.expected_usd ?? 0);
  });

  test('costs the same for the same question, and twice as much for twice the work', async () => {
    const once = await forecast({ tasks: [{ ...REVIEW, requests: 20 }] });
    const again = await forecast({ tasks: [{ ...REVIEW, requests: 20 }] });
    expect(again.tasks).toEqual(once.tasks);
    const twice = await forecast({
      tasks: [
        { ...REVIEW, requests: 20 },
        { ...REVIEW, requests: 20 },
      ],
    });
    expect(twice.total.expected_usd).toBeCloseTo(2 * once.total.expected_usd, 8);
    expect(twice.total.requests).toBe(40);
  });

  test('in one request is less certain than in many', async () => {
    const width = ({ total }: Answer) => (total.p90_usd - total.p10_usd) / total.expected_usd;
    const work = { type: 'summarization', estimated_tokens: 90_000 };
    const many = await forecast({ tasks: [{ ...work, requests: 900 }] });
    const few = await forecast({ tasks: [{ ...work, requests: 3 }] });
    expect(width(few)).toBeGreaterThan(width(many));
  });

  test('what was observed is said to be', async () => {
    const before = (await forecast({ tasks: [{ type: 'translation', estimated_tokens: 9_000 }] })).tasks[0];
    expect(before).toMatchObject({ evidence: 'prior', samples: 0 });
    const content = 'Translate to French: good morning, dear friends';
    for (let turn = 0; turn < 12; turn += 1)
      await send(`${gateway.url}/v1/chat/completions`, {
        body: { model: 'auto', messages: [{ role: 'user', content }] },
      });
    const after = (await forecast({ tasks: [{ type: 'translation', estimated_tokens: 9_000 }] })).tasks[0];
    expect(after?.samples).toBeGreaterThan(5);
    expect(after?.evidence).not.toBe('prior');
  });

  test('goes to no model that is paused, and to no more than a cap allows', async () => {
    const work = { tasks: [REVIEW], strategy: 'quality' };
    const before = (await forecast(work)).tasks[0]?.models ?? [];
    const [first, second] = before.map(({ model }) => model);
    const act = (model: string | undefined, action: string, body = {}) =>
      send(`${gateway.url}/v1/intelligence/models/${model}/${action}`, { body });
    await act(first, 'pause');
    await act(second, 'exposure', { max_share: 0.01 });
    const after = (await forecast(work)).tasks[0]?.models ?? [];
    await act(first, 'resume');
    await act(second, 'exposure', { max_share: null });
    expect(after.length).toBeGreaterThan(1);
    expect(after.map(({ model }) => model)).not.toContain(first);
    expect(after.find(({ model }) => model === second)?.share ?? 0).toBeLessThanOrEqual(0.01);
    expect((await forecast(work)).tasks[0]?.models).toEqual(before);
  });

  test('with everybody paused it is refused, and says why', async () => {
    const own = await startGateway(
      '[api.models.only]\nendpoints = [{ provider = "sim", model = "sim-mini" }]\n[providers.sim]\nkind = "simulated"\n',
    );
    try {
      const url = `${own.url}/v1/intelligence`;
      await send(`${url}/models/only/pause`, { body: {} });
      const answer = await send(`${url}/cost-forecast`, { body: { tasks: [REVIEW] } });
      expect(answer.status).toBe(400);
      expect(answer.text).toMatch(/no model takes requests with prompts of \d+ tokens \(paused\)\."/);
    } finally {
      await own.stop();
    }
  });

  test('a key hears of its own models only', async () => {
    const own = await startGateway();
    try {
      const list = await send(`${own.url}/v1/models`);
      const { data } = list.json as { data: { id: string; type: string }[] };
      const model = data.find(({ id, type }) => id !== 'auto' && type === 'chat')?.id ?? '';
      const { key } = await own.createKey({ allowedModels: [model] });
      const answer = await send(`${own.url}/v1/intelligence/cost-forecast`, {
        body: { tasks: [REVIEW] },
        key,
      });
      expect((answer.json as Answer).tasks[0]?.models.map((one) => one.model)).toEqual([model]);
    } finally {
      await own.stop();
    }
  });
});

test.each<[string, object, string | null]>([
  ['no tasks', {}, 'tasks'],
  ['an empty list', { tasks: [] }, 'tasks'],
  ['too many', { tasks: Array(33).fill(REVIEW) }, 'tasks'],
  ['an unknown task', { tasks: [{ ...REVIEW, type: 'juggling' }] }, 'tasks[0].type'],
  ['10,000 characters', { tasks: [{ ...REVIEW, type: 'x'.repeat(10_000) }] }, 'tasks[0].type'],
  ['negative tokens', { tasks: [{ ...REVIEW, estimated_tokens: -5 }] }, 'tasks[0].estimated_tokens'],
  ['no tokens', { tasks: [{ type: 'review' }] }, 'tasks[0].estimated_tokens'],
  ['half a token', { tasks: [{ ...REVIEW, estimated_tokens: 0.5 }] }, 'tasks[0].estimated_tokens'],
  ['1e300 tokens', { tasks: [{ ...REVIEW, estimated_tokens: 1e300 }] }, 'tasks[0].estimated_tokens'],
  ['tokens in words', { tasks: [{ ...REVIEW, estimated_tokens: 'many' }] }, 'tasks[0].estimated_tokens'],
  ['no requests', { tasks: [{ ...REVIEW, requests: 0 }] }, 'tasks[0].requests'],
  ['more requests than tokens', { tasks: [{ ...REVIEW, requests: 20_001 }] }, 'tasks[0].requests'],
  ['a prompt for nobody', { tasks: [{ type: 'qa', estimated_tokens: 1e12, requests: 1 }] }, 'tasks[0]'],
  ['an unknown strategy', { tasks: [REVIEW], strategy: 'luck' }, 'strategy'],
  ['a misspelt member', { tasks: [{ ...REVIEW, request: 4 }] }, 'tasks[0].request'],
])('%s is a 400 that says where', async (_name, body, param) => {
  const answer = await ask(body);
  expect(answer.json).toMatchObject({ error: { type: 'invalid_request_error', param } });
  expect(answer.status).toBe(400);
});

test.each([
  ['cost-forecast', { tasks: [{ ...REVIEW, request: 4 }] }, 'type, estimated_tokens, requests.'],
  ['cost-forecast', { tasks: [REVIEW], plan: 1 }, 'tasks, strategy.'],
  ['models/sim-mini/exposure', { max_share: 0.1, tasks: 'review' }, 'max_share, task.'],
  ['models/sim-mini/reevaluate', { max: 1 }, 'max_requests.'],
  ['priors', { name: 'a', results: [], replace: true }, 'name, results.'],
])('an unknown option of %s is answered with those there are', async (path, body, known) => {
  const { status, text } = await send(`${gateway.url}/v1/intelligence/${path}`, { body });
  expect(status).toBe(400);
  expect(text).toContain(`known are ${known}`);
});

test('nothing that is asked beside the body is passed over', async () => {
  for (const [path, body] of [
    ['cost-forecast', { tasks: [REVIEW] }],
    ['replay', {}],
    ['models/sim-mini/pause', {}],
    ['priors', { name: 'a', results: [{ model: 'sim-mini', task: 'review', score: 1 }] }],
  ] as const) {
    const { status, text } = await send(`${gateway.url}/v1/intelligence/${path}?strategy=price`, { body });
    expect([path, status]).toEqual([path, 400]);
    expect(text).toContain("Unknown parameter 'strategy'");
  }
});

test('1e12 tokens over many requests are a finite number', async () => {
  const { total } = await forecast({ tasks: [{ ...REVIEW, estimated_tokens: 1e12 }] });
  expect(total.expected_usd).toBeGreaterThan(total.p10_usd);
  expect(Number.isFinite(total.p90_usd)).toBe(true);
});
