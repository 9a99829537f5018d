import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

/** Answers `what` it was told to, by model; a request asks for JSON, so prose fails its check. */
const MODEL_TO_ANSWER: Record<string, { status?: number; content: string; finishReason?: string }> = {
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
    const { status = 200, content = '', finishReason = 'stop' } = MODEL_TO_ANSWER[model] ?? {};
    response.writeHead(status, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        created: 1,
        model,
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finishReason }],
        usage: {
          prompt_tokens: 5,
          completion_tokens: 5,
          total_tokens: 10,
          prompt_tokens_details: { cached_tokens: 2 },
        },
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

interface Served {
  readonly status: number;
  readonly attempts: string | null;
  readonly model: string;
}

async function send(
  request: object,
): Promise<{ seen: Served; requestId: string; costs: (number | undefined)[] }> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-router-metadata': 'enabled' },
    body: JSON.stringify({
      model: 'auto:cascade',
      messages: [{ role: 'user', content: 'The answer, please.' }],
      ...request,
    }),
  });
  const { headers, status } = response;
  const body = (await response.json()) as {
    model: string;
    usage?: { cost: number; cost_usd: number };
    router_metadata?: { cost_usd: number; attempts: number };
  };
  return {
    seen: { status, attempts: headers.get('x-router-attempts'), model: body.model },
    requestId: String(headers.get('x-request-id')),
    costs: [
      Number(headers.get('x-router-cost-usd')),
      body.usage?.cost,
      body.usage?.cost_usd,
      body.router_metadata?.cost_usd,
    ],
  };
}

const ask = async () => (await send({ response_format: { type: 'json_object' } })).seen;

async function explain(requestId: string) {
  const response = await fetch(`${gateway.url}/v1/explain/${requestId}`);
  return (await response.json()) as {
    model: string;
    cost: { actual_usd: number };
    attempts: { model: string; usage: object }[];
    learnt: { automatic: object | null }[];
  };
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

  it('costs what all its attempts cost', async () => {
    MODEL_TO_ANSWER.cheap = { content: '' };
    MODEL_TO_ANSWER.middling = { content: '42' };
    const { seen, costs, requestId } = await send({});
    expect(seen).toEqual({ status: 200, attempts: '2', model: 'middling' });
    const { cost, attempts } = await explain(requestId);
    expect(costs).toEqual(costs.map(() => cost.actual_usd));
    expect(cost.actual_usd).toBeCloseTo(40e-6, 9);
    expect(attempts.map(({ usage }) => usage)).toEqual([
      { input_tokens: 5, output_tokens: 5, cached_input_tokens: 2 },
      { input_tokens: 5, output_tokens: 5, cached_input_tokens: 2 },
    ]);
  });

  it('serves the best of what failed its checks, the later of equals, and takes feedback on that', async () => {
    MODEL_TO_ANSWER.cheap = { content: 'A beginning of', finishReason: 'length' };
    MODEL_TO_ANSWER.middling = { content: '' };
    MODEL_TO_ANSWER.dear = { content: '' };
    const { seen, requestId } = await send({});
    expect(seen).toEqual({ status: 200, attempts: '3', model: 'cheap' });
    expect((await explain(requestId)).model).toBe('cheap');
    const response = await fetch(`${gateway.url}/v1/feedback/${requestId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ score: 1 }),
    });
    expect(await response.json()).toMatchObject({ moved: { model: 'cheap' } });

    MODEL_TO_ANSWER.cheap = { content: '' };
    MODEL_TO_ANSWER.dear = { content: 'A beginning of', finishReason: 'length' };
    MODEL_TO_ANSWER.middling = { content: 'A middle of', finishReason: 'length' };
    expect((await send({})).seen).toEqual({ status: 200, attempts: '3', model: 'dear' });
  });

  it('a failure behind an answer in hand is nobody’s bad answer', async () => {
    MODEL_TO_ANSWER.cheap = { content: '' };
    MODEL_TO_ANSWER.middling = { status: 500, content: '' };
    MODEL_TO_ANSWER.dear = { status: 500, content: '' };
    const { requestId } = await send({});
    const { learnt } = await explain(requestId);
    expect(learnt.map(({ automatic }) => automatic !== null)).toEqual([true, false, false]);
  });
});
