import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { ask, read } from './ask.ts';

/** Answers 503 and the wait that the model's name holds, as servers do that load a model on demand. */
let server: Server;
let gateway: TestGateway;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.setEncoding('utf8');
    let text = '';
    request.on('data', (piece) => {
      text += piece;
    });
    request.on('end', () => {
      const { model } = JSON.parse(text);
      const seconds = /-(\d+)$/.exec(model)?.[1];
      response.setHeader('content-type', 'application/json');
      if (seconds === undefined) {
        response.end(
          JSON.stringify({
            id: 'c',
            object: 'chat.completion',
            created: 1,
            model,
            choices: [
              { index: 0, message: { role: 'assistant', content: 'Bonjour' }, finish_reason: 'stop' },
            ],
            usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
          }),
        );
        return;
      }
      response.writeHead(503, { 'retry-after': seconds }).end('{"error":{"message":"loading"}}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const model = (id: string, upstream: string) =>
    `[api.models.${id}]\nendpoints = [${upstream
      .split(' ')
      .map((name) => `{ provider = "up", model = "${name}", input_usd_per_million = 1 }`)
      .join(', ')}]`;
  gateway = await startGateway(
    [
      `[providers.up]\nbase_url = "http://127.0.0.1:${port}/v1"`,
      model('slow', 'slow-40'),
      model('quick', 'quick-7'),
      model('twice', 'a-30 b-20'),
      model('awake', 'fine'),
    ].join('\n'),
  );
});

afterAll(async () => {
  await gateway.stop();
  server.close();
});

interface Shown {
  readonly status: string;
  readonly retry_after_seconds?: number;
  readonly endpoints: Shown[];
}

test('all endpoints of a model wake: 503 with the shortest wait, at first and while they do', async () => {
  const first = await ask(gateway, { model: 'twice' });
  expect(first).toMatchObject({ status: 503, json: { error: { code: 'model_waking_up' } } });
  expect(first.headers['retry-after']).toBe('20');
  const second = await ask(gateway, { model: 'twice' });
  expect(second).toMatchObject({ status: 503, json: { error: { code: 'no_model_available' } } });
  expect(second.text).toContain('2 waking up');
  expect(Number(second.headers['retry-after'])).toBeGreaterThan(15);
  expect(Number(second.headers['retry-after'])).toBeLessThanOrEqual(20);
});

test('the shortest wait counts who was resting before, too', async () => {
  expect((await ask(gateway, { model: 'quick' })).headers['retry-after']).toBe('7');
  const { headers } = await ask(gateway, { model: 'slow', models: ['quick'] });
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(7);
});

test('the list of models shows it, and another one answers meanwhile', async () => {
  const shown = await read<Shown>(gateway, '/v1/models/twice');
  expect(shown.status).toBe('waking');
  expect(shown.retry_after_seconds).toBeLessThanOrEqual(20);
  expect(shown.endpoints.map(({ status }) => status)).toEqual(['waking', 'waking']);
  const awake = await read<Shown>(gateway, '/v1/models/awake');
  expect(awake.status).toBe('ready');
  expect(awake).not.toHaveProperty('retry_after_seconds');
  expect((await read<Shown>(gateway, '/v1/models/auto')).status).toBe('ready');
  const answer = await ask(gateway, { model: 'twice', models: ['awake'] });
  expect(answer).toMatchObject({ status: 200, json: { model: 'awake' } });
});

test('what could run now, without asking', async () => {
  const { data, filtered_out, filtered_counts } = await read<{
    data: { id: string }[];
    filtered_out: { model: string; reason: string; retry_after_seconds: number }[];
    filtered_counts: object;
  }>(gateway, '/v1/catalog/runnable');
  expect(data.map(({ id }) => id)).toEqual(['awake']);
  expect(filtered_out.map(({ model, reason }) => `${model} ${reason}`)).toEqual([
    'slow waking',
    'quick waking',
    'twice waking',
    'twice waking',
  ]);
  expect(filtered_out.every((one) => one.retry_after_seconds >= 1 && one.retry_after_seconds <= 40)).toBe(
    true,
  );
  expect(filtered_counts).toEqual({ waking: 4 });
});
