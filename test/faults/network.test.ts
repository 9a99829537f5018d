import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MisbehavingUpstream, startSelfSignedUpstream } from '../fixtures/misbehaving-upstream.ts';
import { ask } from './ask.ts';
import { expectOurError, expectWhole } from './expect-answer.ts';
import {
  among,
  attemptsOf,
  breakerOf,
  learntAbout,
  modelTable,
  openScene,
  providerTable,
  type Scene,
  SHORT_TIMEOUTS,
} from './scene.ts';

let scene: Scene;
let untrusted: MisbehavingUpstream;

beforeAll(async () => {
  untrusted = await startSelfSignedUpstream();
  const plain = untrusted.baseUrl.replace('https:', 'http:');
  const routing = [
    SHORT_TIMEOUTS,
    providerTable('tls', untrusted.baseUrl),
    ...['tls-unary', 'tls-stream', 'tls-twin', 'tls-third'].map((name) => modelTable(name, 'tls', name)),
    providerTable('nowhere', 'http://no-such-host.invalid/v1'),
    modelTable('nowhere', 'nowhere', 'any'),
    providerTable('plain-to-tls', plain),
    modelTable('plain-to-tls', 'plain-to-tls', 'any'),
  ].join('\n');
  scene = await openScene(['ill'], { routing });
});
afterAll(async () => {
  await scene.close();
  await untrusted.close();
});

test.each([false, true])('a certificate nobody vouches for (stream: %s)', async (stream) => {
  const { gateway } = scene;
  const id = stream ? 'tls-stream' : 'tls-unary';
  const seen = await ask(gateway, { ...among(id), stream });
  expectOurError(seen, 502, 'upstream_tls');
  expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'tls', http_status: 0 }]);
  expect(await breakerOf(gateway, `tls/${id}`)).toBe('failures: 1');
  expect(await learntAbout(gateway, `tls/${id}`)).toEqual({});
  expect(await learntAbout(gateway, id)).toEqual({});
});

test('after it another model of the same provider is not tried, one of another is', async () => {
  const { gateway } = scene;
  const seen = await ask(gateway, among('tls-twin', 'tls-third', 'good'));
  expectWhole(seen);
  expect(await attemptsOf(gateway, seen)).toMatchObject([
    { model: 'tls-twin', ending: 'tls' },
    { model: 'good', ending: 'completed' },
  ]);
  expect(await breakerOf(gateway, 'tls/tls-third')).toBe('untouched');
  expect(untrusted.requests).toEqual([]);
});

test('after refused credentials likewise', async () => {
  const { gateway, countFor } = scene;
  const seen = await ask(gateway, among('ill.401', 'ill.ok', 'good'));
  expectWhole(seen);
  expect(seen.headers['x-router-model']).toBe('good');
  expect(countFor('ill', 'ok')).toBe(0);
  const alone = await ask(gateway, among('ill.403', 'ill.ok'));
  expectOurError(alone, 502, 'upstream_auth');
});

test('a name that DNS does not know', async () => {
  const { gateway } = scene;
  const seen = await ask(gateway, among('nowhere'));
  expectOurError(seen, 502, 'upstream_unreachable');
  expect(seen.text).not.toContain('invalid/');
  expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'connect' }]);
  expectWhole(await ask(gateway, among('nowhere', 'good')));
});

test('HTTP spoken to a TLS port', async () => {
  const { gateway } = scene;
  const seen = await ask(gateway, among('plain-to-tls'));
  expectOurError(seen, 502, 'upstream_error');
  expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'before_headers' }]);
});

test('a request too long for a model goes to one with a larger window, never to one as small', async () => {
  const { gateway, countFor } = scene;
  const seen = await ask(gateway, among('ill.context-length', 'ill.early-hints'));
  expectOurError(seen, 400, 'context_length_exceeded');
  expect(await attemptsOf(gateway, seen)).toHaveLength(1);
  expect(countFor('ill', 'early-hints')).toBe(0);
});

test('a stand-in has to keep within what the request may cost', async () => {
  const { gateway, countFor } = scene;
  const asking = (max_cost_usd: number) =>
    ask(gateway, {
      model: 'auto',
      max_tokens: 1_000,
      route: { strategy: 'priority', models: ['ill.500', 'good-dear'], max_cost_usd },
    });
  const cheap = await asking(0.01);
  expectOurError(cheap, 502, 'upstream_error');
  expect(await attemptsOf(gateway, cheap)).toHaveLength(1);
  expect(countFor('well', 'good-dear')).toBe(0);
  expectWhole(await asking(10));
  expect(countFor('well', 'good-dear')).toBe(1);
});

test('at most two extra attempts, and none when the client wants none', async () => {
  const { gateway } = scene;
  const four = ['ill.500', 'ill.502-html', 'ill.529', 'good'];
  const seen = await ask(gateway, among(...four));
  expectOurError(seen, 502, 'upstream_error');
  expect(await attemptsOf(gateway, seen)).toHaveLength(3);
  const alone = await ask(gateway, {
    model: 'auto',
    route: { strategy: 'priority', models: ['ill.500', 'good'], allow_fallback: false },
  });
  expectOurError(alone, 502, 'upstream_error');
  expect(await attemptsOf(gateway, alone)).toHaveLength(1);
});
