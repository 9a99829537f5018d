import { expect } from 'vitest';
import { saidIn } from '../fixtures/event-data.ts';
import { ANSWER_TEXT } from '../fixtures/misbehaving-answers.ts';
import type { Seen } from './ask.ts';

/** Text of other servers, their names, our keys: nothing of it may reach a client. */
const FOREIGN =
  /<html|<h1|nginx|host-7|org-secret|sk-upstream|Bearer|SSH-2\.0|OpenSSH|[Oo]verloaded|engine|127\.0\.0\.1|ECONN|UND_ERR| {4}at |\/src\//;

/** OpenAI's shape with our words, on every error whatever its cause. */
export function expectOurError(seen: Seen, status: number, code: string): void {
  expect(seen).toMatchObject({ status, json: { error: { code } } });
  expect(seen.json).toEqual({
    error: {
      message: expect.stringMatching(/^[^\n]{10,600}$/),
      type: expect.stringMatching(/^[a-z_]+$/),
      param: seen.json?.error?.param === null ? null : expect.any(String),
      code,
    },
  });
  expect(seen.headers['content-type']).toMatch(/^application\/json/);
  expect(seen.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
  expect(seen.text).not.toMatch(FOREIGN);
}

/** @param atMost seconds that the header says, within two; undefined when it must not be there. */
export function expectRetryAfter(seen: Seen, atMost: number | undefined): void {
  const seconds = seen.headers['retry-after'];
  if (atMost === undefined) {
    expect(seconds).toBeUndefined();
    return;
  }
  expect(seconds).toMatch(/^\d+$/);
  // A date is read a moment after it was written.
  expect(Number(seconds)).toBeGreaterThanOrEqual(atMost - 2);
  expect(Number(seconds)).toBeLessThanOrEqual(atMost);
}

/** The upstream's normal answer, whole, unary or streamed. */
export function expectWhole(seen: Seen): void {
  expect(seen.status, seen.text).toBe(200);
  if (seen.json) {
    expect(seen.json.choices?.[0]?.message?.content).toBe(ANSWER_TEXT);
    return;
  }
  expect(saidIn(seen.events)).toBe(ANSWER_TEXT);
  expect(seen.events.at(-1)).toBe('[DONE]');
  expect(seen.events.filter((data) => data === '[DONE]')).toHaveLength(1);
  expect(seen.text).not.toContain('"error"');
}

/** A stream that began well and broke off: its text, then one error event, and no `[DONE]`. */
export function expectBrokenStream(seen: Seen, said: string, message: RegExp): void {
  expect(seen.status).toBe(200);
  expect(saidIn(seen.events.slice(0, -1))).toBe(said);
  expect(JSON.parse(seen.events.at(-1) ?? '')).toEqual({
    error: {
      message: expect.stringMatching(message),
      type: 'api_error',
      param: null,
      code: 'upstream_error',
    },
  });
  expect(seen.text).not.toContain('DONE');
  expect(seen.text).not.toMatch(FOREIGN);
}
