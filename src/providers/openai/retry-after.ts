/** Longest rest that one `Retry-After` may ask for, in seconds. */
export const MAX_RETRY_AFTER_SECONDS = 60;

/**
 * `Retry-After` as whole seconds, 1 to 60; `undefined` when it is absent or unreadable.
 *
 * @param value delay in seconds or an HTTP date (RFC 9110, 10.2.3).
 * @param nowMs epoch milliseconds, to read a date against.
 */
export function retryAfterSeconds(value: string | string[] | undefined, nowMs: number): number | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  if (!text) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - nowMs) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(1, Math.ceil(seconds)));
}
