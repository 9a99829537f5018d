import { endedBy } from '../../core/outcome/gateway-error.ts';
import {
  type FormBody,
  newProgress,
  type Upstream,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamHandle,
  type UpstreamLimits,
  type UpstreamSettings,
} from '../upstream.ts';
import { BytesCall } from './bytes-call.ts';
import type { CallContext, CallHandler } from './call-handler.ts';
import { EventCall } from './event-call.ts';
import { endingOfNetworkError } from './network-error.ts';
import { openPool } from './open-pool.ts';
import { openSession } from './session.ts';
import { StreamCall } from './stream-call.ts';
import { UnaryCall } from './unary-call.ts';

/**
 * Calls to one OpenAI-compatible server by undici's dispatcher: the client's bytes go up as they are, the answer's
 * bytes come down as they are. Redirects are not followed, nothing is sent twice, no encoding is accepted.
 */
export function createPassThrough(
  settings: UpstreamSettings,
  deps: { limits: UpstreamLimits; nowMs: () => number; monotonicMs: () => number },
): Upstream {
  const basePath = new URL(settings.baseUrl).pathname.replace(/\/+$/, '');
  const { pool, wasConnected } = openPool(settings, deps.monotonicMs);
  const context: CallContext = { timeouts: settings.timeouts, wasConnected, ...deps };
  const headers = {
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'outrider',
    ...settings.headers,
    ...(settings.apiKey === undefined ? {} : { authorization: `Bearer ${settings.apiKey}` }),
  };
  const unaryHeaders = { ...headers, accept: 'application/json' };
  const streamHeaders = { ...headers, accept: 'text/event-stream' };

  const sessionHeaders = {
    'user-agent': 'outrider',
    ...settings.headers,
    ...(settings.apiKey === undefined ? {} : { authorization: `Bearer ${settings.apiKey}` }),
  };
  const sessionUrl = `${settings.baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '')}`;
  const sessions = new Set<UpstreamHandle>();

  return {
    call(call: UpstreamCall): UpstreamHandle {
      if (call.session !== undefined) {
        const { headers } = call.session;
        const handle = openSession(call, call.session, context, sessionUrl, {
          ...sessionHeaders,
          ...headers,
          ...call.traceHeaders,
        });
        sessions.add(handle);
        const forget = () => void sessions.delete(handle);
        handle.done.then(forget, forget);
        return handle;
      }
      const progress = newProgress();
      let handler: CallHandler | undefined;
      let upload: ReturnType<FormBody['open']> | undefined;
      const done = new Promise<UpstreamAnswer>((resolve, reject) => {
        const Handler = handlerFor(call);
        const own = new Handler(context, call, progress, { resolve, reject });
        handler = own;
        const { body, traceHeaders } = call;
        const usual = withTrace(call.isStream ? streamHeaders : unaryHeaders, traceHeaders);
        try {
          if (!Buffer.isBuffer(body)) upload = body.open(own);
          pool.dispatch(
            {
              path: basePath + call.path,
              method: 'POST',
              headers: Buffer.isBuffer(body) && isJson(call) ? usual : headersFor(call, usual),
              body: upload ?? (body as Buffer),
            },
            own,
          );
          own.dispatched();
        } catch (error) {
          // Left to the promise alone, the handler's timer would run on.
          own.fail(endingOfNetworkError(error, settings.name, false));
        }
      });
      if (upload !== undefined) {
        const takeNoMore = () => void upload?.destroy();
        done.then(takeNoMore, takeNoMore);
      }
      return {
        done,
        progress,
        abort: (ending) => handler?.fail(endedBy(ending, 'The call was given up.')),
      };
    },
    close() {
      for (const session of sessions) session.abort('shutdown');
      return pool.destroy();
    },
    drain: () => pool.close(),
  };
}

/** Without a trace the same object for every call. */
function withTrace(
  headers: Readonly<Record<string, string>>,
  traceHeaders: UpstreamCall['traceHeaders'],
): Record<string, string> {
  return traceHeaders === undefined ? headers : { ...headers, ...traceHeaders };
}

function handlerFor({ isStream, form }: UpstreamCall) {
  if (!isStream) return UnaryCall;
  if (typeof form === 'string') return StreamCall;
  return form.stream === 'bytes' ? BytesCall : EventCall;
}

/** Whether the answer is JSON or its stream, so that the usual headers fit. */
function isJson({ form, isStream }: UpstreamCall): boolean {
  return typeof form === 'string' || (isStream && form.stream !== 'bytes');
}

function headersFor({ body }: UpstreamCall, usual: Readonly<Record<string, string>>): Record<string, string> {
  // What comes back may be text or sound.
  const headers: Record<string, string> = { ...usual, accept: '*/*' };
  if (Buffer.isBuffer(body)) return headers;
  headers['content-type'] = body.contentType;
  // Of a body whose length nobody knows undici makes chunks.
  if (body.bytes !== undefined) headers['content-length'] = String(body.bytes);
  return headers;
}
