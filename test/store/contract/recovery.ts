import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Store } from '../../../src/store/contract.ts';
import { sumDeltas } from '../../../src/store/sums.ts';
import { deltasOf } from '../crash-deltas.ts';
import type { Databases } from '../each-database.ts';
import { requestOf, START_MS, startOf } from '../records.ts';

const DAY_MS = 24 * 3_600_000;
const CHILD = fileURLToPath(new URL('../crash-child.ts', import.meta.url));

export function recoveryContract({ createUrl, open }: Databases): void {
  it.each(['writer', 'server'] as const)(
    'after kill -9 of a %s under load: one row and one ending each, beliefs and roll-up are what the rows say',
    async (role) => {
      const url = await createUrl();
      const child = await writingChild(url, role);
      const acknowledged = await killAfter(child, 400);

      const store = await open(url);
      const recovered = await store.recoverPending();
      expect(recovered.length).toBeGreaterThan(0);
      expect(await store.recoverPending()).toEqual([]);

      const written = new Set<string>();
      const deltas = [];
      let costMicroUsd = 0;
      for await (const fact of store.attemptFacts()) {
        const key = `${fact.requestId}:${fact.number}`;
        expect(written.has(key)).toBe(false);
        written.add(key);
        costMicroUsd += fact.costMicroUsd;
        if (fact.ending !== 'unknown') deltas.push(...deltasOf(fact));
      }
      // Whatever the child was told is durable is there.
      expect(acknowledged.filter((id) => !written.has(`${id}:0`))).toEqual([]);
      const expected = sumDeltas(deltas);
      const { beliefs } = await store.loadBeliefs();
      expect(sumDeltas(beliefs)).toEqual(expected);
      const traffic = await store.readTraffic(0);
      expect(sum(traffic.map(({ requests }) => requests))).toBe(written.size);
      expect(sum(traffic.map((hour) => hour.costMicroUsd))).toBe(costMicroUsd);
      const patterns = await store.readPatterns(START_MS - DAY_MS, START_MS + DAY_MS);
      expect(sum(patterns.map(({ attempts }) => attempts))).toBe(written.size);
      for (const { requestId } of recovered) {
        expect((await store.readRequest(requestId))?.attempts).toMatchObject([
          { ending: 'unknown', costMicroUsd: 1_500, isCostEstimated: true, automatic: undefined },
        ]);
      }
    },
  );

  it('leaves alone what began here', async () => {
    const store = await open(await createUrl());
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    expect(await store.recoverPending()).toEqual([]);
    expect((await store.readRequest('r1'))?.attempts[0]?.ending).toBeUndefined();
  });

  it('of two that start at once each attempt is recovered once; a SQLite file bears only one of them', async () => {
    const url = await createUrl();
    await killAfter(await writingChild(url), 100);
    const stores = await Promise.all([open(url), open(url)]);
    const outcomes = await Promise.allSettled(stores.map((store) => store.recoverPending()));
    const recovered = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toMatchObject(url.startsWith('sqlite:') ? [{ reason: 'in_use' }] : []);
    const traffic = await (stores[0] as Store).readTraffic(START_MS);
    const unknown = [];
    for await (const fact of (stores[0] as Store).attemptFacts()) {
      if (fact.ending === 'unknown') unknown.push(fact.requestId);
    }
    expect(
      recovered
        .flat()
        .map(({ requestId }) => requestId)
        .sort(),
    ).toEqual(unknown.sort());
    expect(sum(traffic.map(({ requests, completed }) => requests - completed))).toBe(unknown.length);
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

async function writingChild(url: string, role: 'writer' | 'server' = 'writer'): Promise<ChildProcess> {
  return spawn(process.execPath, ['--import', 'tsx', CHILD, url, role], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Ids that the child reported durable; it is killed, in the middle of more, once there are `count`. */
async function killAfter(child: ChildProcess, count: number): Promise<string[]> {
  const acknowledged: string[] = [];
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  await exited;
  expect(child.signalCode).toBe('SIGKILL');
  return acknowledged;
}
