import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTracing } from '../src/tracing.ts';
import { providerToml, startGateway, type TestGateway } from './fixtures/gateway.ts';
import { startGatewayProcess } from './fixtures/gateway-process.ts';
import { type ScriptedAnswer, type ScriptedServer, startScriptedServer } from './fixtures/scripted-server.ts';
import { type Answer, send } from './http/send.ts';

const CLIENT_TRACE = '0af7651916cd43dd8448eb211c80319c';
const CLIENT_SPAN = 'b7ad6b7169203331';
const traceparent = `00-${CLIENT_TRACE}-${CLIENT_SPAN}-01`;
const PROMPT = 'canary-prompt-5e31';
const ANSWER = 'canary-answer-77b0';
const KEY = 'sk-canary-provider-19c4';

const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'upstream-name',
  choices: [{ index: 0, message: { role: 'assistant', content: ANSWER }, finish_reason: 'stop' }],
  usage: {
    prompt_tokens: 12,
    completion_tokens: 7,
    total_tokens: 19,
    prompt_tokens_details: { cached_tokens: 4 },
  },
};
const failure: ScriptedAnswer = { status: 500, body: { error: { message: `broken by ${PROMPT}` } } };
const chunk = (delta: object, reason: string | null, more: object = {}) =>
  `data: ${JSON.stringify({ ...completion, object: 'chat.completion.chunk', usage: null, choices: [{ index: 0, delta, finish_reason: reason }], ...more })}\n\n`;

let upstream: ScriptedServer;
/** Sends the first event of a stream and nothing more. */
const hanging = createServer((_incoming, outgoing) => {
  outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
  outgoing.write(chunk({ content: ANSWER }, null));
});
let gateway: TestGateway;
let answers: ScriptedAnswer[] = [];
const exporter = new InMemorySpanExporter();
const sdk = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

beforeAll(async () => {
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  upstream = await startScriptedServer(() => answers.shift() ?? { body: completion });
  gateway = await startGateway(
    providerToml('first', upstream.baseUrl, ['alpha'], { provider: 'api_key_env = "CANARY_KEY"' }) +
      providerToml('mistral', upstream.baseUrl, ['beta']) +
      providerToml('hanging', `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/v1`, ['slow']),
    { env: { CANARY_KEY: KEY } },
  );
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  hanging.closeAllConnections();
  await new Promise((resolve) => hanging.close(resolve));
});
afterEach(() => {
  exporter.reset();
  upstream.requests.length = 0;
  answers = [];
});

const ask = (body: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  send(`${gateway.url}/v1/chat/completions`, {
    headers,
    body: { model: 'alpha', messages: [{ role: 'user', content: PROMPT }], ...body },
  });

describe('without an SDK', () => {
  it('makes no span and hands nothing on', async () => {
    const tracing = createTracing({ version: '0', onError: (error) => expect.unreachable(String(error)) });
    expect(tracing.begin({} as never, new Map())).toBeUndefined();
    await tracing.flush();
    expect((await ask({}, { traceparent })).status).toBe(200);
    expect(upstream.requests[0]?.headers.traceparent).toBeUndefined();
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

describe('with an SDK', () => {
  beforeAll(() => sdk.register());
  afterAll(async () => {
    await sdk.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  });

  /** In the order of their beginning. */
  const spans = (): ReadableSpan[] =>
    exporter
      .getFinishedSpans()
      .toSorted(
        (one, other) => one.startTime[0] - other.startTime[0] || one.startTime[1] - other.startTime[1],
      );
  const requestSpan = () => {
    const [first, ...others] = spans().filter(({ attributes }) => 'gen_ai.operation.name' in attributes);
    expect(others).toEqual([]);
    if (first === undefined) throw new Error('there is no span of the request');
    return first;
  };
  const attemptSpans = () => spans().filter(({ attributes }) => 'outrider.attempt.number' in attributes);

  it('tells of a request and its attempt in the terms of the conventions, within the trace of the client', async () => {
    const answer = await ask({}, { traceparent, tracestate: 'vendor=1' });
    const request = requestSpan();
    const [attempt] = attemptSpans();
    expect(request.name).toBe('chat alpha');
    expect(request.kind).toBe(SpanKind.SERVER);
    expect(request.spanContext().traceId).toBe(CLIENT_TRACE);
    expect(request.parentSpanContext?.spanId).toBe(CLIENT_SPAN);
    expect(request.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'alpha',
      'gen_ai.request.stream': false,
      'gen_ai.provider.name': 'first',
      'gen_ai.response.model': 'alpha',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': 12,
      'gen_ai.usage.output_tokens': 7,
      'gen_ai.usage.cache_read.input_tokens': 4,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(upstream.baseUrl).port),
      'outrider.request_id': answer.headers['x-request-id'],
      'outrider.task': answer.headers['x-router-task'],
      'outrider.strategy': answer.headers['x-router-strategy'],
      'outrider.reason': 'explicit',
      'outrider.propensity': 1,
      'outrider.attempts': 1,
      'outrider.cost_usd': Number(answer.headers['x-router-cost-usd']),
    });
    expect(request.status.code).toBe(SpanStatusCode.UNSET);
    expect(attempt?.name).toBe('attempt first/alpha');
    expect(attempt?.kind).toBe(SpanKind.CLIENT);
    expect(attempt?.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(attempt?.attributes).toMatchObject({
      'gen_ai.provider.name': 'first',
      'outrider.attempt.number': 0,
      'outrider.attempt.model': 'alpha',
      'outrider.attempt.ending': 'completed',
      'outrider.attempt.input_tokens': 12,
      'outrider.attempt.output_tokens': 7,
      'http.response.status_code': 200,
    });
    // Whoever adds up usage over all spans must find it once.
    expect(Object.keys(attempt?.attributes ?? {}).filter((name) => name.startsWith('gen_ai.usage'))).toEqual(
      [],
    );
    const { headers } = upstream.requests[0] ?? {};
    expect(headers?.traceparent).toBe(`00-${CLIENT_TRACE}-${attempt?.spanContext().spanId}-01`);
    expect(headers?.tracestate).toBe('vendor=1');
  });

  it('begins a trace where the client has none, or one that makes no sense', async () => {
    await ask();
    await ask({}, { traceparent: 'nonsense' });
    const requests = spans().filter(({ attributes }) => 'gen_ai.operation.name' in attributes);
    expect(requests).toHaveLength(2);
    for (const { parentSpanContext } of requests) expect(parentSpanContext).toBeUndefined();
    expect(requests[0]?.spanContext().traceId).not.toBe(requests[1]?.spanContext().traceId);
  });

  it('has a span for each attempt, and tells of the answer of the one that was given', async () => {
    answers = [failure];
    const answer = await ask({ models: ['alpha', 'beta'], model: 'alpha' });
    expect(answer.status).toBe(200);
    const [first, second] = attemptSpans();
    expect(first?.attributes).toMatchObject({
      'error.type': 'server_error',
      'http.response.status_code': 500,
      'outrider.attempt.number': 0,
    });
    expect(first?.status.code).toBe(SpanStatusCode.ERROR);
    expect(second?.attributes).toMatchObject({
      'gen_ai.provider.name': 'mistral',
      'outrider.attempt.number': 1,
      'outrider.attempt.ending': 'completed',
    });
    expect(requestSpan().attributes).toMatchObject({
      'gen_ai.response.model': 'beta',
      'outrider.attempts': 2,
    });
    expect(requestSpan().attributes).not.toHaveProperty('error.type');
    // Each attempt is a parent of its own at the provider.
    expect(new Set(upstream.requests.map(({ headers }) => headers.traceparent)).size).toBe(2);
  });

  it('lasts as long as a stream, and says when its first token came', async () => {
    answers = [
      {
        type: 'text/event-stream',
        body: `${chunk({ content: ANSWER }, null)}${chunk({}, 'stop')}${chunk({}, null, { choices: [], usage: completion.usage })}data: [DONE]\n\n`,
      },
    ];
    const { text } = await ask({ stream: true });
    expect(text).toContain('[DONE]');
    const { attributes } = requestSpan();
    expect(attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.usage.output_tokens': 7,
      'gen_ai.response.finish_reasons': ['stop'],
    });
    expect(attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
  });

  it('keeps what a provider makes up as the end of an answer to itself', async () => {
    const [choice] = completion.choices;
    answers = [{ body: { ...completion, choices: [{ ...choice, finish_reason: `${PROMPT}: ${ANSWER}` }] } }];
    expect((await ask()).status).toBe(200);
    expect(requestSpan().attributes['gen_ai.response.finish_reasons']).toEqual(['other']);
  });

  it('is not named by a wish that there is not', async () => {
    expect((await ask({ model: 'auto:made-up' })).status).toBe(400);
    expect(requestSpan().name).toBe('chat');
  });

  it('tells what a stream broke off with', async () => {
    answers = [
      { type: 'text/event-stream', body: [Buffer.from(chunk({ content: ANSWER }, null))], isCut: true },
    ];
    expect((await ask({ stream: true })).text).not.toContain('[DONE]');
    expect(requestSpan().attributes['error.type']).toBe('upstream_error');
    expect(attemptSpans()[0]?.attributes['error.type']).toBe('stream_after_token');
    expect(requestSpan().status.code).toBe(SpanStatusCode.ERROR);
  });

  it('tells an error of the client from one of the gateway', async () => {
    const wrong = await ask({ model: 'gamma' });
    expect(wrong.status).toBe(404);
    expect(requestSpan().attributes['error.type']).toBe('model_not_found');
    expect(requestSpan().name).toBe('chat');
    expect(requestSpan().status.code).toBe(SpanStatusCode.UNSET);
    expect(attemptSpans()).toEqual([]);
    exporter.reset();
    answers = [failure, failure, failure];
    const broken = await ask();
    expect(broken.status).toBe(502);
    expect(requestSpan().attributes['error.type']).toBe(
      (broken.json as { error: { code: string } }).error.code,
    );
    expect(requestSpan().status.code).toBe(SpanStatusCode.ERROR);
  });

  it('knows a client that has left', async () => {
    const leaving = new AbortController();
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'slow', stream: true, messages: [{ role: 'user', content: PROMPT }] }),
      signal: leaving.signal,
    });
    await response.body?.getReader().read();
    leaving.abort();
    await expect.poll(() => exporter.getFinishedSpans().length).toBe(2);
    expect(requestSpan().attributes['error.type']).toBe('client_left');
    expect(requestSpan().status.code).toBe(SpanStatusCode.UNSET);
  });

  it('is a part of the span that an instrumentation of HTTP has begun', async () => {
    const tracer = trace.getTracer('http');
    await tracer.startActiveSpan('POST', async (outer) => {
      const tracing = createTracing({ version: '0', onError: (error) => expect.unreachable(String(error)) });
      const job = {
        operation: { name: 'embeddings', isStream: () => false },
        body: { model: 'auto' },
        requestId: 'req_1',
        traceparent,
        tracestate: undefined,
      };
      tracing.begin(job as never, new Map())?.end({ costPicoUsd: 0, attempts: 0 });
      outer.end();
      expect(requestSpan()).toMatchObject({ name: 'embeddings auto', kind: SpanKind.INTERNAL });
      expect(requestSpan().parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
    });
  });

  it('holds no word of prompts, answers, keys or of what providers say', async () => {
    answers = [{ body: completion }, failure, failure];
    await ask({ user: PROMPT, metadata: { note: PROMPT }, session_id: PROMPT }, { 'x-session-id': PROMPT });
    await ask();
    await ask({ messages: PROMPT });
    const all = JSON.stringify(
      spans().map(({ name, attributes, events, status, links, resource }) => [
        name,
        attributes,
        events,
        status,
        links,
        resource.attributes,
      ]),
    );
    expect(spans().length).toBeGreaterThan(3);
    for (const secret of [PROMPT, ANSWER, KEY]) expect(all).not.toContain(secret);
  });

  it('lets no request notice an SDK that throws', async () => {
    const thrown: unknown[] = [];
    const tracing = createTracing({ version: '0', onError: (error) => thrown.push(error) });
    const job = {
      operation: {
        name: 'chat',
        isStream: () => {
          throw new Error('broken');
        },
      },
      body: { model: 'auto' },
    };
    expect(tracing.begin(job as never, new Map())).toBeUndefined();
    expect(thrown).toHaveLength(1);
  });
});

it('sends its spans to a collector with the file that operators preload, the last ones when it ends', async () => {
  const bodies: string[] = [];
  const collector = createServer(async (incoming, outgoing) => {
    let text = '';
    for await (const piece of incoming) text += piece;
    bodies.push(`${incoming.url} ${text}`);
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'outrider-tracing-'));
  const preload = pathToFileURL(fileURLToPath(new URL('../docs/operations/tracing.mjs', import.meta.url)));
  try {
    const configPath = join(folder, 'outrider.toml');
    await writeFile(
      configPath,
      `[api]\naddress = "127.0.0.1:0"\nunready_seconds = 0\n[store]\nurl = ${JSON.stringify(`sqlite:${join(folder, 'outrider.db')}`)}\n`,
    );
    const running = await startGatewayProcess(configPath, {
      NODE_OPTIONS: `--import=${preload}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      // What arrives has been flushed.
      OTEL_BSP_SCHEDULE_DELAY: '600000',
    });
    const answer = await send(`${running.url}/v1/chat/completions`, {
      headers: { traceparent },
      body: { model: 'auto', messages: [{ role: 'user', content: `Translate to French: ${PROMPT}` }] },
    });
    expect(answer.status).toBe(200);
    expect(bodies).toEqual([]);
    running.kill('SIGTERM');
    expect((await running.exited).code).toBe(0);
    const sent = bodies.join('\n');
    expect(sent).toMatch(/^\/v1\/traces \{/);
    for (const part of [
      '"outrider"',
      'deployment.environment.name',
      'chat auto',
      CLIENT_TRACE,
      'gen_ai.usage.output_tokens',
    ])
      expect(sent).toContain(part);
    expect(sent).not.toContain(PROMPT);
  } finally {
    await rm(folder, { recursive: true, force: true });
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
  }
}, 180_000);
