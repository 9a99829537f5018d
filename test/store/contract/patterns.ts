import { expect, it } from 'vitest';
import { negated } from '../../../src/core/learning/delta.ts';
import { countBits } from '../../../src/core/tally/key-bits.ts';
import type { Store } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, feedbackOf, qualityDelta, requestOf, START_MS, startOf } from '../records.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** START_MS is at 08:00 UTC: the second block of its day. */
const BLOCK_MS = START_MS - 2 * HOUR_MS;

const human = qualityDelta({ source: 'human', a: 0.25, b: 0.75 });

async function ended(
  store: Store,
  requestId: string,
  { start = {}, end = {} }: { start?: Parameters<typeof startOf>[1]; end?: Parameters<typeof endOf>[1] } = {},
): Promise<void> {
  await store.journal.begin(
    requestOf(requestId, { shape: start.shape ?? 'small/plain/1/en' }),
    startOf(requestId, start),
  );
  store.journal.end(endOf(requestId, end));
}

export function patternsContract({ createUrl, open }: Databases): void {
  it('sums ended attempts up by block, task, shape and model, over all keys', async () => {
    const store = await open(await createUrl());
    await ended(store, 'r1');
    await ended(store, 'r2', { start: { keyId: 'key_b' }, end: { costMicroUsd: 500, latencyMs: 750 } });
    await ended(store, 'r3', { start: { shape: 'huge/tools/6+/de' }, end: { deltas: [] } });
    await ended(store, 'r4', { end: { ending: 'server_error', deltas: [], costMicroUsd: 0 } });
    await store.journal.begin(
      undefined,
      startOf('r4', { number: 1, modelId: 'small', endpointId: 'acme/small' }),
    );
    store.journal.end(endOf('r4', { number: 1, deltas: [qualityDelta({ subject: 'small' })] }));
    await ended(store, 'judged', { start: { shape: '' } });
    await store.journal.flush();

    const sums = await store.readPatterns(BLOCK_MS, BLOCK_MS + 1);
    const byShape = Object.fromEntries(sums.map((sum) => [`${sum.shape} ${sum.modelId}`, sum]));
    expect(Object.keys(byShape).sort()).toEqual([
      'huge/tools/6+/de large',
      'small/plain/1/en large',
      'small/plain/1/en small',
    ]);
    expect(byShape['small/plain/1/en large']).toMatchObject({
      task: 'code_generation',
      requests: 3,
      attempts: 3,
      completed: 2,
      failures: 1,
      costMicroUsd: 2_500,
      latencyMsSum: 2_000,
      successes: 2,
      shortfalls: 0,
      squares: 2,
    });
    // A fallback is nobody's first choice.
    expect(byShape['small/plain/1/en small']).toMatchObject({ requests: 0, attempts: 1, completed: 1 });
    expect(countBits(byShape['small/plain/1/en large']?.keyBits ?? 0)).toBe(2);
    expect(countBits(byShape['huge/tools/6+/de large']?.keyBits ?? 0)).toBe(1);
    expect(await store.readPatterns(BLOCK_MS + 6 * HOUR_MS, BLOCK_MS + 12 * HOUR_MS)).toEqual([]);
    expect(await store.firstPatternMs()).toBe(BLOCK_MS);
  });

  it('a verdict moves the block in which its answer ended by exactly what it changes, however late', async () => {
    const url = await createUrl();
    let nowMs = START_MS + 60_000;
    const store = await open(url, () => nowMs);
    await ended(store, 'r1');
    await store.journal.flush();
    nowMs += 10 * DAY_MS;
    const quality = async (from = store) => {
      const [sum] = await from.readPatterns(BLOCK_MS, nowMs);
      return [sum?.requests, sum?.successes, sum?.shortfalls, sum?.squares];
    };
    expect(await quality()).toEqual([1, 1, 0, 1]);
    await store.changeEvidence('r1', 'key_a', () => ({
      upsert: feedbackOf('r1', { sourceName: 'human', source: 'human', quality: 0.25 }),
      automaticCounts: false,
      deltas: [negated(qualityDelta()), human],
    }));
    expect(await quality()).toEqual([1, 0.25, 0.75, 1]);
    // A judge's verdict counts half; what a check found no fault in counts nothing.
    await store.changeEvidence('r1', 'key_a', () => ({
      automaticCounts: false,
      deltas: [
        negated(human),
        qualityDelta({ kind: 'verdicts', source: 'some-judge', a: 0.5, b: 0.5 }),
        qualityDelta({ source: 'heuristic', a: 0.5 }),
      ],
    }));
    expect(await quality()).toEqual([1, 0.25, 0.25, 0.25]);
    await store.changeEvidence('r1', 'key_a', () => ({
      automaticCounts: true,
      deltas: [
        negated(qualityDelta({ kind: 'verdicts', source: 'some-judge', a: 0.5, b: 0.5 })),
        qualityDelta(),
      ],
    }));
    expect(await quality()).toEqual([1, 1, 0, 1]);
    expect(await quality(await open(url, () => nowMs))).toEqual([1, 1, 0, 1]);
  });

  it('remembers what is over, and sees within minutes what another process changed of it', async () => {
    const url = await createUrl();
    let nowMs = START_MS + 60_000;
    const store = await open(url, () => nowMs);
    await ended(store, 'r1');
    await store.journal.flush();
    nowMs += 5 * DAY_MS;
    const other = await open(url, () => nowMs);
    const successes = async () => (await store.readPatterns(BLOCK_MS - DAY_MS, nowMs))[0]?.successes;
    expect(await successes()).toBe(1);
    await other.changeEvidence('r1', 'key_a', () => ({
      automaticCounts: false,
      deltas: [negated(qualityDelta())],
    }));
    expect(await successes()).toBe(1);
    nowMs += 301_000;
    // Some blocks a call.
    for (let call = 0; call < 8; call += 1) await successes();
    expect(await successes()).toBe(0);
  });

  it('days and blocks say the same, and so does one that reads a day task by task', async () => {
    const url = await createUrl();
    let nowMs = START_MS + 60_000;
    const store = await open(url, () => nowMs);
    for (let index = 0; index < 1_200; index += 1) {
      const shape = `small/plain/1/l${index % 400}`;
      void store.journal.begin(requestOf(`r${index}`, { shape }), startOf(`r${index}`, { shape }));
      await store.journal.flush();
      store.journal.end(
        endOf(`r${index}`, { endedAtMs: BLOCK_MS + (index % 3) * 6 * HOUR_MS + 1, deltas: [] }),
      );
    }
    await store.journal.flush();
    const total = async () => {
      const sums = await store.readPatterns(START_MS - 8 * HOUR_MS, START_MS + 16 * HOUR_MS);
      return [sums.length, sums.reduce((sum, { requests }) => sum + requests, 0)];
    };
    expect(await total()).toEqual([400, 1_200]);
    nowMs += 4 * DAY_MS;
    expect(await total()).toEqual([400, 1_200]);
  });

  it('counts what came between the last look at a block and its end, and reads what is oldest in memory first', async () => {
    const url = await createUrl();
    let nowMs = START_MS + 60_000;
    const store = await open(url, () => nowMs);
    const other = await open(url, () => nowMs);
    const requests = async (of: Store, fromMs = BLOCK_MS - 30 * DAY_MS) =>
      (await of.readPatterns(fromMs, nowMs)).reduce((sum, one) => sum + one.requests, 0);
    await ended(store, 'r1');
    await store.journal.flush();
    // A month of which every day is read and remembered, and the block that is under way.
    expect(await requests(store)).toBe(1);
    nowMs = BLOCK_MS + 6 * HOUR_MS - 1_000;
    expect(await requests(store)).toBe(1);
    expect(await requests(other)).toBe(1);
    await ended(store, 'r2', { end: { endedAtMs: nowMs } });
    await store.journal.flush();
    nowMs += 2_000;
    // The block is over, and nobody looked since.
    expect(await requests(store)).toBe(2);
    expect(await requests(other)).toBe(2);
    // What another process changes of it is seen in time, however seldom and of however long a window somebody asks.
    await store.changeEvidence('r2', 'key_a', () => ({
      automaticCounts: false,
      deltas: [negated(qualityDelta())],
    }));
    const successes = async () => (await other.readPatterns(BLOCK_MS - 30 * DAY_MS, nowMs)).at(0)?.successes;
    let looks = 0;
    while ((await successes()) !== 1 && looks < 20) {
      nowMs += 6 * 60_000;
      looks += 1;
    }
    expect(await successes()).toBe(1);
  });
}
