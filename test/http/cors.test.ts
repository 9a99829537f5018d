import { afterEach, describe, expect, it } from 'vitest';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

let gateway: TestGateway | undefined;
afterEach(() => gateway?.stop());

const ORIGIN = 'http://app.example';

describe('cross-origin requests', () => {
  it('are answered for a named origin, preflight without a key included', async () => {
    gateway = await startGateway('', { api: `cors_enabled = true\ncors_origins = ["${ORIGIN}"]` });
    const preflight = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const models = await fetch(`${gateway.url}/v1/models`, { headers: { origin: ORIGIN } });
    expect(models.status).toBe(200);
    expect(models.headers.get('access-control-expose-headers')).toContain('x-request-id');
    const stranger = await fetch(`${gateway.url}/v1/models`, { headers: { origin: 'http://evil.example' } });
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();

    const stream = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { origin: ORIGIN, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'auto', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(stream.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(await stream.text()).toContain('[DONE]');
  });

  it('are not while it is off', async () => {
    gateway = await startGateway('');
    const response = await fetch(`${gateway.url}/v1/models`, { headers: { origin: ORIGIN } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
