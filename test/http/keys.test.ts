import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Answer, type SendOptions, send } from './send.ts';

let upstream: MisbehavingUpstream;
let toml: string;
let gateway: TestGateway;
let admin: string;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  toml = providerToml('up', upstream.baseUrl, ['ok', '500']);
});
afterAll(() => upstream.close());

type Shown = { readonly id: string; readonly key: string; readonly state: string } & Record<string, unknown>;

const call = (path: string, options: SendOptions = {}) =>
  send(`${gateway.url}/v1/keys${path}`, { key: admin, ...options });
const make = async (body: object) => (await call('', { body })).json as Shown;
const chatStatus = async (key: string | undefined) =>
  (
    await send(`${gateway.url}/v1/chat/completions`, {
      key,
      body: { model: 'ok', messages: [{ role: 'user', content: 'hi' }] },
    })
  ).status;

function expectError(answer: Answer, status: number, code: string, param: string | null, says: RegExp): void {
  expect(answer.json).toMatchObject({ error: { code, param, message: expect.stringMatching(says) } });
  expect(answer.status).toBe(status);
}

describe('with an admin key', () => {
  beforeAll(async () => {
    gateway = await startGateway(toml);
    admin = (await gateway.createKey({ name: 'admin', scopes: ['admin'] })).key;
  });
  afterAll(() => gateway.stop());

  const EVERYTHING = {
    name: 'guest',
    scopes: ['inference', 'intelligence'],
    allowed_models: ['ok'],
    allowed_providers: ['up'],
    allowed_addresses: ['127.0.0.0/8', '2001:db8::1'],
    plan: 'pro',
    requests_per_minute: 7,
    tokens_per_minute: 8_000,
    budget_usd_per_day: 0.25,
    budget_usd_per_month: 5,
    on_exhausted: 'downgrade',
    hold_back: true,
    expires_at: '2099-01-31T12:00:00.000Z',
  };

  test('a key is made with all that can be said of it, and its text is shown this once', async () => {
    const answer = await call('', { body: EVERYTHING });
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const made = answer.json as Shown;
    expect(made).toEqual({
      object: 'key',
      id: expect.stringMatching(/^key_[0-9a-f]{16}$/),
      key: expect.stringMatching(/^or-[0-9A-Za-z]{36}$/),
      prefix: made.key.slice(0, 10),
      state: 'active',
      ...EVERYTHING,
      limits: { requests_per_minute: 7, tokens_per_minute: 8_000 },
      created_at: expect.stringMatching(/Z$/),
      revoked_at: null,
    });
    expect(await chatStatus(made.key)).toBe(200);
    const { key: _key, ...rest } = made;
    const shown = await call(`/${made.id}`);
    expect(shown.json).toEqual(rest);
    for (const text of [shown.text, (await call('')).text]) expect(text).not.toContain(made.key.slice(10));
  });

  test('without a word it has the scopes of an application and no limit', async () => {
    expect(await make({ name: ' app ' })).toMatchObject({
      name: 'app',
      scopes: ['inference', 'feedback'],
      allowed_models: null,
      allowed_providers: null,
      allowed_addresses: null,
      plan: null,
      limits: { requests_per_minute: null, tokens_per_minute: null },
      budget_usd_per_day: null,
      budget_usd_per_month: null,
      on_exhausted: 'stop',
      hold_back: false,
      expires_at: null,
    });
    expect(await make({ name: 'app', plan: 'free' })).toMatchObject({
      requests_per_minute: null,
      limits: { requests_per_minute: 20, tokens_per_minute: 100_000 },
    });
  });

  test.each([
    [{}, 'invalid_value', 'name', /name/],
    [{ name: 'two\nlines' }, 'invalid_value', 'name', /1 to 200 characters on one line/],
    [{ name: 'x', scopes: [] }, 'invalid_value', 'scopes', /at least one scope/],
    [
      { name: 'x', scopes: ['root'] },
      'invalid_value',
      'scopes[0]',
      /inference, feedback, intelligence, admin/,
    ],
    [{ name: 'x', allowed_models: ['nobody'] }, 'unknown_option', 'allowed_models', /There are: 500, ok\./],
    [{ name: 'x', allowed_providers: ['nobody'] }, 'unknown_option', 'allowed_providers', /There are: up\./],
    [{ name: 'x', plan: 'nobody' }, 'unknown_option', 'plan', /There are: free, pro, team, enterprise\./],
    [{ name: 'x', allowed_models: [] }, 'invalid_value', 'allowed_models', /null allows all/],
    [
      { name: 'x', allowed_addresses: ['10.0.0.0/99'] },
      'invalid_value',
      'allowed_addresses[0]',
      /10\.0\.0\.0\/8/,
    ],
    [{ name: 'x', requests_per_minute: 0 }, 'invalid_value', 'requests_per_minute', /at least 1/],
    [{ name: 'x', tokens_per_minute: 1.5 }, 'invalid_value', 'tokens_per_minute', /whole number/],
    [{ name: 'x', budget_usd_per_day: -1 }, 'invalid_value', 'budget_usd_per_day', /more than 0/],
    [{ name: 'x', on_exhausted: 'panic' }, 'invalid_value', 'on_exhausted', /stop or downgrade/],
    [{ name: 'x', expires_at: 'tomorrow' }, 'invalid_value', 'expires_at', /2027-01-31T00:00:00Z/],
    [{ name: 'x', expires_at: '2001-01-01T00:00:00Z' }, 'invalid_value', 'expires_at', /over already/],
    [
      { name: 'x', budget_usd_a_day: 5 },
      'unknown_option',
      'budget_usd_a_day',
      /known are name, scopes.*budget_usd_per_day/,
    ],
    [{ name: 'x', key: 'or-mine' }, 'unknown_option', 'key', /known are/],
  ])('%j is a 400 that says what it may be', async (body, code, param, says) => {
    const before = (await gateway.withStore((store) => store.listKeys())).length;
    expectError(await call('', { body }), 400, code, param, says);
    expect((await gateway.withStore((store) => store.listKeys())).length).toBe(before);
  });

  test('the list comes page by page, the oldest first', async () => {
    for (let index = 0; index < 3; index += 1) await make({ name: `page ${index}` });
    const ids: string[] = [];
    let after = '';
    for (;;) {
      const { json } = await call(`?limit=2${after && `&after=${after}`}`);
      const page = json as { data: Shown[]; has_more: boolean; first_id: string; last_id: string };
      expect(page.data.length).toBeLessThanOrEqual(2);
      expect([page.first_id, page.last_id]).toEqual([page.data[0]?.id, page.data.at(-1)?.id]);
      ids.push(...page.data.map(({ id }) => id));
      if (!page.has_more) break;
      after = page.last_id;
    }
    const all = await gateway.withStore((store) => store.listKeys());
    expect(ids).toEqual(all.map(({ id }) => id));
    expectError(await call('?limit=0'), 400, 'invalid_value', 'limit', /1 to 100/);
    expectError(await call('?limit=1e1'), 400, 'invalid_value', 'limit', /1 to 100/);
    expectError(await call('?after=nobody'), 400, 'invalid_value', 'after', /no key 'nobody'/);
    expectError(await call('?before=x'), 400, 'invalid_request', 'before', /limit, after/);
  });

  test('what is named changes at once, and null takes it away', async () => {
    const made = await make(EVERYTHING);
    expect(await chatStatus(made.key)).toBe(200);
    const change = (body: object) => call(`/${made.id}`, { method: 'PATCH', body });
    expect((await change({ allowed_addresses: ['192.0.2.1'] })).json).toMatchObject({
      name: 'guest',
      allowed_addresses: ['192.0.2.1'],
      allowed_models: ['ok'],
    });
    expect(await chatStatus(made.key)).toBe(403);
    await change({ allowed_addresses: null, allowed_models: ['500'] });
    expect(await chatStatus(made.key)).toBe(403);
    await change({ allowed_models: null, scopes: ['feedback'] });
    expect(await chatStatus(made.key)).toBe(403);
    const reset = await change({
      scopes: ['inference'],
      allowed_providers: null,
      plan: null,
      requests_per_minute: null,
      tokens_per_minute: null,
      budget_usd_per_day: null,
      budget_usd_per_month: null,
      on_exhausted: 'stop',
      hold_back: false,
      expires_at: null,
    });
    const { key: _key, ...before } = made;
    expect(reset.json).toEqual({
      ...before,
      scopes: ['inference'],
      allowed_models: null,
      allowed_providers: null,
      allowed_addresses: null,
      plan: null,
      requests_per_minute: null,
      tokens_per_minute: null,
      limits: { requests_per_minute: null, tokens_per_minute: null },
      budget_usd_per_day: null,
      budget_usd_per_month: null,
      on_exhausted: 'stop',
      hold_back: false,
      expires_at: null,
    });
    expect(await chatStatus(made.key)).toBe(200);
    await change({ expires_at: '2001-01-01T00:00:00Z' });
    expect(await chatStatus(made.key)).toBe(401);
    expect((await call(`/${made.id}`)).json).toMatchObject({ state: 'expired' });
  });

  test.each([
    [{}, 'invalid_value', null, /nothing to change/],
    [{ id: 'key_other' }, 'unknown_option', 'id', /known are name/],
    [{ prefix: 'or-x' }, 'unknown_option', 'prefix', /known are name/],
    [{ name: null }, 'invalid_value', 'name', /text/],
    [{ scopes: null }, 'invalid_value', 'scopes', /list of scopes/],
    [{ plan: 'nobody' }, 'unknown_option', 'plan', /There are/],
  ])('a change to %j is a 400', async (body, code, param, says) => {
    const { id } = await make({ name: 'unchanged' });
    expectError(await call(`/${id}`, { method: 'PATCH', body }), 400, code, param, says);
    expect((await call(`/${id}`)).json).toMatchObject({ name: 'unchanged' });
  });

  test('a revoked key opens nothing at once, stays in the list, and changes no more', async () => {
    const made = await make({ name: 'short' });
    expect(await chatStatus(made.key)).toBe(200);
    const revoked = await call(`/${made.id}`, { method: 'DELETE' });
    expect(revoked.json).toMatchObject({ id: made.id, state: 'revoked', revoked_at: expect.any(String) });
    expect(await chatStatus(made.key)).toBe(401);
    expect((await call(`/${made.id}`, { method: 'DELETE' })).json).toEqual(revoked.json);
    expectError(
      await call(`/${made.id}`, { method: 'PATCH', body: { name: 'back' } }),
      409,
      'key_revoked',
      null,
      /cannot be undone/,
    );
  });

  test('what is not there is a 404', async () => {
    for (const options of [{}, { method: 'PATCH', body: { name: 'x' } }, { method: 'DELETE' }]) {
      expectError(await call('/key_nobody', options), 404, 'key_not_found', null, /key_nobody/);
    }
  });
});

describe('without a key', () => {
  beforeEach(() => {
    admin = '';
  });
  afterEach(() => gateway.stop());
  const first = (body: object) => send(`${gateway.url}/v1/keys`, { body });

  test('the first one is an admin’s, and closes the gateway at once', async () => {
    gateway = await startGateway(toml);
    expect(await chatStatus(undefined)).toBe(200);
    expectError(await first({ name: 'app' }), 400, 'invalid_value', 'scopes', /needs the scope 'admin'/);
    expect(await chatStatus(undefined)).toBe(200);
    expect((await send(`${gateway.url}/v1/keys`)).json).toMatchObject({
      data: [],
      has_more: false,
      last_id: null,
    });
    const made = await first({ name: 'mine', scopes: ['admin'] });
    expect(made.status).toBe(200);
    expect(await chatStatus(undefined)).toBe(401);
    expect((await first({ name: 'again', scopes: ['admin'] })).status).toBe(401);
    const { key } = made.json as Shown;
    expect((await send(`${gateway.url}/v1/keys`, { key, body: { name: 'app' } })).status).toBe(200);
  });

  test('a page of another origin cannot make it', async () => {
    gateway = await startGateway(toml);
    const body = JSON.stringify({ name: 'mine', scopes: ['admin'] });
    const rebound = await send(`${gateway.url}/v1/keys`, { body, headers: { host: 'evil.example' } });
    expect(rebound.status).toBe(403);
    const simple = await send(`${gateway.url}/v1/keys`, { body, headers: { 'content-type': 'text/plain' } });
    expect(simple.status).toBe(415);
    expect(await gateway.withStore((store) => store.hasKeys())).toBe(false);
  });

  test('where none is asked for though there are some, keys are still an admin’s', async () => {
    gateway = await startGateway(toml, { api: 'require_auth = false' });
    const { record } = await gateway.createKey();
    expect(await chatStatus(undefined)).toBe(200);
    for (const [path, options] of [
      ['', { body: { name: 'mine', scopes: ['admin'] } }],
      ['', {}],
      [`/${record.id}`, {}],
      [`/${record.id}`, { method: 'PATCH', body: { name: 'x' } }],
      [`/${record.id}`, { method: 'DELETE' }],
    ] as const) {
      const answer = await send(`${gateway.url}/v1/keys${path}`, options);
      expectError(answer, 403, 'admin_key_required', null, /outrider keys/);
    }
    expect((await gateway.withStore((store) => store.listKeys())).map(({ name }) => name)).toEqual(['test']);
  });

  test('nobody makes the first one over a network', async () => {
    gateway = await startGateway(toml, { address: '0.0.0.0:0', api: 'require_auth = false' });
    const url = `http://127.0.0.1:${new URL(gateway.url).port}/v1/keys`;
    const answer = await send(url, { body: { name: 'mine', scopes: ['admin'] } });
    expectError(answer, 403, 'admin_key_required', null, /outrider keys/);
    expect(await gateway.withStore((store) => store.hasKeys())).toBe(false);
  });
});
