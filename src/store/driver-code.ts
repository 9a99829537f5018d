/** The code that a driver gave its error, through drizzle's wrapping: `SQLITE_BUSY`, `23505`, `ECONNREFUSED`; `''` for none. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? '' : codeOf(error.cause);
}
