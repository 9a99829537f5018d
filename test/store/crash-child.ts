/**
 * Writes attempts as fast as it can until it is killed, and prints the id of each one that is durable. As a server
 * (second argument) it may use the intent log.
 */
import { openStore } from '../../src/store/open.ts';
import { deltasOf } from './crash-deltas.ts';
import { endOf, requestOf, START_MS, startOf } from './records.ts';

const store = await openStore({ url: process.argv[2] ?? '', now: () => START_MS });
const isServer = process.argv[3] === 'server';
if (isServer) await store.recoverPending();
let count = 0;

async function client(): Promise<never> {
  for (;;) {
    count += 1;
    const id = `r${count}`;
    const start = startOf(id, { modelId: `model-${count % 7}`, epoch: count % 2 });
    await store.journal.begin(requestOf(id), start, isServer);
    process.stdout.write(`${id}\n`);
    await new Promise((resolve) => setTimeout(resolve, count % 13));
    const outputTokens = count % 97;
    store.journal.end(endOf(id, { outputTokens, deltas: deltasOf({ ...start, outputTokens }) }));
  }
}

await Promise.all(Array.from({ length: 32 }, client));
