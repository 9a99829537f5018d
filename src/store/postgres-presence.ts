import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** `outr` in ASCII: our namespace among the advisory locks of a shared database. */
export const LOCK_CLASS = 0x6f757472;

const RECONNECT_MS = 500;
const KEEP_ALIVE =
  'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3';

export interface Presence {
  readonly instanceId: number;
  close(): Promise<void>;
}

/**
 * Holds an advisory lock for as long as this process lives. Whoever can take the lock of an instance knows that it is
 * dead: no clocks are compared, and a killed process is known to be dead as soon as its socket closes. Keep-alive
 * makes the server notice a vanished host within half a minute.
 */
export async function openPresence(connection: pg.ClientConfig): Promise<Presence> {
  const closing = new AbortController();
  let returning = Promise.resolve();
  let instanceId = 0;
  let client = await hold(draw);

  function draw(): number {
    instanceId = randomInt(1, 2 ** 31);
    return instanceId;
  }

  /** Connects and takes the lock of `candidate`, which is asked again while others hold what it offers. */
  async function hold(candidate: () => number): Promise<pg.Client> {
    const session = new pg.Client(connection);
    session.on('error', () => {});
    try {
      await session.connect();
      await session.query(KEEP_ALIVE);
      while (!(await isTaken(session, candidate()))) {
        await delay(RECONNECT_MS, undefined, { signal: closing.signal });
      }
    } catch (error) {
      await session.end();
      throw error;
    }
    session.once('end', () => {
      returning = holdAgain();
    });
    return session;
  }

  /** The server went away, not we: until the lock is back a starting replica would take us for dead. */
  async function holdAgain(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await delay(RECONNECT_MS, undefined, { ref: false, signal: closing.signal });
        client = await hold(() => instanceId);
        return;
      } catch {
        // Tried again until the server is back; what needs it meanwhile says so itself.
      }
    }
  }

  return {
    get instanceId() {
      return instanceId;
    },
    async close() {
      closing.abort();
      // A lock taken at the last moment would make us look alive.
      await returning;
      await client.end();
    },
  };
}

async function isTaken(session: pg.Client, instanceId: number): Promise<boolean> {
  const { rows } = await session.query('select pg_try_advisory_lock($1, $2) as taken', [
    LOCK_CLASS,
    instanceId,
  ]);
  return rows[0]?.taken === true;
}
