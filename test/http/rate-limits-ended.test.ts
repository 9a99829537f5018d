import { connect } from 'node:net';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { EVERYBODY } from '../../src/gateway/admission/keyring.ts';
import type { Allowance, RateLimiter } from '../../src/gateway/admission/rate-limits.ts';
import { registerRateLimits } from '../../src/http/admission/rate-limits.ts';

/** A limiter as a store outside of the process would be: it answers when it likes. */
async function serveWith(admit: RateLimiter['admit']) {
  const app = Fastify();
  app.decorateRequest('caller', null as never);
  app.addHook('onRequest', (request, _reply, done) => {
    request.caller = EVERYBODY;
    done();
  });
  registerRateLimits(app, { admit, look: () => undefined });
  app.post('/work', { config: { access: 'inference' } }, async () => ({ done: true }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  return { app, port };
}

function allowanceThatTells(onEnd: () => void): Allowance {
  return {
    refusal: undefined,
    standing: () => undefined,
    reserveTokens: () => undefined,
    settleTokens: () => undefined,
    spendTokens: () => undefined,
    end: onEnd,
  };
}

const REQUEST = 'POST /work HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n';

test('an allowance ends with its answer', async () => {
  let ended = 0;
  const { app, port } = await serveWith(async () => allowanceThatTells(() => (ended += 1)));
  const answer = await fetch(`http://127.0.0.1:${port}/work`, { method: 'POST' });
  expect(await answer.json()).toEqual({ done: true });
  await expect.poll(() => ended).toBe(1);
  await app.close();
});

test('one whose client left while its limits were asked for ends all the same', async () => {
  let ended = 0;
  let answer: (() => void) | undefined;
  const { app, port } = await serveWith(
    () =>
      new Promise((resolve) => {
        answer = () => resolve(allowanceThatTells(() => (ended += 1)));
      }),
  );
  let closed = 0;
  app.server.on('connection', (socket) => socket.once('close', () => (closed += 1)));
  const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
  await expect.poll(() => answer).toBeDefined();
  socket.destroy();
  await expect.poll(() => closed).toBe(1);
  expect(ended).toBe(0);
  answer?.();
  await expect.poll(() => ended).toBe(1);
  await app.close();
});
