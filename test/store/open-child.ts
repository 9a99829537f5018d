/** Loads the store, says so, waits for a word, then opens it and writes one row. */
import { openStore } from '../../src/store/open.ts';
import { requestOf, startOf } from './records.ts';

process.stdout.write('ready\n');
for await (const _ of process.stdin);
const store = await openStore({ url: process.argv[2] ?? '', now: () => 0 });
const id = `r${process.pid}`;
await store.journal.begin(requestOf(id), startOf(id));
await store.close();
