import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { GEN_AI_OPERATION_NAMES } from './core/catalog/gen-ai-operation.ts';
import { PICO_USD_PER_MICRO_USD, usdOf } from './core/money/cost.ts';
import { GatewayError } from './core/outcome/gateway-error.ts';
import type { Job } from './gateway/request/job.ts';
import type { AttemptTrace, ProviderPlaces, RequestTrace, Tracing } from './gateway/request/request-trace.ts';

const SCOPE = 'outrider';
/** What of a context goes to a provider: baggage is between the operator's own services. */
const HANDED_ON = ['traceparent', 'tracestate'] as const;

/**
 * Spans by OpenTelemetry's conventions for generative AI (docs/operations/README.md), through its API alone: whoever
 * registers an SDK (`node --import`) gets them, and until then a request costs one look whether somebody has.
 *
 * @param options.onError told when an SDK throws, which no request is to notice
 */
export function createTracing(options: {
  readonly version: string;
  readonly onError: (error: unknown) => void;
}): Tracing & { flush(): Promise<void> } {
  const { version, onError } = options;
  const quietly = <Result>(work: () => Result): Result | undefined => {
    try {
      return work();
    } catch (error) {
      onError(error);
      return undefined;
    }
  };

  return {
    begin(job, places) {
      const tracer = tracerNow(version);
      if (tracer === undefined) return undefined;
      return quietly(() => beginRequest(tracer, job, places, quietly));
    },
    /** An exporter that sends in batches has some left at the end. */
    async flush() {
      const provider: object = trace.getTracerProvider();
      const delegate: unknown =
        'getDelegate' in provider && typeof provider.getDelegate === 'function'
          ? provider.getDelegate()
          : provider;
      if (typeof delegate !== 'object' || delegate === null || !('forceFlush' in delegate)) return;
      if (typeof delegate.forceFlush !== 'function') return;
      await Promise.resolve(delegate.forceFlush()).catch(onError);
    },
  };
}

/** Ends of answers as the providers' documents name them; of realtime sessions too. Whatever else one says is its own text. */
const FINISH_REASONS: ReadonlySet<string> = new Set([
  'stop',
  'length',
  'tool_calls',
  'function_call',
  'content_filter',
  'error',
  'model_length',
  'eos_token',
  'stop_sequence',
  'insufficient_system_resource',
  'completed',
  'incomplete',
  'cancelled',
  'failed',
]);

function finishReasons(said: string): string[] {
  if (said === '') return [];
  return [FINISH_REASONS.has(said) ? said : 'other'];
}

type Quietly = <Result>(work: () => Result) => Result | undefined;

/**
 * Undefined until an SDK is registered. `getTracer` would always give one, whose spans do nothing but are made all the
 * same; another copy of the API package has another class, so it is asked for by name.
 */
function tracerNow(version: string): Tracer | undefined {
  const provider = trace.getTracerProvider() as ReturnType<typeof trace.getTracerProvider> & {
    getDelegateTracer?: (name: string, version: string) => Tracer | undefined;
  };
  return provider.getDelegateTracer === undefined
    ? provider.getTracer(SCOPE, version)
    : provider.getDelegateTracer(SCOPE, version);
}

function beginRequest(tracer: Tracer, job: Job, places: ProviderPlaces, quietly: Quietly): RequestTrace {
  const { operation, body } = job;
  const around = context.active();
  // An instrumentation of the HTTP server has taken the client's context already.
  const isInside = trace.getSpanContext(around) !== undefined;
  const parent = isInside ? around : clientContext(around, job);
  const operationName = GEN_AI_OPERATION_NAMES[operation.name];
  const span = tracer.startSpan(
    `${operationName} ${body.model}`,
    {
      kind: isInside ? SpanKind.INTERNAL : SpanKind.SERVER,
      attributes: {
        'gen_ai.operation.name': operationName,
        'gen_ai.request.model': body.model,
        'gen_ai.request.stream': operation.isStream(job),
        'outrider.request_id': job.requestId,
      },
    },
    parent,
  );
  const ownContext = trace.setSpan(parent, span);
  let isDecided = false;
  let isSettled = false;

  return {
    decided: (decision) =>
      quietly(() => {
        isDecided = true;
        const { task } = decision.profile;
        span.setAttributes({
          'outrider.task': task,
          'outrider.strategy': decision.strategy,
          'outrider.reason': decision.reason,
          ...ifKnown('outrider.propensity', decision.ranking[0]?.propensity),
        });
      }),
    attempt: (candidate, ranked, number) =>
      quietly(() => {
        const { endpoint } = candidate;
        const attempt = tracer.startSpan(
          `attempt ${endpoint.id}`,
          {
            kind: SpanKind.CLIENT,
            attributes: {
              ...placeAttributes(places, endpoint.provider),
              'outrider.attempt.number': number,
              'outrider.attempt.model': endpoint.upstreamModel,
              'outrider.attempt.propensity': ranked.propensity,
            },
          },
          ownContext,
        );
        return attemptTrace(attempt, trace.setSpan(ownContext, attempt), quietly);
      }) ?? NO_ATTEMPT,
    answered: (candidate, end) =>
      quietly(() => {
        isSettled = true;
        span.setAttributes({
          ...placeAttributes(places, candidate.endpoint.provider),
          'gen_ai.response.model': candidate.model.id,
          'gen_ai.response.finish_reasons': finishReasons(end.finishReason),
          'gen_ai.usage.input_tokens': end.inputTokens,
          'gen_ai.usage.output_tokens': end.outputTokens,
          'gen_ai.usage.cache_read.input_tokens': end.cachedInputTokens,
          ...(operation.isStream(job) && end.ttftMs > 0
            ? { 'gen_ai.response.time_to_first_chunk': end.ttftMs / 1000 }
            : {}),
        });
      }),
    remembered: () =>
      quietly(() => {
        isSettled = true;
        span.setAttribute('outrider.cache', 'hit');
      }),
    failed: (error) =>
      quietly(() => {
        isSettled = true;
        const isOurs = error instanceof GatewayError;
        // A client that has left is told no code.
        const type = isOurs ? error.code || error.ending : undefined;
        span.setAttribute('error.type', type ?? 'internal_error');
        // Names of spans are grouped by: whatever a client makes up must not be one.
        if (!isDecided) span.updateName(operationName);
        // What is wrong with a request is no error of the server that says so.
        const isServers = !isOurs || (error.status >= 500 && error.ending !== 'client_left');
        if (isServers) span.setStatus({ code: SpanStatusCode.ERROR });
      }),
    end: ({ costPicoUsd, attempts }) =>
      quietly(() => {
        if (!isSettled) span.setAttribute('error.type', 'client_left');
        span.setAttributes({
          // Not what it was when the span began where a client used an id twice.
          'outrider.request_id': job.requestId,
          'outrider.attempts': attempts,
          'outrider.cost_usd': usdOf(costPicoUsd / PICO_USD_PER_MICRO_USD),
        });
        span.end();
      }),
  };
}

function attemptTrace(span: Span, own: Context, quietly: Quietly): AttemptTrace {
  const carrier: Record<string, string> = {};
  propagation.inject(own, carrier);
  const headers: Record<string, string> = {};
  for (const name of HANDED_ON) {
    const value = carrier[name];
    if (value !== undefined) headers[name] = value;
  }
  return {
    headers,
    end: (end, costPicoUsd, error) =>
      quietly(() => {
        span.setAttributes({
          'outrider.attempt.ending': end.ending,
          'outrider.attempt.input_tokens': end.inputTokens,
          'outrider.attempt.output_tokens': end.outputTokens,
          'outrider.attempt.cost_usd': usdOf(costPicoUsd / PICO_USD_PER_MICRO_USD),
          'outrider.attempt.time_to_first_token': end.ttftMs / 1000,
          ...(end.httpStatus === 0 ? {} : { 'http.response.status_code': end.httpStatus }),
        });
        if (error !== undefined) {
          span.setAttribute('error.type', end.ending);
          if (end.ending !== 'client_left') span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      }),
  };
}

const NO_ATTEMPT: AttemptTrace = { headers: {}, end: () => {} };

function clientContext(around: Context, { traceparent, tracestate }: Job): Context {
  if (traceparent === undefined) return around;
  return propagation.extract(around, { traceparent, ...(tracestate === undefined ? {} : { tracestate }) });
}

function placeAttributes(places: ProviderPlaces, provider: string): Attributes {
  const place = places.get(provider);
  return {
    'gen_ai.provider.name': place?.name ?? provider,
    ...ifKnown('server.address', place?.address),
    ...ifKnown('server.port', place?.port),
  };
}

function ifKnown(name: string, value: string | number | undefined): Attributes {
  return value === undefined ? {} : { [name]: value };
}
