import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import { scanJson } from '../../core/wire/json-members.ts';
import type { Operation } from '../../gateway/request/operation.ts';
import type { RealtimeBody } from '../../gateway/request/operations/realtime.ts';
import { refuseForeignOrigin } from '../admission/foreign-origin.ts';
import { REALTIME_PATH } from '../upgrade-message.ts';
import { answerHeadersSchema } from './chat-answer-schema.ts';
import { type InferenceDeps, jobOf } from './inference.ts';
import { checkRealtimeQuery, realtimeQuerySchema } from './realtime-schema.ts';
import { type PendingUpgrade, SessionLine } from './session-line.ts';
import { chooseProtocol, readProtocols } from './session-protocols.ts';

/** Of RFC 6455, and its last draft, which `ws` takes as well. */
const VERSIONS = new Set(['13', '8']);
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const FULL_WAIT_SECONDS = 5;

/**
 * `GET /v1/realtime`: a request like any other until a provider has taken the session. It walks through the same hooks
 * (keys, hosts, limits) and is refused by a plain answer; only then the connection becomes a WebSocket.
 *
 * @param options.corsOrigins whose pages may open sessions, beside those of this gateway's own host
 * @param options.maxFrameBytes of one message of a client
 */
export function registerRealtime(
  app: FastifyInstance,
  deps: InferenceDeps,
  options: {
    readonly operation: Operation<RealtimeBody>;
    readonly corsOrigins: readonly string[];
    readonly maxFrameBytes: number;
    readonly maxSessions: () => number;
  },
): void {
  const { operation, corsOrigins, maxSessions } = options;
  const upgrades = new WeakMap<IncomingMessage, PendingUpgrade>();
  const headersOf = new WeakMap<IncomingMessage, Readonly<Record<string, string>>>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.maxFrameBytes,
    handleProtocols: chooseProtocol,
  });
  server.on('headers', (lines: string[], request) => {
    for (const [name, value] of Object.entries(headersOf.get(request) ?? {})) {
      lines.push(`${name}: ${String(value).replace(/[^\t -~]/g, '')}`);
    }
  });
  let sessions = 0;

  app.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    readProtocols(request);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    upgrades.set(request, { socket, head });
    app.routing(request, response);
  });

  app.get(
    REALTIME_PATH,
    {
      config: {
        access: 'inference',
        isCounted: true,
        takesClientSecrets: true,
        operation: {
          tag: 'inference',
          summary: 'Open a realtime session',
          description:
            "A WebSocket in OpenAI's realtime API: events as JSON in text frames, both ways. OpenAPI knows no WebSockets: what is described here is the request that opens one, which is refused with the usual errors before. Without `Upgrade: websocket` the answer is 426.",
          query: realtimeQuerySchema,
          answers: {
            101: { description: 'The session is open', headers: answerHeadersSchema },
          },
          errors: [404, 426, 502, 504],
        },
      },
    },
    async (request, reply) => {
      const arrivedMs = deps.monotonicMs();
      const body = checkRealtimeQuery(request.query, betaOf(request));
      const upgrade = upgrades.get(request.raw);
      if (upgrade === undefined) {
        reply.headers({ upgrade: 'websocket', connection: 'Upgrade' });
        throw upgradeRequired();
      }
      refuseForeignOrigin(request.headers, corsOrigins);
      refuseOddHandshake(request);
      if (sessions >= maxSessions()) throw tooManySessions(maxSessions());
      sessions += 1;
      // As if it had come in a body: there are presets that add to one.
      const bytes = Buffer.from(JSON.stringify({ model: body.model }));
      const { members } = scanJson(bytes);
      const job = {
        ...jobOf(request, operation, { bytes, members }, body, arrivedMs),
        // There is no whole answer that could be held back.
        holdsBack: false,
      };
      const line = new SessionLine(reply, upgrade, server, headersOf);
      try {
        await deps.runJob(job, line);
      } catch (error) {
        reply.header('x-request-id', job.requestId);
        throw error;
      } finally {
        sessions -= 1;
      }
      if (line.isOpen) return;
      // Its client left before anything could be said.
      reply.hijack();
      upgrade.socket.destroy();
    },
  );
}

/** Only what OpenAI's clients say there: other words of a client are no business of a provider. */
function betaOf({ headers }: FastifyRequest): string | undefined {
  const beta = headers['openai-beta'];
  return typeof beta === 'string' && /^[\w=., -]{1,100}$/.test(beta) ? beta : undefined;
}

/** What would be refused by `ws` in words of its own. */
function refuseOddHandshake({ headers }: FastifyRequest): void {
  const version = headers['sec-websocket-version'];
  if (version === undefined || !VERSIONS.has(version)) {
    throw badRequest('Only version 13 of the WebSocket protocol is spoken here (Sec-WebSocket-Version).');
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    throw badRequest('A WebSocket needs a Sec-WebSocket-Key of 16 bytes in base64.');
  }
  const protocols = headers['sec-websocket-protocol'];
  if (
    protocols !== undefined &&
    !/^[!#$%&'*+.^_`|~\w-]+(\s*,\s*[!#$%&'*+.^_`|~\w-]+)*$/.test(protocols.trim())
  ) {
    throw badRequest('Sec-WebSocket-Protocol is a list of names with commas between them.');
  }
  const names = protocols?.split(',').map((name) => name.trim()) ?? [];
  if (new Set(names).size < names.length) throw badRequest('Sec-WebSocket-Protocol names one twice.');
}

function upgradeRequired(): GatewayError {
  return new GatewayError({
    status: 426,
    code: 'upgrade_required',
    message: `A session is a WebSocket: connect to ws://…${REALTIME_PATH}?model=auto with a WebSocket client.`,
  });
}

function tooManySessions(most: number): GatewayError {
  return new GatewayError({
    status: 503,
    code: 'too_many_sessions',
    message: `All ${most} realtime sessions that this gateway keeps at a time are in use (realtime.max_sessions).`,
    retryAfterSeconds: FULL_WAIT_SECONDS,
  });
}
