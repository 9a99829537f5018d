import { afterEach, expect, test, vi } from 'vitest';
import { createSessions, SESSION_SECONDS } from '../../src/http/dashboard/sessions.ts';

afterEach(() => {
  vi.useRealTimers();
});

function sessionsAt(clock: { ms: number }) {
  let count = 0;
  return createSessions(
    () => `secret-${count++}`,
    () => clock.ms,
  );
}

test('who watches a session is told once when it is closed, and not after he left', () => {
  const sessions = sessionsAt({ ms: 0 });
  const secret = sessions.open('key');
  const told: string[] = [];
  sessions.onEnded(secret, () => told.push('stayed'));
  const leave = sessions.onEnded(secret, () => told.push('left'));
  leave();
  sessions.close(secret);
  sessions.close(secret);
  expect(told).toEqual(['stayed']);
});

test('a session that is pushed out by newer ones ends', () => {
  const sessions = sessionsAt({ ms: 0 });
  const ended = vi.fn();
  sessions.onEnded(sessions.open('oldest'), ended);
  for (let index = 0; index < 999; index++) sessions.open('newer');
  expect(ended).not.toHaveBeenCalled();
  sessions.open('one too many');
  expect(ended).toHaveBeenCalledOnce();
});

test('what was opened by a session ends with its time, though nobody asks anything', () => {
  vi.useFakeTimers();
  const clock = { ms: 0 };
  const sessions = sessionsAt(clock);
  const secret = sessions.open('key');
  const ended = vi.fn();
  sessions.onEnded(secret, ended);
  clock.ms = 1_000 * SESSION_SECONDS - 1;
  vi.advanceTimersByTime(clock.ms);
  expect(ended).not.toHaveBeenCalled();
  clock.ms += 1;
  vi.advanceTimersByTime(1);
  expect(ended).toHaveBeenCalledOnce();
  expect(sessions.keyOf(secret)).toBeUndefined();
});

test('a session that does not stand is not watched', () => {
  const ended = vi.fn();
  sessionsAt({ ms: 0 }).onEnded(undefined, ended)();
  sessionsAt({ ms: 0 }).onEnded('unknown', ended)();
  expect(ended).not.toHaveBeenCalled();
});
