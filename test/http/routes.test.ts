import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KEY_SCOPES, type KeyScope } from '../../src/store/contract.ts';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from './send.ts';

interface Route {
  /** The scope that opens it, or `open` for everybody. */
  readonly access: KeyScope | 'open';
  /** What is sent: a real path and body. */
  readonly path?: string;
  readonly body?: object;
  /** The answer to whoever may come in; 200 unless said. */
  readonly status?: number;
}

/** Every route of the gateway. One that is missing here fails the test: say who may use it. */
const ROUTES: Readonly<Record<string, Route>> = {
  'POST /v1/chat/completions': {
    access: 'inference',
    body: { model: 'ok', messages: [{ role: 'user', content: 'hi' }] },
  },
  'POST /v1/responses': { access: 'inference', body: { model: 'ok', input: 'hi' } },
  'GET /v1/responses/:id': { access: 'inference', path: '/v1/responses/nobody', status: 404 },
  'DELETE /v1/responses/:id': { access: 'inference', path: '/v1/responses/nobody', status: 404 },
  'POST /v1/messages': {
    access: 'inference',
    body: { model: 'ok', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
  },
  'POST /v1/messages/count_tokens': {
    access: 'inference',
    body: { model: 'ok', messages: [{ role: 'user', content: 'hi' }] },
  },
  'POST /v1/completions': { access: 'inference', body: { model: 'auto', prompt: 'hi' }, status: 404 },
  'POST /v1/embeddings': { access: 'inference', body: { model: 'auto', input: 'hi' }, status: 404 },
  'POST /v1/images/generations': { access: 'inference', body: { prompt: 'hi' }, status: 404 },
  'POST /v1/moderations': { access: 'inference', body: { input: 'hi' }, status: 404 },
  'POST /v1/rerank': {
    access: 'inference',
    body: { model: 'auto', query: 'hi', documents: ['ho'] },
    status: 404,
  },
  'POST /v1/audio/speech': {
    access: 'inference',
    body: { model: 'auto', input: 'hi', voice: 'v' },
    status: 404,
  },
  'POST /v1/audio/transcriptions': { access: 'inference', body: { model: 'auto' }, status: 400 },
  'POST /v1/audio/translations': { access: 'inference', body: { model: 'auto' }, status: 400 },
  'GET /v1/realtime': { access: 'inference', path: '/v1/realtime?model=auto', status: 426 },
  'POST /v1/realtime/client_secrets': { access: 'inference', body: {} },
  'GET /v1/embedding-models': { access: 'admin' },
  'PUT /v1/embedding-models/:key_id': {
    access: 'admin',
    path: '/v1/embedding-models/none',
    body: { model: 'nobody' },
    status: 404,
  },
  'DELETE /v1/embedding-models/:key_id': {
    access: 'admin',
    path: '/v1/embedding-models/none',
    status: 404,
  },
  'GET /v1/models': { access: 'inference' },
  'GET /v1/catalog/runnable': { access: 'inference' },
  'GET /v1/models/*': { access: 'inference', path: '/v1/models/ok' },
  'POST /v1/feedback/:id': {
    access: 'feedback',
    path: '/v1/feedback/nobody',
    body: { score: 1 },
    status: 404,
  },
  'DELETE /v1/feedback/:id': { access: 'feedback', path: '/v1/feedback/nobody', status: 404 },
  'GET /v1/intelligence/rankings': { access: 'intelligence' },
  'POST /v1/route': {
    access: 'inference',
    body: { model: 'ok', messages: [{ role: 'user', content: 'hi' }] },
  },
  // A parameter that there is not: with none the answer has no end.
  'GET /v1/routing-stream': { access: 'intelligence', path: '/v1/routing-stream?for=ever', status: 400 },
  'GET /v1/requests': { access: 'intelligence' },
  'GET /v1/intelligence/recommendations': {
    access: 'intelligence',
    path: '/v1/intelligence/recommendations?task=code+review',
  },
  'GET /v1/intelligence/health': { access: 'intelligence' },
  'GET /v1/feedback': { access: 'intelligence' },
  'GET /v1/feedback/:id': { access: 'intelligence', path: '/v1/feedback/nobody', status: 404 },
  'GET /v1/intelligence/patterns': { access: 'intelligence' },
  'GET /v1/intelligence/sources': { access: 'intelligence' },
  'GET /v1/intelligence/changes': { access: 'intelligence' },
  'GET /v1/intelligence/exposure': { access: 'intelligence' },
  'POST /v1/intelligence/cost-forecast': {
    access: 'intelligence',
    body: { tasks: [{ type: 'review', estimated_tokens: 20_000 }], strategy: 'combined' },
  },
  'GET /v1/intelligence/cost-forecast': { access: 'intelligence' },
  'GET /v1/intelligence/savings': { access: 'intelligence' },
  'POST /v1/intelligence/replay': { access: 'intelligence', body: { strategy: 'quality' } },
  'POST /v1/intelligence/priors': {
    access: 'admin',
    body: { name: 'mine', results: [{ model: 'ok', task: 'translation', score: 1 }] },
  },
  'GET /v1/intelligence/priors': { access: 'admin' },
  'DELETE /v1/intelligence/priors/:name': {
    access: 'admin',
    path: '/v1/intelligence/priors/nobody',
    status: 404,
  },
  'POST /v1/intelligence/models/*': {
    access: 'admin',
    path: '/v1/intelligence/models/nobody/reevaluate',
    status: 404,
  },
  'GET /v1/explain/:id': { access: 'intelligence', path: '/v1/explain/nobody', status: 404 },
  'GET /openapi.json': { access: 'open' },
  'GET /v1/budgets': { access: 'intelligence' },
  'GET /v1/usage': { access: 'intelligence' },
  'POST /v1/keys': { access: 'admin', body: { name: 'one more' } },
  'GET /v1/keys': { access: 'admin' },
  'GET /v1/keys/:id': { access: 'admin', path: '/v1/keys/nobody', status: 404 },
  'PATCH /v1/keys/:id': { access: 'admin', path: '/v1/keys/nobody', body: { name: 'new' }, status: 404 },
  'DELETE /v1/keys/:id': { access: 'admin', path: '/v1/keys/nobody', status: 404 },
  'GET /metrics': { access: 'intelligence' },
  'GET /health/live': { access: 'open' },
  'GET /health/ready': { access: 'open' },
};

const KEYS = ['none', 'malformed', 'unknown', 'foreign', 'revoked', 'expired', ...KEY_SCOPES] as const;
type KeyKind = (typeof KEYS)[number];

const UNGUARDED = '/v1/added-without-a-word';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
/** `METHOD /path` of everything that the gateway serves. */
const served: string[] = [];
/** How many operations each of them is in `/openapi.json`. */
const nameToCount = new Map<string, number>();
const kindToAuthorization = new Map<KeyKind, string>();

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  subscribe('fastify.initialization', listRoutes);
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['ok']));
  unsubscribe('fastify.initialization', listRoutes);
  for (const scope of KEY_SCOPES) {
    const { key } = await gateway.createKey({ scopes: [scope] });
    kindToAuthorization.set(scope, `Bearer ${key}`);
  }
  const expired = await gateway.createKey({ scopes: KEY_SCOPES, expiresAtMs: Date.now() - 1 });
  const revoked = await gateway.createKey({ scopes: KEY_SCOPES });
  await gateway.withStore((store) => store.revokeKey(revoked.record.id));
  const elsewhere = await startGateway(providerToml('up', upstream.baseUrl, ['ok']));
  const foreign = await elsewhere.createKey({ scopes: KEY_SCOPES });
  await elsewhere.stop();
  kindToAuthorization.set('foreign', `Bearer ${foreign.key}`);
  kindToAuthorization.set('expired', `Bearer ${expired.key}`);
  kindToAuthorization.set('revoked', `Bearer ${revoked.key}`);
  kindToAuthorization.set('malformed', `Basic ${Buffer.from('or-x:').toString('base64')}`);
  kindToAuthorization.set('unknown', `Bearer ${revoked.key.slice(0, -1)}`);
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

/** Fastify announces each instance that is made: the routes are those of the very gateway that is asked below. */
function listRoutes(message: unknown): void {
  const { fastify } = message as { fastify: FastifyInstance };
  // What somebody adds one day without a word about who may use it.
  fastify.register(async (plugin) => {
    plugin.get(UNGUARDED, async () => ({ secret: true }));
  });
  fastify.addHook('onRoute', ({ method, url, config }) => {
    // The dashboard's page and its way to these very routes: test/http/dashboard.test.ts.
    if (url === UNGUARDED || url.startsWith('/dashboard')) return;
    for (const one of Array.isArray(method) ? method : [method]) {
      served.push(`${one} ${url}`);
      if (config?.operation === undefined || one === 'HEAD') continue;
      nameToCount.set(`${one} ${url}`, [config.operation].flat().length);
    }
  });
}

function headersOf(kind: KeyKind): Record<string, string> {
  const authorization = kindToAuthorization.get(kind);
  return authorization === undefined ? {} : { authorization };
}

function expectedStatus(route: Route, kind: KeyKind): number {
  if (route.access === 'open' || kind === route.access || kind === 'admin') return route.status ?? 200;
  return KEY_SCOPES.some((scope) => scope === kind) ? 403 : 401;
}

test('the table above is complete', () => {
  const heads = Object.keys(ROUTES).flatMap((name) =>
    name.startsWith('GET') ? [`HEAD${name.slice(3)}`] : [],
  );
  expect(served.sort()).toEqual([...Object.keys(ROUTES), ...heads].sort());
});

test('all of it is in /openapi.json, with the scope that opens it', async () => {
  const { json } = await send(`${gateway.url}/openapi.json`);
  const { paths } = json as { paths: Record<string, Record<string, { description: string }>> };
  const told = Object.values(paths).flatMap((methods) => Object.keys(methods));
  // A route without `config.operation` is missing here: say what it is for (`src/http/operation-doc.ts`).
  expect([...nameToCount.keys()].sort()).toEqual(
    served.filter((name) => !/^HEAD |openapi/.test(name)).sort(),
  );
  expect(told.length).toBe([...nameToCount.values()].reduce((sum, count) => sum + count, 0));
  const scopes = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ description }) =>
      /Needs (no key|a key of the scope `(\w+)`)\.$/.exec(description),
    ),
  );
  const expected = Object.entries(ROUTES).flatMap(([name, { access }]) =>
    /openapi/.test(name) ? [] : Array.from({ length: nameToCount.get(name) ?? 0 }, () => access),
  );
  expect(scopes.map((match) => match?.[2] ?? (match ? 'open' : 'nothing')).sort()).toEqual(expected.sort());
});

test('a route that says nothing about access is closed to all but admins', async () => {
  const statuses: Record<string, number> = {};
  for (const kind of KEYS) {
    statuses[kind] = (await send(`${gateway.url}${UNGUARDED}`, { headers: headersOf(kind) })).status;
  }
  expect(statuses).toEqual({
    none: 401,
    malformed: 401,
    unknown: 401,
    foreign: 401,
    revoked: 401,
    expired: 401,
    inference: 403,
    feedback: 403,
    intelligence: 403,
    admin: 200,
  });
});

describe.each(KEYS)('with the key: %s', (kind) => {
  test.each(Object.entries(ROUTES))('%s', async (name, route) => {
    const [method = '', pattern = ''] = name.split(' ');
    const headers = headersOf(kind);
    const url = `${gateway.url}${route.path ?? pattern}`;
    const callsBefore = upstream.requests.length;
    const answer = await send(url, { method, body: route.body, headers });
    const status = expectedStatus(route, kind);
    expect(answer.status).toBe(status);
    expect(answer.headers['x-request-id']).toBeTruthy();
    if (status === 401 || status === 403) {
      const [type, code] =
        status === 401 ? ['authentication_error', 'invalid_api_key'] : ['permission_error', 'missing_scope'];
      expect(answer.json).toMatchObject({ error: { type, code, param: null } });
      expect(upstream.requests.length).toBe(callsBefore);
    }
    if (method !== 'GET') return;
    const head = await send(url, { method: 'HEAD', headers });
    expect(head).toMatchObject({ status, text: '' });
  });
});

describe('on every route', () => {
  const withEach = async (key: string, urlOf: (path: string) => string) => {
    const answers = new Map<string, Awaited<ReturnType<typeof send>>>();
    for (const [name, route] of Object.entries(ROUTES)) {
      const [method = '', pattern = ''] = name.split(' ');
      const url = `${gateway.url}${urlOf(route.path ?? pattern)}`;
      answers.set(name, await send(url, { method, body: route.body, key }));
    }
    return answers;
  };
  const codeOf = ({ json }: { json: unknown }) => (json as { error?: { code: string } }).error?.code;

  test('a key from an address that is none of its own is a 403', async () => {
    const { key } = await gateway.createKey({ scopes: KEY_SCOPES, allowedAddresses: ['192.0.2.0/24'] });
    const callsBefore = upstream.requests.length;
    for (const [name, answer] of await withEach(key, (path) => path)) {
      if (ROUTES[name]?.access === 'open') continue;
      expect([name, answer.status, codeOf(answer)]).toEqual([name, 403, 'address_not_allowed']);
    }
    expect(upstream.requests.length).toBe(callsBefore);
  });

  test('a key in the URL is a 401, though it is a good one', async () => {
    const { key } = await gateway.createKey({ scopes: KEY_SCOPES });
    const callsBefore = upstream.requests.length;
    const answers = await withEach(key, (path) => `${path}${path.includes('?') ? '&' : '?'}api_key=${key}`);
    for (const [name, answer] of answers) {
      expect([name, answer.status, codeOf(answer)]).toEqual([name, 401, 'key_in_url']);
    }
    expect(upstream.requests.length).toBe(callsBefore);
  });

  test('a key that has used up its minute is a 429 where a model would work, and only there', async () => {
    const { key } = await gateway.createKey({ scopes: KEY_SCOPES, requestsPerMinute: 1 });
    await send(`${gateway.url}/v1/chat/completions`, {
      key,
      body: ROUTES['POST /v1/chat/completions']?.body,
    });
    const callsBefore = upstream.requests.length;
    for (const [name, answer] of await withEach(key, (path) => path)) {
      const route = ROUTES[name];
      const isCounted =
        name === 'GET /v1/realtime' ||
        (route?.access === 'inference' &&
          name.startsWith('POST') &&
          !/count_tokens|client_secrets|route$/.test(name));
      expect([name, answer.status]).toEqual([name, isCounted ? 429 : (route?.status ?? 200)]);
      if (isCounted) expect(codeOf(answer)).toBe('rate_limit_exceeded');
      if (route?.access === 'open') continue;
      expect([name, answer.headers['x-ratelimit-remaining-requests']]).toEqual([name, '0']);
    }
    expect(upstream.requests.length).toBe(callsBefore);
  });
});

test('public_models opens the list of models and nothing else', async () => {
  const open = await startGateway(providerToml('up', upstream.baseUrl, ['ok']), {
    api: 'public_models = true',
  });
  try {
    await open.createKey();
    const statuses: Record<string, number> = {};
    for (const [name, route] of Object.entries(ROUTES)) {
      const [method = '', pattern = ''] = name.split(' ');
      statuses[name] = (
        await send(`${open.url}${route.path ?? pattern}`, { method, body: route.body })
      ).status;
    }
    const opened = Object.entries(statuses).flatMap(([name, status]) => (status === 401 ? [] : [name]));
    expect(opened.sort()).toEqual([
      'GET /health/live',
      'GET /health/ready',
      'GET /openapi.json',
      'GET /v1/models',
      'GET /v1/models/*',
    ]);
  } finally {
    await open.stop();
  }
});

test('what is not there is a 404 with any key and without one', async () => {
  for (const kind of KEYS) {
    const answer = await send(`${gateway.url}/v1/not-there`, { headers: headersOf(kind) });
    expect(answer.status).toBe(404);
  }
});
