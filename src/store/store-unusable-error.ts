/**
 * The store cannot be used as it is, and trying again will not help: the process should print `message` (one line,
 * no stack) and exit 78. `unreachable` is the exception: a PostgreSQL that is not up yet may be tried again.
 */
export class StoreUnusableError extends Error {
  readonly reason:
    | 'invalid_url'
    | 'unreachable'
    | 'not_a_database'
    | 'corrupt'
    | 'foreign'
    | 'newer_schema'
    | 'in_use';

  constructor(reason: StoreUnusableError['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StoreUnusableError';
    this.reason = reason;
  }
}
