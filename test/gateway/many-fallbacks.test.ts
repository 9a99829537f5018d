import { afterAll, beforeAll, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
const names = Array.from({ length: 15 }, (_, index) => `broken-${index}`);

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  const models = names.map((name) =>
    [
      `[api.models.${name}]`,
      'context_length = 8000',
      `endpoints = [{ provider = "p-${name}", model = "500", input_usd_per_million = 1, output_usd_per_million = 1 }]`,
      `[providers.p-${name}]`,
      `base_url = ${JSON.stringify(upstream.baseUrl)}`,
    ].join('\n'),
  );
  gateway = await startGateway(`${models.join('\n')}\n${providerToml('up', upstream.baseUrl, ['one'])}`);
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const ask = (models: readonly string[]) =>
  send(`${gateway.url}/v1/chat/completions`, {
    body: { models, messages: [{ role: 'user', content: 'hi' }] },
  });

test('a list of fallbacks is tried to its tenth', async () => {
  const answered = await ask([...names.slice(0, 9), 'one']);
  expect(answered.status).toBe(200);
  expect(answered.headers['x-router-attempts']).toBe('10');
});

test('and no further: a list of sixteen is ten calls', async () => {
  const before = upstream.requests.length;
  const answer = await ask([...names, 'one']);
  expect(answer.status).toBe(502);
  expect(upstream.requests.length - before).toBe(10);
});
