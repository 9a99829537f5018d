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
  ['/v1/chat/completions', { model: 'auto', messages: 'hi' }, 'messages: must be a list.'],
  ['/v1/chat/completions', { model: 5, messages: [] }, 'model: must be a text; messages: must not be empty.'],
  ['/v1/images/generations', { model: 'auto', prompt: 'x', n: 11 }, 'n: must be at most 10.'],
  ['/v1/embeddings', { model: 'auto', input: 'x', dimensions: 0 }, 'dimensions: must be at least 1.'],
  ['/v1/embeddings', { model: 'x'.repeat(300), input: 'x' }, 'model: must have at most 256 characters.'],
  [
    '/v1/embeddings',
    { model: 'auto', input: 'x', encoding_format: 'hex' },
    'must be one of "float"|"base64".',
  ],
  ['/v1/embeddings', { model: 'auto', input: 'x', route: { max_cost_usd: 0 } }, 'must be more than 0.'],
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
