import type { Model } from '../../src/core/catalog/model.ts';
import { createRandom } from '../../src/core/learning/random.ts';
import { dayOf } from '../../src/core/reward/daily-cap.ts';
import { changeByFeedback } from '../../src/core/reward/feedback-change.ts';
import { changeEvidence } from '../../src/store/evidence.ts';
import { openStore } from '../../src/store/open.ts';
import { openPostgres } from '../../src/store/open-postgres.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import { type Begun, type Ended, writeAttempts } from '../../src/store/write-attempts.ts';
import { createTraffic } from './generated-traffic.ts';

const HOUR_MS = 3_600_000;
/** Attempts per transaction. One of PostgreSQL's is cut off after a second. */
const BATCH_SIZE = 8_000;
const POSTGRES_BATCH_SIZE = 100;
const SHARE_RATED = 0.01;
/** As much a key may move a belief in a day: the default of the configuration. */
const CAP = 200;
/** Of the day's traffic by the hour: one working day of one continent. */
const HOUR_WEIGHTS = [1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 10, 10, 9, 10, 10, 10, 9, 7, 5, 4, 3, 2, 2, 1];

interface Rating {
  readonly requestId: string;
  readonly atMs: number;
  readonly quality: number;
}

/**
 * A store as so much traffic would have left it: rows, beliefs and roll-ups are written by the product's own group
 * commit, verdicts by its own arithmetic. Only the intents beside the database are left out.
 *
 * @returns a key of the scope `admin`, and ids of a few requests, the newest first
 */
export async function fillStore(options: {
  readonly url: string;
  readonly models: readonly Model[];
  readonly attempts: number;
  readonly days: number;
  readonly keys: number;
  readonly untilMs: number;
  readonly onProgress: (attempts: number) => void;
}): Promise<{ readonly key: string; readonly requestIds: readonly string[]; readonly attempts: number }> {
  const { url, days, untilMs } = options;
  const { adminKey, keyIds } = await createKeys(url, options.keys);
  const random = createRandom(7);
  const nextRequest = createTraffic({ models: options.models, keyIds, seed: 5 });
  const isSqlite = url.startsWith('sqlite:');
  const database = await (isSqlite ? openSqlite(url.slice('sqlite:'.length)) : openPostgres(url));
  const batchSize = isSqlite ? BATCH_SIZE : POSTGRES_BATCH_SIZE;
  const requestIds: string[] = [];
  let batch: Ended[] = [];
  let begun: Begun[] = [];
  let toRate: Rating[] = [];
  let written = 0;

  async function writeBatch(): Promise<void> {
    const ended = batch;
    const commit = (wanted: { begun: readonly Begun[]; ended: readonly Ended[] }) =>
      database.transact(() => writeAttempts({ ...wanted, late: [], withdrawn: [] }, database.instanceId));
    if (isSqlite) await commit({ begun, ended });
    else {
      await commit({ begun, ended: [] });
      await commit({ begun: [], ended });
    }
    batch = [];
    begun = [];
    for (const rating of toRate) await rate(rating);
    toRate = [];
    written += ended.length;
    options.onProgress(written);
  }

  async function rate({ requestId, atMs, quality }: Rating): Promise<void> {
    const given = { sourceName: 'human', source: 'human' as const, quality };
    const keyId = keyIds[0] as string;
    const account = { keyId, day: dayOf(atMs) };
    await changeEvidence(database, { requestId, keyId: undefined, account }, (evidence) =>
      changeByFeedback(evidence, { ...given, comment: '', signals: '{}' }, atMs, {
        ...account,
        limit: CAP,
        used: evidence.bookedWeight ?? 0,
      }),
    );
  }

  let left = options.attempts;
  const hours = days * 24;
  const firstHourMs = Math.floor(untilMs / HOUR_MS) * HOUR_MS - (hours - 1) * HOUR_MS;
  const weights = Array.from({ length: hours }, (_, hour) => weightOf(firstHourMs + hour * HOUR_MS));
  let weightLeft = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [hour, weight] of weights.entries()) {
    const fromMs = firstHourMs + hour * HOUR_MS;
    const lastsMs = Math.min(HOUR_MS, untilMs - 120_000 - fromMs);
    let wanted = Math.round((left * weight) / weightLeft);
    weightLeft -= weight;
    const count = wanted;
    for (let place = 0; wanted > 0; place += 1) {
      const createdAtMs = Math.floor(fromMs + (Math.max(0, lastsMs) * Math.min(place, count - 1)) / count);
      const requestId = requestIdOf(createdAtMs, random);
      const attempts = nextRequest(requestId, createdAtMs);
      for (const { request, start, end } of attempts) {
        // As in life: a first attempt becomes a row with its ending on SQLite, a fallback and all of PostgreSQL's before.
        const isOneRow = isSqlite && request !== undefined;
        batch.push({ request: isOneRow ? request : undefined, start, end });
        if (!isOneRow) begun.push({ request, start });
      }
      wanted -= attempts.length;
      left -= attempts.length;
      // Drawn here: the same traffic comes of the same seed however large the batches are.
      if (random() < SHARE_RATED) {
        toRate.push({ requestId, atMs: createdAtMs + 60_000, quality: Number(random() < 0.7) });
      }
      if (place === 0) requestIds.unshift(requestId);
      if (batch.length >= batchSize) await writeBatch();
    }
  }
  await writeBatch();
  await database.close();
  return { key: adminKey, requestIds: requestIds.slice(0, 200), attempts: written };
}

/** As the gateway makes them: in the order of time. */
function requestIdOf(atMs: number, random: () => number): string {
  const chance = Array.from({ length: 5 }, () =>
    Math.floor(random() * 65_536)
      .toString(16)
      .padStart(4, '0'),
  );
  return `req_${atMs.toString(16).padStart(12, '0')}${chance.join('')}`;
}

function weightOf(hourMs: number): number {
  const at = new Date(hourMs);
  const isWeekend = at.getUTCDay() === 0 || at.getUTCDay() === 6;
  return (HOUR_WEIGHTS[at.getUTCHours()] ?? 1) * (isWeekend ? 0.4 : 1);
}

/** Every other key has budgets. */
async function createKeys(url: string, count: number): Promise<{ adminKey: string; keyIds: string[] }> {
  const store = await openStore({ url, now: () => Date.now() });
  const { key: adminKey } = await store.createKey({ name: 'bench', scopes: ['admin'] });
  const keyIds: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const { record } = await store.createKey({
      name: `team ${number}`,
      scopes: ['inference', 'feedback'],
      ...(number % 2 === 0
        ? { budgetMicroUsdPerDay: 1_000_000_000, budgetMicroUsdPerMonth: 20_000_000_000 }
        : {}),
    });
    keyIds.push(record.id);
  }
  await store.close();
  return { adminKey, keyIds };
}
