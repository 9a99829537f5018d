import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

/** Answers `what` it was told to, by model; a request asks for JSON, so prose fails its check. */
const MODEL_TO_ANSWER: Record<string, { status?: number; content: string }> = {
  cheap: { content: 'certainly! here is your JSON:' },
  middling: { content: '{"answer": 42}' },
  dear: { content: '{"answer": 43}' },
};

let upstream: Server;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const { model } = JSON.parse(Buffer.concat(pieces).toString());
    const { status = 200, content = '' } = MODEL_TO_ANSWER[model] ?? {};
    response.writeHead(status, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model,
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
      }),
    );
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  const model = (name: string, price: number) =>
    `[api.models.${name}]\nendpoints = [{ provider = "up", model = "${name}", input_usd_per_million = ${price}, output_usd_per_million = ${price} }]\n`;
  gateway = await startGateway(
    `[providers.up]\nbase_url = "http://127.0.0.1:${port}/v1"\n${model('dear', 9)}${model('cheap', 1)}${model('middling', 3)}`,
  );
});
afterAll(async () => {
  await gateway.stop();
  upstream.close();
});

async function ask() {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'auto:cascade',
      response_format: { type: 'json_object' },
      messages: [{ role: 'user', content: 'The answer as JSON, please.' }],
    }),
  });
  const body = (await response.json()) as { model: string };
  return { status: response.status, attempts: response.headers.get('x-router-attempts'), model: body.model };
}

describe('cascade', () => {
  it('moves up from an answer that fails its check, no further than needed', async () => {
    expect(await ask()).toEqual({ status: 200, attempts: '2', model: 'middling' });
  });

  it('stays with the cheapest when its answer passes', async () => {
    MODEL_TO_ANSWER.cheap = { content: '{"answer": 41}' };
    expect(await ask()).toEqual({ status: 200, attempts: '1', model: 'cheap' });
  });

  it('comes back to what it has when nobody does better', async () => {
    MODEL_TO_ANSWER.cheap = { content: 'prose' };
    MODEL_TO_ANSWER.middling = { status: 500, content: '' };
    MODEL_TO_ANSWER.dear = { status: 500, content: '' };
    expect(await ask()).toEqual({ status: 200, attempts: '3', model: 'cheap' });
  });
});
