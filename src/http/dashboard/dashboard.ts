import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyCookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import { explain } from '../inference/chat-schema.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { createSessions, SESSION_SECONDS } from './sessions.ts';

export interface DashboardOptions {
  /** Where the page was built to; it may not be there. */
  readonly assetsFolder: string;
  readonly newSecret: () => string;
  readonly monotonicMs: () => number;
}

const COOKIE = 'outrider_dashboard';
/** What a page of another origin cannot send without being asked whether it may. */
const OWN_HEADER = 'x-outrider-dashboard';

/** What the page may ask for: everything that is there to be looked at, and what it lets one do. No inference. */
const REACHABLE =
  /^(intelligence\/|explain\/|feedback\/|keys(\/|\?|$)|usage(\?|$)|budgets(\?|$)|models(\/|\?|$)|requests(\/|\?|$)|catalog\/)/;

/** The page loads nothing from anywhere else, and nobody else may show it inside a page of theirs. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const POLICY_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const MOST_UNREAD_BYTES = 1024 * 1024;

const loginSchema = z.strictObject({ key: z.string().min(1).max(256) });

/**
 * The dashboard at `/dashboard`: a page, a login, and a way from there to the API. The cookie is good for this way
 * alone: it is bound to `/dashboard`, and `/v1` never looks at it. Behind it each call is made with the key that
 * logged in, so that what the page may see and do is what that key may.
 */
export async function registerDashboard(app: FastifyInstance, options: DashboardOptions): Promise<void> {
  const sessions = createSessions(options.newSecret, options.monotonicMs);
  await app.register(fastifyCookie);

  await app.register(
    async (page) => {
      page.addHook('onSend', (_request, reply, _payload, done) => {
        reply.headers(POLICY_HEADERS);
        done();
      });
      const config = { access: 'open' } as const;
      // Its files hold nothing that is anybody's: they need no key.
      page.addHook('onRoute', (route) => {
        route.config = { ...config, ...route.config };
      });

      if (existsSync(join(options.assetsFolder, 'index.html'))) {
        await page.register(fastifyStatic, {
          root: options.assetsFolder,
          prefix: '/',
          wildcard: false,
          index: false,
          immutable: true,
          maxAge: '1y',
          decorateReply: true,
        });
        page.get('/', { config }, (_request, reply) => sendPage(reply));
      } else {
        page.get('/', { config }, async () => {
          throw new GatewayError({
            status: 503,
            code: 'dashboard_not_built',
            message: 'The dashboard has not been built. `npm start` does it; `npm run build` does only that.',
          });
        });
      }

      page.post<{ Body: JsonBody | undefined }>('/login', { config }, async (request, reply) => {
        refuseForeignPage(request);
        const read = loginSchema.safeParse(presentBody(request.body).json);
        if (!read.success) throw explain(read.error);
        const { key } = read.data;
        const trial = await ask(request, key, 'GET', 'usage?limit=1');
        if (trial.statusCode !== 200) return pass(reply, trial);
        reply.setCookie(COOKIE, sessions.open(key), {
          path: '/dashboard',
          httpOnly: true,
          sameSite: 'strict',
          secure: request.protocol === 'https',
          maxAge: SESSION_SECONDS,
        });
        return { status: 'ok' };
      });
      page.get('/session', { config }, async (request, reply) => {
        reply.header('cache-control', 'no-store');
        return { is_logged_in: sessions.keyOf(request.cookies[COOKIE]) !== undefined };
      });
      page.post('/logout', { config }, async (request, reply) => {
        refuseForeignPage(request);
        sessions.close(request.cookies[COOKIE]);
        reply.clearCookie(COOKIE, { path: '/dashboard' });
        return { status: 'ok' };
      });
      page.get('/stream', { config, exposeHeadRoute: false }, async (request, reply) => {
        refuseForeignPage(request);
        const secret = request.cookies[COOKIE];
        const key = sessions.keyOf(secret);
        const gone = new AbortController();
        // Who logs out in one tab is out in all of them.
        const leave = sessions.onEnded(secret, () => {
          gone.abort();
          reply.raw.destroy();
        });
        reply.raw.once('close', () => {
          leave();
          gone.abort();
        });
        const call = callOf(request, key, 'GET', 'routing-stream');
        const answer = await app
          .inject({ ...call, payloadAsStream: true, signal: gone.signal })
          .catch((error: unknown) => {
            if (gone.signal.aborted) return undefined;
            throw error;
          });
        return answer === undefined ? reply.hijack() : passStream(reply, answer);
      });
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE'] as const) {
        page.route<{ Body: JsonBody | undefined }>({
          method,
          url: '/api/*',
          config,
          exposeHeadRoute: false,
          handler: async (request, reply) => {
            refuseForeignPage(request);
            const target = targetOf(request.url);
            if (!REACHABLE.test(target)) {
              throw badRequest('The dashboard has no way to this part of the API.');
            }
            const key = sessions.keyOf(request.cookies[COOKIE]);
            return pass(reply, await ask(request, key, method, target, request.body?.bytes));
          },
        });
      }
    },
    { prefix: '/dashboard' },
  );

  /** As if the key had asked by itself, from where the page is looked at. */
  function ask(
    request: FastifyRequest,
    key: string | undefined,
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    target: string,
    payload?: Buffer,
  ) {
    return app.inject(callOf(request, key, method, target, payload));
  }

  function callOf(
    request: FastifyRequest,
    key: string | undefined,
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    target: string,
    payload?: Buffer,
  ) {
    const lastEventId = request.headers['last-event-id'];
    return {
      method,
      url: `/v1/${target}`,
      remoteAddress: request.ip,
      headers: {
        host: request.headers.host,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(request.headers['if-none-match'] ? { 'if-none-match': request.headers['if-none-match'] } : {}),
        ...(typeof lastEventId === 'string' ? { 'last-event-id': lastEventId } : {}),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(payload === undefined ? {} : { payload }),
    };
  }
}

/** Where the way leads in the end: `%2e%2e` leads back up as `..` does, and is taken for it below. */
function targetOf(url: string): string {
  const behind = url.slice(url.indexOf('/api/') + '/api/'.length);
  const { pathname, search } = new URL(`/v1/${behind}`, 'http://localhost');
  return pathname.startsWith('/v1/') ? pathname.slice('/v1/'.length) + search : '';
}

function sendPage(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-cache').sendFile('index.html', { cacheControl: false });
}

async function pass(
  reply: FastifyReply,
  answer: Awaited<ReturnType<FastifyInstance['inject']>>,
): Promise<FastifyReply> {
  for (const name of ['content-type', 'etag', 'x-request-id', 'retry-after']) {
    const value = answer.headers[name];
    if (value !== undefined) reply.header(name, value);
  }
  return reply.code(answer.statusCode).header('cache-control', 'no-store').send(answer.rawPayload);
}

/** Events as they come. Who does not read them is cut before what waits takes the memory. */
function passStream(
  reply: FastifyReply,
  answer: Awaited<ReturnType<FastifyInstance['inject']>>,
): FastifyReply {
  const { raw } = reply.hijack();
  const type = answer.headers['content-type'];
  raw.writeHead(answer.statusCode, {
    ...(reply.getHeaders() as Record<string, string>),
    ...(type === undefined ? {} : { 'content-type': type }),
    ...POLICY_HEADERS,
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  const stream = answer.stream();
  // Ends with the page that watched: nobody is left to be told.
  stream.on('error', () => raw.destroy());
  stream.on('end', () => raw.end());
  stream.on('data', (bytes: Buffer) => {
    if (raw.writableLength > MOST_UNREAD_BYTES) raw.destroy();
    else raw.write(bytes);
  });
  return reply;
}

/** The cookie is `SameSite=Strict` already; this holds where a browser does not know that. */
function refuseForeignPage({ headers }: FastifyRequest): void {
  if (headers[OWN_HEADER] === '1') return;
  throw new GatewayError({
    status: 403,
    code: 'not_the_dashboard',
    message: `This is for the dashboard's own page, which sends the header '${OWN_HEADER}: 1'. Programs use /v1 with a key.`,
  });
}
