import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { send, sendBytes } from './send.ts';

const OWN = { 'x-outrider-dashboard': '1' } as const;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway();
});

afterAll(() => gateway.stop());

const at = (path: string) => `${gateway.url}/dashboard${path}`;

/** The cookie of a login, as a browser sends it back. */
async function logIn(key: string): Promise<{ readonly cookie: string; readonly whole: string }> {
  const answer = await send(at('/login'), { body: { key }, headers: OWN });
  expect(answer.status, answer.text).toBe(200);
  const whole = String(answer.headers['set-cookie']);
  return { whole, cookie: whole.split(';')[0] ?? '' };
}

test('while the gateway is open, so is the dashboard, by this machine’s own names', async () => {
  const answer = await send(at('/api/models'), { headers: OWN });
  expect(answer.status).toBe(200);
  const foreign = await send(at('/api/models'), { headers: { ...OWN, host: 'evil.example' } });
  expect(foreign.status).toBe(403);
});

describe('with a key', () => {
  let admin: string;
  let reader: string;
  let client: string;

  beforeAll(async () => {
    admin = (await gateway.createKey({ scopes: ['admin'] })).key;
    reader = (await gateway.createKey({ scopes: ['intelligence'] })).key;
    client = (await gateway.createKey({ scopes: ['inference'] })).key;
    // The gateway closes within seconds of its first key.
    await vi.waitFor(async () => expect((await send(at('/api/models'), { headers: OWN })).status).toBe(401), {
      timeout: 20_000,
      interval: 100,
    });
  });

  test('the page needs no key, loads nothing from elsewhere, and is shown inside no other', async () => {
    const page = await send(at(''));
    expect(page.status, 'npm run build makes it').toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(sources.length).toBeGreaterThanOrEqual(3);
    let gzippedBytes = gzipSync(page.text).length;
    for (const source of sources) {
      expect(source).toMatch(/^\/dashboard\/assets\//);
      const file = await send(gateway.url + source);
      expect(file.status).toBe(200);
      gzippedBytes += gzipSync(file.text).length;
      expect(file.headers['cache-control']).toContain('immutable');
    }
    // What a phone on a slow line waits for.
    expect(gzippedBytes).toBeLessThan(60_000);
    expect((await send(at('/assets/../../package.json'))).status).toBeGreaterThanOrEqual(400);
  });

  test('a login gives a cookie that scripts cannot read and other sites do not send', async () => {
    const { whole } = await logIn(admin);
    expect(whole).toMatch(/; Path=\/dashboard(;|$)/);
    expect(whole).toContain('HttpOnly');
    expect(whole).toContain('SameSite=Strict');
    expect(whole).not.toContain(admin);
  });

  test('what the page may see is what its key may see', async () => {
    const asAdmin = { ...OWN, cookie: (await logIn(admin)).cookie };
    const asReader = { ...OWN, cookie: (await logIn(reader)).cookie };
    expect((await send(at('/api/usage?limit=1'), { headers: asAdmin })).status).toBe(200);
    expect((await send(at('/api/intelligence/priors'), { headers: asAdmin })).status).toBe(200);
    expect((await send(at('/api/usage?limit=1'), { headers: asReader })).status).toBe(200);
    expect((await send(at('/api/intelligence/priors'), { headers: asReader })).status).toBe(403);
  });

  test('the cookie is worth nothing under /v1, and opens no inference', async () => {
    const { cookie } = await logIn(admin);
    expect((await send(`${gateway.url}/v1/usage`, { headers: { ...OWN, cookie } })).status).toBe(401);
    const body = { model: 'auto', messages: [{ role: 'user', content: 'hi' }] };
    for (const path of [
      '/api/chat/completions',
      '/api/intelligence/../chat/completions',
      '/api/%63hat/completions',
    ]) {
      const answer = await send(at(path), { body, headers: { ...OWN, cookie } });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.text).not.toContain('chat.completion"');
    }
  });

  test.each(['/api/keys/%2e%2e/chat', '/api/intelligence/.%2E/chat', '/api/keys/a/../../chat'])(
    'a way that leads back up is none: %s',
    async (path) => {
      const { cookie } = await logIn(admin);
      const body = JSON.stringify({ model: 'auto', messages: [{ role: 'user', content: 'hi' }] });
      // Clients tidy up such a path before they send it; this is what one that does not would send.
      const answer = await sendBytes(
        gateway.url,
        [
          `POST /dashboard${path}/completions HTTP/1.1`,
          `host: ${new URL(gateway.url).host}`,
          `cookie: ${cookie}`,
          'x-outrider-dashboard: 1',
          'content-type: application/json',
          `content-length: ${body.length}`,
          'connection: close',
          '',
          body,
        ].join('\r\n'),
      );
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain('chat.completion"');
    },
  );

  test('decisions come as they are made, for whoever is logged in, until the page is left', async () => {
    const { cookie } = await logIn(admin);
    const watch = (headers: Record<string, string>) => {
      const leaving = new AbortController();
      return { leaving, answer: fetch(at('/stream'), { headers, signal: leaving.signal }) };
    };
    expect((await watch({ cookie }).answer).status).toBe(403);
    expect((await watch(OWN).answer).status).toBe(401);
    const { leaving, answer } = watch({ ...OWN, cookie });
    const { body, headers, status } = await answer;
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('text/event-stream');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    const reader = (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    const asked = await send(`${gateway.url}/v1/chat/completions`, {
      key: admin,
      body: { model: 'auto', messages: [{ role: 'user', content: 'hi' }] },
    });
    const { value } = await reader.read();
    expect(value).toContain(String(asked.headers['x-request-id']));
    const [, id = ''] = /^id: (\S+)$/m.exec(value ?? '') ?? [];
    leaving.abort();
    await expect(reader.read()).rejects.toThrow();
    // Who comes back says what it saw last, and gets only what came after it.
    const second = await send(`${gateway.url}/v1/chat/completions`, {
      key: admin,
      body: { model: 'auto', messages: [{ role: 'user', content: 'hi' }] },
    });
    const again = watch({ ...OWN, cookie, 'last-event-id': id });
    let text = '';
    const rest = ((await again.answer).body ?? new ReadableStream()).pipeThrough(new TextDecoderStream());
    for await (const piece of rest) {
      text += piece;
      if (text.includes('request_id')) break;
    }
    again.leaving.abort();
    expect(text).toContain(String(second.headers['x-request-id']));
    expect(text).not.toContain(String(asked.headers['x-request-id']));
  });

  test('a page of another origin gets nowhere, with the cookie or without', async () => {
    const { cookie } = await logIn(admin);
    const read = await send(at('/api/usage'), { headers: { cookie } });
    expect(read.json).toMatchObject({ error: { code: 'not_the_dashboard' } });
    const login = await send(at('/login'), { body: { key: admin } });
    expect(login.status).toBe(403);
  });

  test('after a logout the cookie opens nothing', async () => {
    const { cookie } = await logIn(admin);
    const headers = { ...OWN, cookie };
    expect((await send(at('/session'), { headers })).json).toEqual({ is_logged_in: true });
    await send(at('/logout'), { method: 'POST', headers });
    expect((await send(at('/session'), { headers })).json).toEqual({ is_logged_in: false });
    expect((await send(at('/api/usage'), { headers })).status).toBe(401);
  });

  test('a logout ends the streams of its session in every tab, and of no other', async () => {
    const watch = async ({ cookie }: { cookie: string }) => {
      const { body } = await fetch(at('/stream'), { headers: { ...OWN, cookie } });
      const reader = (body ?? new ReadableStream()).getReader();
      await reader.read();
      return reader;
    };
    const [mine, other] = [await logIn(admin), await logIn(admin)];
    const tabs = [await watch(mine), await watch(mine)];
    const elsewhere = await watch(other);
    await send(at('/logout'), { method: 'POST', headers: { ...OWN, cookie: mine.cookie } });
    for (const tab of tabs) {
      const ended = tab.read().then(
        ({ done }) => done,
        () => true,
      );
      expect(await ended).toBe(true);
    }
    const next = elsewhere.read();
    const asked = await send(`${gateway.url}/v1/chat/completions`, {
      key: admin,
      body: { model: 'auto', messages: [{ role: 'user', content: 'hi' }] },
    });
    expect(Buffer.from((await next).value ?? []).toString()).toContain(String(asked.headers['x-request-id']));
    await elsewhere.cancel();
  });

  test.each([
    ['a key that is not known', () => 'or-nobody', 401],
    ['a key that may only ask models', () => client, 403],
  ])('%s logs nobody in', async (_what, key, status) => {
    const answer = await send(at('/login'), { body: { key: key() }, headers: OWN });
    expect(answer.status).toBe(status);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.text).not.toContain(key());
  });

  test.each([[{}], [{ key: '' }], [{ key: 'x'.repeat(300) }], [{ key: 1 }], [{ key: 'a', more: 1 }]])(
    'a login that is none is a 400: %j',
    async (body) => {
      const answer = await send(at('/login'), { body, headers: OWN });
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: { type: 'invalid_request_error' } });
    },
  );
});
