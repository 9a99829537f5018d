import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MISBEHAVIOURS } from '../fixtures/misbehaving-upstream.ts';
import { ask } from './ask.ts';
import { BAD_USAGE, BROKEN_AFTER_TOKEN, ELSEWHERE, TABLE, TOLERATED } from './endings-table.ts';
import { expectOurError, expectRetryAfter, expectWhole } from './expect-answer.ts';
import { among, attemptsOf, breakerOf, learntAbout, openScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  // A provider for each use of an example: what one test does to a breaker another must not find.
  const uses = ['unary-alone', 'stream-alone', 'unary-other', 'stream-other'];
  scene = await openScene(uses, { contextLength: 8192 });
});
afterAll(() => scene.close());

const rows = TABLE.flatMap((row) => row.as.map((as) => [row.model, as, row] as const));

describe('alone', () => {
  test.concurrent.each(rows)('%s (%s)', async (model, as, row) => {
    const { gateway } = scene;
    const use = `${as}-alone`;
    const id = `${use}.${model}`;
    const seen = await ask(gateway, { ...among(id), stream: as === 'stream' });

    expectOurError(seen, row.status, row.code);
    expectRetryAfter(seen, row.retryAfter);

    const attempts = await attemptsOf(gateway, seen);
    expect(attempts).toMatchObject([{ ending: row.ending, error_code: row.code, model: id }]);
    // A call that is given up was read all the same: its prompt is charged, by our own count.
    const { actual_usd, is_estimate } = attempts[0]?.cost ?? {};
    if (row.ending === 'timeout') expect(actual_usd).toBeGreaterThan(0);
    else expect(actual_usd).toBe(0);
    expect(is_estimate).toBe(row.ending === 'timeout');
    expect(attempts[0]?.latency_ms).toBeGreaterThan(0);

    const endpoint = attempts[0]?.endpoint ?? '';
    expect(await breakerOf(gateway, endpoint)).toBe(row.breaker);
    const isFailure = row.learnt === 'failure';
    expect(await learntAbout(gateway, endpoint)).toEqual(isFailure ? { availability: [0, 1] } : {});
    // The client saw this failure: it counts against the model, as much as a fault found in an answer.
    expect(await learntAbout(gateway, id)).toEqual(isFailure ? { quality: [0, 0.25] } : {});
    expect(scene.countFor(use, model)).toBe(model === 'refuse' ? 0 : 1);
  });
});

describe('with another candidate', () => {
  test.concurrent.each(rows)('%s (%s)', async (model, as, row) => {
    const { gateway } = scene;
    const use = `${as}-other`;
    const id = `${use}.${model}`;
    const seen = await ask(gateway, { ...among(id, 'good'), stream: as === 'stream' });
    const attempts = await attemptsOf(gateway, seen);

    if (row.otherMayAnswer) {
      expectWhole(seen);
      expect(seen.headers).toMatchObject({
        'x-router-model': 'good',
        'x-router-provider': 'well',
        'x-router-reason': 'fallback',
        'x-router-attempts': '2',
      });
      expect(attempts.map(({ ending }) => ending)).toEqual([row.ending, 'completed']);
    } else {
      expectOurError(seen, row.status, row.code);
      expect(attempts.map(({ ending }) => ending)).toEqual([row.ending]);
    }

    const endpoint = attempts[0]?.endpoint ?? '';
    expect(await breakerOf(gateway, endpoint)).toBe(row.breaker);
    const isFailure = row.learnt === 'failure';
    expect(await learntAbout(gateway, endpoint)).toEqual(isFailure ? { availability: [0, 1] } : {});
    // Nobody saw it: of the model's quality it says nothing.
    expect(await learntAbout(gateway, id)).toEqual({});
    expect(scene.countFor(use, model)).toBe(model === 'refuse' ? 0 : 1);
  });
});

test('a request that named its model gets the same error, and teaches nothing about quality', async () => {
  const { gateway } = scene;
  const named = await ask(gateway, { model: 'unary-alone.500' });
  expectOurError(named, 502, 'upstream_error');
  expect(await attemptsOf(gateway, named)).toMatchObject([{ ending: 'server_error' }]);
  expect(await learntAbout(gateway, 'unary-alone/500')).toEqual({ availability: [0, 2] });
  expect(await learntAbout(gateway, 'unary-alone.500')).toEqual({ quality: [0, 0.25] });
});

test('there is exactly one row with one ending for every call that reached the upstream', async () => {
  const { gateway, upstream } = scene;
  const endings = await gateway.withStore(async (store) => {
    const facts: string[] = [];
    for await (const { ending } of store.attemptFacts()) facts.push(ending);
    return facts;
  });
  const unreachable = endings.filter((ending) => ending === 'connect');
  expect(unreachable).toHaveLength(4);
  expect(endings.length - unreachable.length).toBe(upstream.requests.length);
});

test('every example of the misbehaving upstream has its row', () => {
  const covered = new Set<string>([
    ...TABLE.map(({ model }) => model),
    ...[...TOLERATED, ...BAD_USAGE].map(([model]) => model),
    ...BROKEN_AFTER_TOKEN,
    ...Object.keys(ELSEWHERE),
  ]);
  expect(MISBEHAVIOURS.filter((model) => !covered.has(model))).toEqual([]);
});
