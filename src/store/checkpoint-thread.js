// @ts-check
// The thread of `checkpoints.ts`, in plain JavaScript, as a thread loads its file as it is.
import { parentPort, workerData } from 'node:worker_threads';
import SqliteDatabase from 'better-sqlite3';

/** What was committed during one pass is left to the next; the log begins anew only when nothing is left. */
const MOST_PASSES = 3;

const client = new SqliteDatabase(workerData.path, { fileMustExist: true });

parentPort?.on('message', (message) => {
  if (message === 'end') {
    client.close();
    parentPort?.close();
    return;
  }
  try {
    checkpoint();
  } catch {
    // A disk that is full or locked: what is not copied now is copied next time.
  }
  parentPort?.postMessage('done');
});

function checkpoint() {
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const [result] = /** @type {{ busy: number, log: number, checkpointed: number }[]} */ (
      client.pragma('wal_checkpoint(passive)')
    );
    if (result === undefined || result.busy !== 0 || result.checkpointed >= result.log) return;
  }
}
