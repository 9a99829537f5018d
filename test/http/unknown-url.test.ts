import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from './send.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const form = (bytes: number) => {
  const body = new FormData();
  body.set('file', new Blob([new Uint8Array(bytes)]), 'a.png');
  return body;
};

test('an endpoint that there is not is a 404, whatever is sent to it', async () => {
  for (const [type, body] of [
    ['application/json', '{'],
    ['text/csv', 'a,b'],
    ['application/json', '{}'],
  ]) {
    const answer = await send(`${gateway.url}/v1/images/edits`, {
      body,
      headers: { 'content-type': `${type}` },
    });
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ error: { code: 'unknown_url', type: 'not_found_error' } });
  }
});

test("below /v1/messages it is said as Anthropic's clients read it", async () => {
  const { status, json, headers } = await send(`${gateway.url}/v1/messages/batches`);
  expect(status).toBe(404);
  expect(json).toMatchObject({ type: 'error', error: { type: 'not_found_error', code: 'unknown_url' } });
  expect(headers['request-id']).toBe(headers['x-request-id']);
});

test('null is what a completion leaves to its provider', async () => {
  const body = { model: 'auto', prompt: 'Once', n: null, max_tokens: null };
  const answer = await send(`${gateway.url}/v1/completions`, { body });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json).toMatchObject({ choices: [{ index: 0 }] });
});

test('a form that nobody takes is read to its end, so that its sender sees the answer', async () => {
  for (const [path, status] of [
    ['/v1/images/edits', 404],
    ['/v1/chat/completions', 415],
  ] as const) {
    const answer = await fetch(`${gateway.url}${path}`, { method: 'POST', body: form(8 * 1024 * 1024) });
    expect(answer.status).toBe(status);
    await answer.text();
  }
});
