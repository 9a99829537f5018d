import { headerValue } from './header-value.ts';

/** Adds to `x-router-warnings`, a list of short words with commas between (docs/routing.md). */
export function addWarnings(headers: Record<string, string>, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  const before = headers['x-router-warnings'];
  const added = headerValue(warnings.join(','));
  headers['x-router-warnings'] = before === undefined ? added : `${before},${added}`;
}
