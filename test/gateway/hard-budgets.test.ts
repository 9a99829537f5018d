import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type ScriptedServer, startScriptedServer } from '../fixtures/scripted-server.ts';
import { send } from '../http/send.ts';

/** Every answer is as long as it may be: at $20 a million, 40,000 µUSD. */
const MOST_TOKENS = 2_000;
const ANSWER_MICRO_USD = 40_000;
const LIMIT_MICRO_USD = 100_000;

let provider: ScriptedServer;
let gateway: TestGateway;

beforeAll(async () => {
  provider = await startScriptedServer(({ json }) => ({
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'talker',
      choices: [{ index: 0, message: { role: 'assistant', content: 'and so on' }, finish_reason: 'length' }],
      usage: {
        prompt_tokens: 10,
        completion_tokens: json?.max_tokens ?? MOST_TOKENS,
        total_tokens: 10 + MOST_TOKENS,
      },
    },
  }));
  gateway = await startGateway(
    providerToml('p', provider.baseUrl, ['talker'], {
      endpoint: 'input_usd_per_million = 1.0, output_usd_per_million = 20.0',
    }),
  );
});
afterEach(() => {
  provider.requests.length = 0;
});
afterAll(async () => {
  await gateway.stop();
  await provider.close();
});

const chat = (key: string, body: object) =>
  send(`${gateway.url}/v1/chat/completions`, {
    key,
    body: { model: 'talker', messages: [{ role: 'user', content: 'Go on.' }], ...body },
  });

const spentBy = async (key: string) => {
  const { json } = await send(`${gateway.url}/v1/budgets`, { key });
  const [budget] = (json as { data: { spent_usd: number; reserved_usd: number }[] }).data;
  expect(budget?.reserved_usd).toBe(0);
  return Math.round((budget?.spent_usd ?? 0) * 1e6);
};

const keyWith = (onExhausted: 'stop' | 'downgrade') =>
  gateway.createKey({
    scopes: ['inference', 'intelligence'],
    budgetMicroUsdPerDay: LIMIT_MICRO_USD,
    onExhausted,
  });

test('a budget that stops is overspent by one answer at most, however many come at once and however long they are', async () => {
  const { key } = await keyWith('stop');
  const answers = await Promise.all(Array.from({ length: 60 }, () => chat(key, { max_tokens: MOST_TOKENS })));
  const refused = answers.filter(({ status }) => status === 402);
  expect(answers.filter(({ status }) => status === 200).length + refused.length).toBe(60);
  const spent = await spentBy(key);
  expect(spent).toBeGreaterThan(LIMIT_MICRO_USD - ANSWER_MICRO_USD);
  expect(spent).toBeLessThan(LIMIT_MICRO_USD + ANSWER_MICRO_USD);
  // Reserved by others only: it may fit when they have ended.
  const { headers, json } = refused[0] ?? {};
  expect(headers).toMatchObject({ 'x-should-retry': 'true', 'retry-after': '1' });
  expect(json).toMatchObject({ error: { message: expect.stringContaining('try again then') } });
});

test('all of it can be spent: who comes alone is served while the expected fits', async () => {
  const { key } = await keyWith('stop');
  let served = 0;
  let last = await chat(key, { max_tokens: MOST_TOKENS });
  for (; last.status === 200; last = await chat(key, { max_tokens: MOST_TOKENS })) served += 1;
  expect(served).toBeGreaterThanOrEqual(2);
  const spent = await spentBy(key);
  expect(spent).toBeGreaterThan(LIMIT_MICRO_USD - ANSWER_MICRO_USD);
  expect(spent).toBeLessThan(LIMIT_MICRO_USD + ANSWER_MICRO_USD);
  expect(last.status).toBe(402);
  expect(last.headers['x-should-retry']).toBe('false');
  expect(last.headers['retry-after']).toBeUndefined();
});
