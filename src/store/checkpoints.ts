import { Worker } from 'node:worker_threads';
import type SqliteDatabase from 'better-sqlite3';

/** Rows changed since the last one: ten thousand attempts, some ten megabytes of log. */
const CHANGES_DUE = 32_000;
/**
 * Pages of log (of 8 kB) with which a commit does it itself, should the thread not keep up; and SQLite's own number, for a
 * connection without a thread.
 */
const PAGES_AT_MOST = 16_000;
const PAGES_ALONE = 1_000;
const END_MS = 2_000;

export interface Checkpoints {
  /** To be called after each commit. Cheap. */
  committed(): void;
  /** To be awaited before the connection is closed: the last one to close empties the log. */
  end(): Promise<void>;
}

/**
 * Copies what the log of a WAL database holds into the database on a thread of its own. SQLite does it inside of a commit,
 * where everybody waits for a thousand pages and for the disk to have them: 10 to 80 ms.
 *
 * Passive checkpoints: they lock out nobody, and wait for nobody. The thread begins when there is something for it to do.
 */
export function startCheckpoints(client: SqliteDatabase.Database, path: string): Checkpoints {
  const changes = client.prepare<[], number>('select total_changes()').pluck();
  let changesSeen = changes.get() ?? 0;
  let thread: Worker | undefined;
  let isRunning = false;
  let isAlone = false;
  let onExit = () => {};
  client.pragma(`wal_autocheckpoint = ${PAGES_AT_MOST}`);

  function begin(): Worker {
    const begun = new Worker(new URL('./checkpoint-thread.js', import.meta.url), {
      workerData: { path },
      // Else what an operator has Node load before the gateway (tracing, say) would begin a second time in there.
      execArgv: [],
      env: {},
    });
    begun.unref();
    begun.on('message', () => {
      isRunning = false;
    });
    // It could not be started, or not open the file: `exit` follows.
    begun.on('error', () => {});
    begun.once('exit', () => {
      goAlone();
      onExit();
    });
    return begun;
  }

  function goAlone(): void {
    isAlone = true;
    client.pragma(`wal_autocheckpoint = ${PAGES_ALONE}`);
  }

  return {
    committed() {
      if (isRunning || isAlone) return;
      const now = changes.get() ?? 0;
      if (now - changesSeen < CHANGES_DUE) return;
      changesSeen = now;
      isRunning = true;
      thread ??= begin();
      thread.postMessage('checkpoint');
    },
    async end() {
      if (isAlone) return;
      if (thread === undefined) return goAlone();
      const exited = new Promise<void>((resolve) => {
        onExit = resolve;
      });
      thread.postMessage('end');
      const limit = setTimeout(() => void thread?.terminate(), END_MS);
      await exited;
      clearTimeout(limit);
    },
  };
}
