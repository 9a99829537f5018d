import { Pool } from 'undici';
import { endedBy } from '../../core/outcome/gateway-error.ts';
import type {
  CallProgress,
  Upstream,
  UpstreamAnswer,
  UpstreamCall,
  UpstreamHandle,
  UpstreamLimits,
  UpstreamSettings,
} from '../upstream.ts';
import type { CallContext } from './call-handler.ts';
import { endingOfNetworkError } from './network-error.ts';
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
  const url = new URL(settings.baseUrl);
  const basePath = url.pathname.replace(/\/+$/, '');
  const pool = new Pool(url.origin, {
    connections: settings.maxConnections,
    pipelining: 1,
    connect: { timeout: settings.timeouts.connectMs },
    // Deadlines are ours, per phase and exact; undici's run on a half-second clock.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 32 * 1024,
  });
  let connections = 0;
  let lastLostMs = Number.NEGATIVE_INFINITY;
  pool.on('connect', () => {
    connections += 1;
  });
  pool.on('disconnect', () => {
    connections -= 1;
    lastLostMs = deps.monotonicMs();
  });
  const context: CallContext = {
    timeouts: settings.timeouts,
    wasConnected: (sinceMs) => connections > 0 || lastLostMs >= sinceMs,
    ...deps,
  };
  const headers = {
    'content-type': 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'outrider',
    ...settings.headers,
    ...(settings.apiKey === undefined ? {} : { authorization: `Bearer ${settings.apiKey}` }),
  };
  const unaryHeaders = { ...headers, accept: 'application/json' };
  const streamHeaders = { ...headers, accept: 'text/event-stream' };

  return {
    call(call: UpstreamCall): UpstreamHandle {
      const progress: CallProgress = {
        queueMs: 0,
        isSent: false,
        httpStatus: 0,
        ttftMs: 0,
        usage: undefined,
        tokenEvents: 0,
        textBytes: 0,
        lastChunk: undefined,
      };
      let handler: StreamCall | UnaryCall | undefined;
      const done = new Promise<UpstreamAnswer>((resolve, reject) => {
        const Handler = call.isStream ? StreamCall : UnaryCall;
        const own = new Handler(context, call, progress, { resolve, reject });
        handler = own;
        try {
          pool.dispatch(
            {
              path: basePath + call.path,
              method: 'POST',
              headers: call.isStream ? streamHeaders : unaryHeaders,
              body: call.body,
            },
            own,
          );
          own.dispatched();
        } catch (error) {
          // Left to the promise alone, the handler's timer would run on.
          own.fail(endingOfNetworkError(error, settings.name, false));
        }
      });
      return {
        done,
        progress,
        abort: (ending) => handler?.fail(endedBy(ending, 'The call was given up.')),
      };
    },
    close: () => pool.destroy(),
    drain: () => pool.close(),
  };
}
