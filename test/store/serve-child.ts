/** Serves on a store: takes it, begins an attempt, says so, and stays until it is killed. */
import { openStore } from '../../src/store/open.ts';
import { requestOf, startOf } from './records.ts';

const store = await openStore({ url: process.argv[2] ?? '', now: () => 0 });
try {
  await store.recoverPending();
  await store.journal.begin(requestOf('running'), startOf('running'));
  process.stdout.write('serving\n');
  // What nobody holds any more is collected, and its lock with it.
  setInterval(() => store, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : error}\n`);
  await store.close();
}
