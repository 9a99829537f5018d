import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send } from './send.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

test.each([
  ['/v1/images/generations', { model: 'auto' }, 'prompt: is missing.'],
  ['/v1/chat/completions', { model: 'auto', messages: [] }, 'messages: must not be empty.'],
  ['/v1/embeddings', { model: 'auto', input: ['a', ''] }, 'input[1]: must not be empty.'],
  ['/v1/rerank', { model: 'auto', query: '', documents: ['a'] }, 'query: must not be empty.'],
  ['/v1/moderations', { input: [] }, 'input: must be a text, a list of texts, or the parts'],
  [
    '/v1/feedback/req_1',
    { rating: 5 },
    "unknown option 'rating'; known are score, outcome, signals, tests_passed",
  ],
])('%s %j says what is wrong in words', async (path, body, words) => {
  const answer = await send(`${gateway.url}${path}`, { body });
  expect(answer.status).toBe(400);
  const { error } = answer.json as { error: { message: string } };
  expect(error.message).toContain(words);
});
