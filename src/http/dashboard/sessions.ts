/** Who is logged in to the dashboard: in memory, so that a restart logs everybody out. */
export interface Sessions {
  /** @returns the secret of the new session, for the cookie. */
  open(key: string): string;
  /** The key behind a session that still stands. */
  keyOf(secret: string | undefined): string | undefined;
  close(secret: string | undefined): void;
  /**
   * Calls back once when the session ends: closed from any tab, pushed out by newer ones, or too old. What was opened by it
   * ends then, too. A session that does not stand is not watched.
   *
   * @returns ends the watching
   */
  onEnded(secret: string | undefined, ended: () => void): () => void;
}

interface Session {
  readonly key: string;
  readonly untilMs: number;
  readonly watchers: Set<() => void>;
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
  const secretToSession = new Map<string, Session>();

  function end(secret: string): void {
    const session = secretToSession.get(secret);
    secretToSession.delete(secret);
    for (const ended of session?.watchers ?? []) ended();
  }
  function standing(secret: string | undefined): Session | undefined {
    const session = secret === undefined ? undefined : secretToSession.get(secret);
    if (secret === undefined || session === undefined) return undefined;
    if (monotonicMs() < session.untilMs) return session;
    end(secret);
    return undefined;
  }
  return {
    open(key) {
      for (const oldest of secretToSession.keys()) {
        if (secretToSession.size < MAX_SESSIONS) break;
        end(oldest);
      }
      const secret = newSecret();
      const untilMs = monotonicMs() + 1_000 * SESSION_SECONDS;
      secretToSession.set(secret, { key, untilMs, watchers: new Set() });
      return secret;
    },
    keyOf: (secret) => standing(secret)?.key,
    close(secret) {
      if (secret !== undefined) end(secret);
    },
    onEnded(secret, ended) {
      const session = standing(secret);
      if (secret === undefined || session === undefined) return () => {};
      // Nobody asks anything over a stream, so nothing else would notice that its time is over.
      const tooOld = setTimeout(() => end(secret), session.untilMs - monotonicMs()).unref();
      const watcher = () => {
        clearTimeout(tooOld);
        ended();
      };
      session.watchers.add(watcher);
      return () => {
        clearTimeout(tooOld);
        session.watchers.delete(watcher);
      };
    },
  };
}
