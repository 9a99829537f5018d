import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { metadataOf } from '../clients/client.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { seededStore } from '../fixtures/seeded-store.ts';
import { send } from '../http/send.ts';
import { ask } from './ask.ts';

/** An upstream that takes as long for its 50 tokens as it is told. */
let delayMs = 20;
let server: Server;
let store: Awaited<ReturnType<typeof seededStore>>;
let gateway: TestGateway;
let toml: string;

const ANSWER = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'paced',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Guten Morgen' } }],
  usage: { prompt_tokens: 10, completion_tokens: 50, total_tokens: 60 },
});

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      setTimeout(() => response.setHeader('content-type', 'application/json').end(ANSWER), delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  toml = providerToml('up', baseUrl, ['paced']);
  store = await seededStore([]);
  gateway = await startGateway(toml, { store: store.url });
});

afterAll(async () => {
  await gateway.stop();
  await store.remove();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function expectedLatencyMs(): Promise<number> {
  const answer = await ask(gateway, {}, { headers: { 'x-router-metadata': 'enabled' } });
  const [candidate] = metadataOf(answer.json as object).candidates as readonly object[];
  return (candidate as { readonly expected_latency_ms: number }).expected_latency_ms;
}

async function alarms(): Promise<number> {
  const { text } = await send(`${gateway.url}/metrics`);
  return Number(
    /outrider_speed_alarms_total\{endpoint="up\/paced",direction="worse"\} (\d+)/.exec(text)?.[1] ?? 0,
  );
}

test('an endpoint that becomes ten times slower is noticed, and what was known of its speed gives way', async () => {
  for (let at = 0; at < 40; at += 1) await ask(gateway, {});
  expect(await alarms()).toBe(0);
  const before = await expectedLatencyMs();
  delayMs = 300;
  for (let at = 0; at < 20; at += 1) await ask(gateway, {});
  const count = await alarms();
  expect(count).toBeGreaterThan(0);
  // 41 quick answers against 20 slow ones: without the alarm the mean of logarithms would stay below 60 ms.
  const first = 600;
  expect((await expectedLatencyMs()) - first).toBeGreaterThan(2 * Math.max(60, before - first));
  const epochs = await gateway.withStore((opened) => opened.loadEndpointEpochs());
  expect(epochs.map(({ endpointId, epoch, cause }) => [endpointId, epoch, cause])).toEqual(
    Array.from({ length: count }, (_, index) => ['up/paced', index + 1, 'token_time_alarm']),
  );
  const { text } = await send(`${gateway.url}/v1/intelligence/changes`);
  const told = (JSON.parse(text) as { data: { direction: string; before: number; after: number }[] }).data;
  expect(told.at(-1)).toMatchObject({ direction: 'worse', measure: 'ms_per_output_token' });
  // Twenty milliseconds for fifty tokens, and then three hundred.
  expect(told.at(-1)?.before).toBeLessThan(2);
  expect(told.at(-1)?.after).toBeGreaterThan(4);
});

test('a restart does not forget the change', async () => {
  const before = await expectedLatencyMs();
  await gateway.stop();
  gateway = await startGateway(toml, { store: store.url });
  // One answer more than before, the one that asked.
  expect((await expectedLatencyMs()) / before).toBeCloseTo(1, 1);
});
