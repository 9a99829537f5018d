import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReAskWatch } from '../../src/core/reward/re-ask-watch.ts';
import type { GatewayDeps } from '../../src/gateway/deps.ts';
import type { ChatJob } from '../../src/gateway/request/job.ts';
import { noteAsk } from '../../src/gateway/request/re-ask.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

const QUESTION = 'How do I undo my last commit without losing what I changed?';
const AGAIN = 'How do I undo my last commit without losing what I changed??';
/** A little longer than nobody takes to read an answer. */
const READING_MS = 1_100;

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['one', 'two', '500']));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

interface Explained {
  readonly feedback: readonly { source: string; source_class: string; score: number; weight: number }[];
  readonly learnt: readonly { automatic: { counted: boolean } }[];
}

const explain = (id: string) => read<Explained>(gateway, `/v1/explain/${id}`);
const reading = () => new Promise((resolve) => setTimeout(resolve, READING_MS));
const user = (content: string) => ({ role: 'user', content });

async function reAsksCounted(): Promise<number> {
  const { text } = await send(`${gateway.url}/metrics`);
  return Number(/^outrider_re_asks_total (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}

describe('an answer after which the same is asked again', () => {
  test('in one session: a heuristic fault that the next stronger verdict replaces', async () => {
    const before = await reAsksCounted();
    const session = { headers: { 'x-session-id': 'chat-1' } };
    const first = await ask(gateway, { messages: [user(QUESTION)] }, session);
    await reading();
    const second = await ask(gateway, { messages: [user(AGAIN)] }, session);
    expect([first.status, second.status]).toEqual([200, 200]);
    await expect
      .poll(async () => (await explain(first.requestId)).feedback)
      .toMatchObject([{ source: 're_ask', source_class: 'heuristic', score: 0, weight: 0.25 }]);
    expect((await explain(first.requestId)).learnt[0]?.automatic.counted).toBe(false);
    expect((await explain(second.requestId)).feedback).toEqual([]);
    expect(await reAsksCounted()).toBe(before + 1);
    const label = await send(`${gateway.url}/v1/feedback/${first.requestId}`, { body: { score: 1 } });
    expect(label.json).toMatchObject({ counted: true, source: 'human' });
  });

  test('in a conversation that is told by its messages alone, but not in another like it', async () => {
    const first = await ask(gateway, { messages: [user(QUESTION)] });
    const other = await ask(gateway, { messages: [user(`Hello. ${QUESTION}`)] });
    await reading();
    const history = [user(QUESTION), { role: 'assistant', content: 'You cannot.' }];
    await ask(gateway, { messages: [...history, user(AGAIN)] });
    await expect
      .poll(async () => (await explain(first.requestId)).feedback)
      .toMatchObject([{ source: 're_ask' }]);
    expect((await explain(other.requestId)).feedback).toEqual([]);
  });

  test('says nothing after a failure, in a tool loop, in a batch, or without a conversation', async () => {
    const before = await reAsksCounted();
    const failing = { session_id: 'failing', messages: [user(QUESTION)] };
    await ask(gateway, { ...failing, model: '500' });
    const tools = { session_id: 'tools', messages: [user(QUESTION)] };
    await ask(gateway, tools);
    const batch = { conversation_id: 'batch', messages: [user(QUESTION)] };
    const together = await Promise.all(Array.from({ length: 4 }, () => ask(gateway, batch)));
    const alone = { messages: [user('How many moons does Jupiter have, and who found them?')] };
    await ask(gateway, alone);
    await reading();
    await ask(gateway, failing);
    await ask(gateway, {
      ...tools,
      messages: [
        user(QUESTION),
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'done' },
      ],
    });
    await ask(gateway, batch);
    await ask(gateway, alone);
    expect(await reAsksCounted()).toBe(before);
    for (const { requestId } of together) expect((await explain(requestId)).feedback).toEqual([]);
  });
});

test('looks at the ends of texts only, however long they are', async () => {
  const deps = {
    reAsks: createReAskWatch({ seed: 1, windowMs: () => 60_000 }),
    monotonicMs: () => 0,
  } as unknown as GatewayDeps;
  const content = 'What the customs office in Basel holds back and why it does so. '.repeat(20_000);
  const messages = Array.from({ length: 9 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content,
  }));
  const job = {
    keyId: 'key_0123456789abcdef',
    sessionId: undefined,
    body: { messages },
  } as unknown as ChatJob;
  // Milliseconds; read whole, these are 30 gigabytes.
  const startedAtMs = performance.now();
  for (let round = 0; round < 20_000; round += 1) noteAsk(deps, job);
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
});
