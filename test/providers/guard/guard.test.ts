import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ENDINGS, ruleOf } from '../../../src/core/outcome/endings.ts';
import { createGuard, type Guard } from '../../../src/providers/guard.ts';
import type { GuardEvent, Permit } from '../../../src/providers/guard-settings.ts';

const ID = 'groq/llama-3.3-70b';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

let guard: Guard;
let events: GuardEvent[];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_760_000_000_000 });
  events = [];
  guard = createGuard({ now: () => Date.now(), onEvent: (event) => events.push(event) });
});

afterEach(() => {
  guard.close();
  vi.useRealTimers();
});

function enter(endpointId = ID): Permit {
  const permit = guard.enter(endpointId);
  if (permit === undefined) throw new Error('refused');
  return permit;
}

async function settle(...rulings: Parameters<Permit['settle']>[0][]): Promise<void> {
  for (const ruling of rulings) enter().settle(ruling);
  await Promise.resolve();
}

/** Opens the breaker by failures and waits until it admits a probe. */
async function untilHalfOpen(): Promise<void> {
  await settle(...Array.from({ length: 5 }, () => 'failure' as const));
  vi.advanceTimersByTime(30 * SECOND_MS);
  expect(guard.snapshot(ID).state).toBe('half_open');
}

const kinds = () => events.map((event) => event.kind);

describe('opening', () => {
  test('an endpoint that nobody called is healthy', () => {
    expect(guard.refusalOf(ID)).toBeUndefined();
    expect(guard.snapshot(ID)).toEqual({
      state: 'closed',
      disabled: false,
      consecutiveFailures: 0,
      openedTimes: 0,
    });
  });

  test('on the fifth failure in a row, not before', async () => {
    await settle('failure', 'failure', 'failure', 'failure');
    expect(guard.snapshot(ID)).toMatchObject({ state: 'closed', consecutiveFailures: 4 });
    await settle('failure');
    expect(guard.snapshot(ID)).toMatchObject({
      state: 'open',
      openedTimes: 1,
      nextProbeAtMs: Date.now() + 30 * SECOND_MS,
    });
    expect(guard.refusalOf(ID)).toEqual({
      reason: 'breaker_open',
      retryAtMs: Date.now() + 30 * SECOND_MS,
    });
    expect(guard.enter(ID)).toBeUndefined();
    expect(events).toEqual([{ kind: 'open', endpointId: ID }]);
  });

  test('a success starts the row again; what says nothing about the endpoint does not', async () => {
    await settle('failure', 'failure', 'failure', 'failure', 'success', 'failure', 'failure');
    await settle('neither', 'neither', 'failure', 'failure');
    expect(guard.snapshot(ID)).toMatchObject({ state: 'closed', consecutiveFailures: 4 });
    await settle('neither', 'failure');
    expect(guard.snapshot(ID).state).toBe('open');
  });

  test('on half of ten outcomes, and not on half of eight', async () => {
    for (let pair = 0; pair < 4; pair += 1) await settle('success', 'failure');
    expect(guard.snapshot(ID).state).toBe('closed');
    await settle('success', 'failure');
    expect(guard.snapshot(ID).state).toBe('open');
  });

  test('not on less than half of many', async () => {
    for (let round = 0; round < 20; round += 1)
      await settle('success', 'success', 'success', 'failure', 'failure');
    expect(guard.snapshot(ID).state).toBe('closed');
  });

  test('outcomes that say nothing about the endpoint do not fill the ten', async () => {
    for (let pair = 0; pair < 4; pair += 1) await settle('success', 'failure', 'neither', 'neither');
    expect(guard.snapshot(ID).state).toBe('closed');
  });

  test('outcomes older than a minute no longer count', async () => {
    for (let pair = 0; pair < 4; pair += 1) await settle('success', 'failure');
    vi.advanceTimersByTime(MINUTE_MS + 5 * SECOND_MS);
    await settle('success', 'failure', 'success', 'failure');
    expect(guard.snapshot(ID).state).toBe('closed');
  });

  test('outcomes within the minute do', async () => {
    for (let pair = 0; pair < 4; pair += 1) await settle('success', 'failure');
    vi.advanceTimersByTime(50 * SECOND_MS);
    await settle('success', 'failure');
    expect(guard.snapshot(ID).state).toBe('open');
  });

  test('at once when our credentials are refused', async () => {
    await settle('success', 'open');
    expect(guard.snapshot(ID)).toMatchObject({ state: 'open', disabled: false });
    vi.advanceTimersByTime(30 * SECOND_MS);
    expect(guard.snapshot(ID).state).toBe('half_open');
  });

  test('each endpoint by itself', async () => {
    await settle('failure', 'failure', 'failure', 'failure', 'failure');
    expect(guard.refusalOf('groq/other')).toBeUndefined();
    expect(guard.enter('groq/other')).toBeDefined();
  });

  test('calls under way when it opened change nothing any more', async () => {
    const late = [enter(), enter(), enter(), enter(), enter(), enter()];
    await untilHalfOpen();
    late[0]?.settle('success');
    late[1]?.settle('failure');
    await Promise.resolve();
    expect(guard.snapshot(ID)).toMatchObject({ state: 'half_open', openedTimes: 1 });
    await settle('success');
    for (const permit of late) permit.settle('failure');
    expect(guard.snapshot(ID)).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
  });
});

describe('probing', () => {
  test('half-open after 30 seconds, not before', async () => {
    await settle('failure', 'failure', 'failure', 'failure', 'failure');
    vi.advanceTimersByTime(30 * SECOND_MS - 1);
    expect(guard.refusalOf(ID)?.reason).toBe('breaker_open');
    vi.advanceTimersByTime(1);
    expect(guard.refusalOf(ID)).toBeUndefined();
    expect(kinds()).toEqual(['open', 'half_open']);
  });

  test('one at a time', async () => {
    await untilHalfOpen();
    const probe = enter();
    expect(probe.isProbe).toBe(true);
    expect(guard.enter(ID)).toBeUndefined();
    expect(guard.refusalOf(ID)).toEqual({ reason: 'breaker_open', retryAtMs: Date.now() + SECOND_MS });
    probe.settle('success');
    await Promise.resolve();
    expect(enter().isProbe).toBe(false);
    expect(guard.enter(ID)).toBeDefined();
  });

  test('success closes and forgets', async () => {
    await untilHalfOpen();
    await settle('success');
    expect(guard.snapshot(ID)).toEqual({
      state: 'closed',
      disabled: false,
      consecutiveFailures: 0,
      openedTimes: 1,
    });
    expect(kinds()).toEqual(['open', 'half_open', 'close']);
    // Ten outcomes within the minute, nine of them failures: remembered, they would open it again here.
    await settle('failure', 'failure', 'failure', 'failure');
    expect(guard.snapshot(ID).state).toBe('closed');
  });

  test('each failed probe doubles the wait, up to 16 times', async () => {
    await untilHalfOpen();
    const waits: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      await settle('failure');
      const waitMs = (guard.snapshot(ID).nextProbeAtMs ?? 0) - Date.now();
      waits.push(waitMs / (30 * SECOND_MS));
      vi.advanceTimersByTime(waitMs - 1);
      expect(guard.snapshot(ID).state).toBe('open');
      vi.advanceTimersByTime(1);
      expect(guard.snapshot(ID).state).toBe('half_open');
    }
    expect(waits).toEqual([2, 4, 8, 16, 16, 16]);
    await settle('success');
    await settle('failure', 'failure', 'failure', 'failure', 'failure');
    expect(guard.snapshot(ID).nextProbeAtMs).toBe(Date.now() + 30 * SECOND_MS);
  });

  test('a probe refused for credentials doubles it too', async () => {
    await settle('open');
    vi.advanceTimersByTime(30 * SECOND_MS);
    await settle('open');
    expect(guard.snapshot(ID).nextProbeAtMs).toBe(Date.now() + MINUTE_MS);
  });

  test('a probe that says nothing gives its place back, neither opening nor closing', async () => {
    await untilHalfOpen();
    for (let round = 0; round < 3; round += 1) {
      const probe = enter();
      expect(guard.enter(ID)).toBeUndefined();
      probe.settle('neither');
      expect(guard.snapshot(ID)).toMatchObject({ state: 'half_open', openedTimes: 1 });
    }
    await settle('success');
    expect(guard.snapshot(ID).state).toBe('closed');
  });

  test('a probe that is told to wait gives its place back after the wait', async () => {
    await untilHalfOpen();
    enter().settle('cool_down', { coolDownMs: 7 * SECOND_MS });
    expect(guard.refusalOf(ID)).toEqual({ reason: 'cooling', retryAtMs: Date.now() + 7 * SECOND_MS });
    vi.advanceTimersByTime(7 * SECOND_MS);
    expect(enter().isProbe).toBe(true);
  });

  test('a probe that nobody settles loses its place after two minutes', async () => {
    await untilHalfOpen();
    const lost = enter();
    vi.advanceTimersByTime(2 * MINUTE_MS - 1);
    expect(guard.enter(ID)).toBeUndefined();
    vi.advanceTimersByTime(1);
    const next = enter();
    lost.settle('failure');
    expect(guard.snapshot(ID)).toMatchObject({ state: 'half_open', openedTimes: 1 });
    next.settle('success');
    await Promise.resolve();
    expect(guard.snapshot(ID).state).toBe('closed');
  });

  test('no order of endings wedges it: after every ending there is a way to closed', async () => {
    for (const ending of Object.keys(ENDINGS) as (keyof typeof ENDINGS)[]) {
      guard.setEndpoints([]);
      await untilHalfOpen();
      await settle(ruleOf(ending).breaker);
      vi.advanceTimersByTime(10 * MINUTE_MS);
      await settle('success');
      expect(guard.snapshot(ID).state, ending).toBe('closed');
    }
  });

  test('a permit counts once', async () => {
    const permit = enter();
    for (let time = 0; time < 10; time += 1) permit.settle('failure');
    expect(guard.snapshot(ID)).toMatchObject({ state: 'closed', consecutiveFailures: 1 });
  });
});

describe('cooling', () => {
  test('as long as was asked, and no failure', async () => {
    for (let time = 0; time < 20; time += 1) {
      enter().settle('cool_down', { coolDownMs: SECOND_MS });
      expect(guard.refusalOf(ID)).toEqual({ reason: 'cooling', retryAtMs: Date.now() + SECOND_MS });
      expect(guard.enter(ID)).toBeUndefined();
      vi.advanceTimersByTime(SECOND_MS);
    }
    expect(guard.snapshot(ID)).toEqual({
      state: 'closed',
      disabled: false,
      consecutiveFailures: 0,
      openedTimes: 0,
    });
  });

  test('the longer of two, whichever came first', () => {
    const [first, second, third] = [enter(), enter(), enter()];
    const startMs = Date.now();
    first.settle('cool_down', { coolDownMs: 10 * SECOND_MS });
    second.settle('cool_down', { coolDownMs: 2 * SECOND_MS });
    expect(guard.snapshot(ID).coolingUntilMs).toBe(startMs + 10 * SECOND_MS);
    third.settle('cool_down', { coolDownMs: 20 * SECOND_MS });
    expect(guard.snapshot(ID).coolingUntilMs).toBe(startMs + 20 * SECOND_MS);
    expect(kinds()).toEqual(['cool_down', 'cool_down']);
  });

  test.each([
    [86_400 * SECOND_MS, MINUTE_MS],
    [Number.POSITIVE_INFINITY, MINUTE_MS],
    [undefined, 5 * SECOND_MS],
    [Number.NaN, 5 * SECOND_MS],
  ])('%d ms asked is %d ms of rest', (coolDownMs, restMs) => {
    enter().settle('cool_down', { coolDownMs });
    expect(guard.snapshot(ID).coolingUntilMs).toBe(Date.now() + restMs);
  });

  test.each([0, -5_000])('%d ms asked is none', (coolDownMs) => {
    enter().settle('cool_down', { coolDownMs });
    expect(guard.refusalOf(ID)).toBeUndefined();
    expect(events).toEqual([]);
  });

  test('a clock set back by an hour does not make it an hour', () => {
    enter().settle('cool_down', { coolDownMs: 30 * SECOND_MS });
    vi.setSystemTime(Date.now() - 60 * MINUTE_MS);
    expect(guard.refusalOf(ID)).toBeUndefined();
  });

  test('an open breaker that also cools says the later time', async () => {
    enter().settle('cool_down', { coolDownMs: MINUTE_MS });
    const untilMs = Date.now() + MINUTE_MS;
    vi.advanceTimersByTime(MINUTE_MS);
    expect(guard.refusalOf(ID)).toBeUndefined();
    const [cooling, ...failing] = Array.from({ length: 6 }, () => enter());
    for (const permit of failing) permit.settle('failure');
    cooling?.settle('cool_down', { coolDownMs: MINUTE_MS });
    expect(guard.refusalOf(ID)).toEqual({ reason: 'breaker_open', retryAtMs: untilMs + MINUTE_MS });
  });
});

describe('models that are gone', () => {
  test('shut out for ten minutes, then probed', async () => {
    await settle('disable');
    expect(guard.refusalOf(ID)).toEqual({ reason: 'disabled', retryAtMs: Date.now() + 10 * MINUTE_MS });
    expect(guard.snapshot(ID)).toMatchObject({ state: 'open', disabled: true });
    vi.advanceTimersByTime(10 * MINUTE_MS);
    const probe = enter();
    expect(guard.enter(ID)).toBeUndefined();
    probe.settle('disable');
    expect(guard.refusalOf(ID)).toEqual({ reason: 'disabled', retryAtMs: Date.now() + 10 * MINUTE_MS });
    vi.advanceTimersByTime(10 * MINUTE_MS);
    await settle('success');
    expect(guard.snapshot(ID)).toMatchObject({ state: 'closed', disabled: false });
    expect(kinds()).toEqual(['disable', 'half_open', 'disable', 'half_open', 'close']);
  });
});

test('a model that is back but ill is ill, not gone', async () => {
  await settle('disable');
  vi.advanceTimersByTime(10 * MINUTE_MS);
  await settle('failure');
  expect(guard.refusalOf(ID)).toEqual({ reason: 'breaker_open', retryAtMs: Date.now() + MINUTE_MS });
  expect(guard.snapshot(ID).disabled).toBe(false);
});

describe('reload and close', () => {
  test('a reload lets in again what an operator repairs, and leaves what is ill', async () => {
    for (const [endpointId, ruling] of [
      ['a/gone', 'disable'],
      ['b/key', 'open'],
    ] as const) {
      enter(endpointId).settle(ruling);
    }
    for (let time = 0; time < 5; time += 1) enter('c/ill').settle('failure');
    enter('d/cooling').settle('cool_down', { coolDownMs: 9 * SECOND_MS });
    guard.setEndpoints(['a/gone', 'b/key', 'c/ill', 'd/cooling']);
    expect(guard.refusalOf('a/gone')).toBeUndefined();
    expect(guard.refusalOf('b/key')).toBeUndefined();
    expect(guard.refusalOf('c/ill')?.reason).toBe('breaker_open');
    expect(guard.refusalOf('d/cooling')?.reason).toBe('cooling');
  });

  test('a probe under way at the reload that lets its endpoint in is a call like any other', async () => {
    await settle('disable');
    vi.advanceTimersByTime(10 * MINUTE_MS);
    const probe = enter();
    guard.setEndpoints([ID]);
    probe.settle('failure');
    await settle('failure', 'failure', 'failure', 'failure');
    expect(guard.snapshot(ID).nextProbeAtMs).toBe(Date.now() + 30 * SECOND_MS);
  });

  test('endpoints that left are forgotten, and their timers with them', async () => {
    const timersAtRest = vi.getTimerCount();
    await settle('failure', 'failure', 'failure', 'failure');
    const [underWay, cooling] = [enter(), enter()];
    await settle('failure');
    expect(vi.getTimerCount()).toBe(timersAtRest + 1);
    guard.setEndpoints(['another/model']);
    expect(vi.getTimerCount()).toBe(timersAtRest);
    underWay.settle('failure');
    cooling.settle('cool_down');
    expect(kinds()).toEqual(['open']);
    expect(guard.snapshot(ID)).toMatchObject({ state: 'closed', openedTimes: 0 });
  });

  test('closing leaves no timer, and later calls do no harm', async () => {
    await settle('failure', 'failure', 'failure', 'failure', 'failure');
    const other = enter('another/model');
    guard.close();
    expect(vi.getTimerCount()).toBe(0);
    other.settle('failure');
    for (let time = 0; time < 5; time += 1) guard.enter(ID)?.settle('failure');
    expect(guard.refusalOf(ID)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});
