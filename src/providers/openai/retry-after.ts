/**
 * `Retry-After` as whole seconds, at least 1, however long: whoever rests or tells it on bounds it. `undefined` when it is absent or unreadable.
 *
 * @param value delay in seconds or an HTTP date (RFC 9110, 10.2.3).
 * @param nowMs epoch milliseconds, to read a date against.
 */
export function retryAfterSeconds(value: string | string[] | undefined, nowMs: number): number | undefined {
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  if (!text) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (Date.parse(text) - nowMs) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.max(1, Math.ceil(seconds));
}
