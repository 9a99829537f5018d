import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { ask } from '../gateway/ask.ts';
import { send } from './send.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
  await ask(gateway, {});
  // What is still on its way to the database would change the first answers.
  await vi.waitFor(async () =>
    expect((await get('/v1/intelligence/rankings?window=7d')).text).toContain('"requests":1'),
  );
});

afterAll(() => gateway.stop());

const get = (path: string, tag?: string, method = 'GET') =>
  send(`${gateway.url}${path}`, { method, headers: tag === undefined ? {} : { 'if-none-match': tag } });

describe.each([
  '/v1/intelligence/rankings?window=7d',
  '/v1/intelligence/recommendations?task=code+review',
  '/v1/intelligence/health',
  '/v1/intelligence/sources',
  '/v1/intelligence/patterns?min_requests=1',
  '/v1/feedback',
])('%s', (path) => {
  test('is a 304 while nothing has changed, whenever it was made', async () => {
    const first = await get(path);
    expect(first.status).toBe(200);
    const tag = String(first.headers.etag);
    expect(tag).toMatch(/^W\/"[A-Za-z0-9_-]{27}"$/);
    expect(first.headers['cache-control']).toBe('private, no-cache');
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const sent of [tag, tag.slice(2), `"other", ${tag}`, '*']) {
      const again = await get(path, sent);
      expect(again.status).toBe(304);
      expect(again.text).toBe('');
      expect(again.headers.etag).toBe(tag);
      expect(again.headers['content-type']).toBeUndefined();
      expect(again.headers['x-request-id']).toBeDefined();
    }
    const other = await get(path, 'W/"other"');
    expect(other.status).toBe(200);
    expect((await get(path, tag, 'HEAD')).status).toBe(304);
  });
});

test('what has changed has another tag', async () => {
  const path = '/v1/intelligence/patterns?min_requests=1';
  const before = await get(path);
  await ask(gateway, { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] });
  const after = await get(path, String(before.headers.etag));
  expect(after.status).toBe(200);
  expect(after.headers.etag).not.toBe(before.headers.etag);
});

test('errors and other routes have none', async () => {
  expect((await get('/v1/intelligence/rankings?window=forever', '*')).status).toBe(400);
  expect((await get('/v1/intelligence/rankings?window=forever')).headers.etag).toBeUndefined();
  expect((await get('/v1/requests', '*')).status).toBe(200);
});
