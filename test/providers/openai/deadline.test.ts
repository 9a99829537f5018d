import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadline } from '../../../src/providers/openai/deadline.ts';

const monotonicMs = () => performance.now();
let expired: number[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  expired = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function deadlineIn(ms: number): Deadline {
  const deadline = new Deadline(monotonicMs, () => expired.push(monotonicMs()));
  deadline.set(monotonicMs() + ms);
  return deadline;
}

test('expires once, when it is due', () => {
  const beganMs = monotonicMs();
  deadlineIn(1_000);
  vi.advanceTimersByTime(998);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(10_000);
  expect(expired).toHaveLength(1);
  expect((expired[0] ?? 0) - beganMs).toBeGreaterThanOrEqual(999);
  expect((expired[0] ?? 0) - beganMs).toBeLessThanOrEqual(1_001);
});

test('moved later again and again it waits for the last time, with a handful of timers', () => {
  const arming = vi.spyOn(globalThis, 'setTimeout');
  const deadline = deadlineIn(1_000);
  for (let token = 0; token < 1_000; token++) {
    vi.advanceTimersByTime(10);
    deadline.set(monotonicMs() + 1_000);
  }
  expect(expired).toEqual([]);
  expect(arming.mock.calls.length).toBeLessThan(20);
  const lastMs = monotonicMs();
  vi.advanceTimersByTime(5_000);
  expect(expired).toHaveLength(1);
  expect((expired[0] ?? 0) - lastMs).toBeGreaterThanOrEqual(999);
  expect((expired[0] ?? 0) - lastMs).toBeLessThanOrEqual(1_001);
  arming.mockRestore();
});

test('moved earlier it is not late', () => {
  const beganMs = monotonicMs();
  deadlineIn(60_000).set(beganMs + 200);
  vi.advanceTimersByTime(60_000);
  expect(expired).toHaveLength(1);
  expect((expired[0] ?? 0) - beganMs).toBeLessThanOrEqual(202);
});

test('stopped it is silent', () => {
  const deadline = deadlineIn(100);
  vi.advanceTimersByTime(50);
  deadline.stop();
  vi.advanceTimersByTime(10_000);
  expect(expired).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('one that lies in the past expires in the next turn, not inside the constructor', () => {
  deadlineIn(-50);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(expired).toHaveLength(1);
});

test('an hour is not too long for a timer, a month is looked at in between', () => {
  deadlineIn(40 * 24 * 3_600_000);
  vi.advanceTimersByTime(30 * 24 * 3_600_000);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(11 * 24 * 3_600_000);
  expect(expired).toHaveLength(1);
});
