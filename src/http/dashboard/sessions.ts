/** Who is logged in to the dashboard: in memory, so that a restart logs everybody out. */
export interface Sessions {
  /** @returns the secret of the new session, for the cookie. */
  open(key: string): string;
  /** The key behind a session that still stands. */
  keyOf(secret: string | undefined): string | undefined;
  close(secret: string | undefined): void;
}

/** A working day: longer than this nobody stays logged in. */
export const SESSION_SECONDS = 12 * 3_600;
/** Of more, the oldest end. */
const MAX_SESSIONS = 1_000;

/**
 * @param newSecret at least 128 random bits
 * @param monotonicMs milliseconds that never jump
 */
export function createSessions(newSecret: () => string, monotonicMs: () => number): Sessions {
  const secretToSession = new Map<string, { readonly key: string; readonly untilMs: number }>();
  return {
    open(key) {
      for (const oldest of secretToSession.keys()) {
        if (secretToSession.size < MAX_SESSIONS) break;
        secretToSession.delete(oldest);
      }
      const secret = newSecret();
      secretToSession.set(secret, { key, untilMs: monotonicMs() + 1_000 * SESSION_SECONDS });
      return secret;
    },
    keyOf(secret) {
      const session = secret === undefined ? undefined : secretToSession.get(secret);
      if (secret === undefined || session === undefined) return undefined;
      if (monotonicMs() < session.untilMs) return session.key;
      secretToSession.delete(secret);
      return undefined;
    },
    close(secret) {
      if (secret !== undefined) secretToSession.delete(secret);
    },
  };
}
