import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(
    providerToml('up', upstream.baseUrl, [
      '500',
      'spare',
      'stream-truncated',
      'stream-stall-after',
      'usage-missing',
      '429-seconds',
    ]),
  );
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const explain = (id: string) => read<Record<string, unknown>>(gateway, `/v1/explain/${id}`);

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const isoTime = expect.stringMatching(ISO_TIME);
const anyNumber = expect.any(Number);

test('an auto request that fell back is explained completely', async () => {
  const answer = await ask(gateway, { route: { strategy: 'priority', models: ['500', 'spare'] } });
  expect(answer.status).toBe(200);
  const given = await send(`${gateway.url}/v1/feedback/${answer.requestId}`, {
    body: { outcome: 'success', source: 'ci', comment: 'passed' },
  });
  expect(given.status).toBe(200);
  const candidate = {
    provider: 'up',
    utility_usd: anyNumber,
    quality: anyNumber,
    expected_cost_usd: anyNumber,
    expected_output_tokens: anyNumber,
    expected_ttft_ms: anyNumber,
    expected_latency_ms: anyNumber,
  };
  const attempt = {
    provider: 'up',
    started_at: isoTime,
    ttft_ms: anyNumber,
    latency_ms: anyNumber,
  };
  expect(await explain(answer.requestId)).toEqual({
    object: 'explanation',
    request_id: answer.requestId,
    created_at: isoTime,
    operation: 'chat',
    requested_model: 'auto',
    model: 'spare',
    provider: 'up',
    strategy: 'priority',
    reason: 'auto',
    stream: false,
    task: {
      type: 'translation',
      confidence: 1,
      complexity: anyNumber,
      language: expect.any(String),
      input_tokens: anyNumber,
    },
    candidates: [
      { ...candidate, position: 0, model: '500', endpoint: 'up/500', probability: 1 },
      { ...candidate, position: 1, model: 'spare', endpoint: 'up/spare', probability: 0 },
    ],
    excluded: ['stream-truncated', 'stream-stall-after', 'usage-missing', '429-seconds'].map((model) => ({
      model,
      endpoint: `up/${model}`,
      reason: 'not_in_route',
    })),
    attempts: [
      {
        ...attempt,
        number: 0,
        model: '500',
        endpoint: 'up/500',
        ending: 'server_error',
        http_status: 500,
        error_code: 'upstream_error',
        finish_reason: null,
        probability: 1,
        usage: { input_tokens: 0, output_tokens: 0, cached_input_tokens: 0 },
        cost: { estimated_usd: anyNumber, actual_usd: 0, is_estimate: false },
      },
      {
        ...attempt,
        number: 1,
        model: 'spare',
        endpoint: 'up/spare',
        ending: 'completed',
        http_status: 200,
        error_code: null,
        finish_reason: 'stop',
        probability: 0,
        usage: { input_tokens: 10, output_tokens: 5, cached_input_tokens: 0 },
        cost: { estimated_usd: anyNumber, actual_usd: 0.00002, is_estimate: false },
      },
    ],
    cost: { estimated_usd: anyNumber, actual_usd: 0.00002 },
    learnt: [
      { attempt: 0, automatic: null },
      {
        attempt: 1,
        // A test's verdict has taken the place of what was seen from the answer's form.
        automatic: { source: 'heuristic', quality: 1, weight: anyNumber, counted: false },
      },
    ],
    feedback: [
      {
        source: 'ci',
        source_class: 'client_test',
        score: 1,
        weight: 1,
        comment: 'passed',
        updated_at: isoTime,
      },
    ],
  });
});

test('a request that nobody could answer', async () => {
  const answer = await ask(gateway, { model: '500' });
  expect(answer.status).toBe(502);
  expect(await explain(answer.requestId)).toMatchObject({
    model: null,
    provider: null,
    reason: 'explicit',
    attempts: [{ ending: 'server_error' }],
    learnt: [{ automatic: { quality: 0, counted: false } }],
  });
});

test('a stream that died in the middle, and what it had cost by then', async () => {
  const answer = await ask(gateway, { route: { models: ['stream-truncated'] }, stream: true });
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('"code":"upstream_error"');
  expect(answer.text).not.toContain('[DONE]');
  const explained = await explain(answer.requestId);
  expect(explained).toMatchObject({
    stream: true,
    model: null,
    attempts: [{ ending: 'stream_after_token', cost: { is_estimate: true } }],
  });
  const { cost } = explained as { cost: { actual_usd: number } };
  expect(cost.actual_usd).toBeGreaterThan(0);
});

test('a client that left in the middle of a stream', async () => {
  const leaving = new AbortController();
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'left-early' },
    body: JSON.stringify({
      model: 'stream-stall-after',
      messages: [{ role: 'user', content: 'hi' }],
      stream: true,
    }),
    signal: leaving.signal,
  });
  await response.body?.getReader().read();
  leaving.abort();
  const attemptOf = async () => (await explain('left-early')).attempts;
  await expect
    .poll(attemptOf, { interval: 20 })
    .toMatchObject([{ ending: 'client_left', http_status: 200, cost: { is_estimate: true } }]);
  expect(await explain('left-early')).toMatchObject({ learnt: [{ automatic: null }] });
});

test('usage that a provider did not say is estimated, and marked', async () => {
  const answer = await ask(gateway, { model: 'usage-missing' });
  expect(await explain(answer.requestId)).toMatchObject({
    attempts: [{ ending: 'completed', cost: { is_estimate: true }, usage: { output_tokens: anyNumber } }],
  });
});

test('an endpoint that rests is shown with the time of its return', async () => {
  const resting = await ask(gateway, { model: '429-seconds' });
  expect(resting.status).toBe(429);
  expect(Number(resting.headers['retry-after'])).toBe(7);
  const answer = await ask(gateway, { route: { models: ['spare', '429-seconds'] } });
  expect(await explain(answer.requestId)).toMatchObject({
    model: 'spare',
    excluded: expect.arrayContaining([
      { model: '429-seconds', endpoint: 'up/429-seconds', reason: 'cooling', retry_at: isoTime },
    ]),
  });
  const refused = await ask(gateway, { model: '429-seconds' });
  expect(refused.status).toBe(503);
  expect(refused.json).toMatchObject({ error: { code: 'no_model_available' } });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(5);
  expect(refused.headers['x-should-retry']).toBeUndefined();
});
