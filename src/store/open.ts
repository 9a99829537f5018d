import { setTimeout as delay } from 'node:timers/promises';
import { eq } from 'drizzle-orm';
import { createLoopTurns } from '../core/loop/loop-turns.ts';
import {
  addBeliefs,
  latestEndpointEpochs,
  latestEpochs,
  loadBeliefs,
  loadEndpointEpochs,
  loadEpochs,
  openEndpointEpoch,
  openEpoch,
} from './beliefs.ts';
import { gatherOffers } from './choice-offers.ts';
import { readChoices } from './choices.ts';
import { claim } from './claims.ts';
import type { OpenStoreOptions, Store } from './contract.ts';
import { ask, type Database } from './database.ts';
import { deleteEvaluation, listEvaluations, saveEvaluation } from './evaluations.ts';
import { changeEvidence } from './evidence.ts';
import { listFeedback, readVerdicts } from './feedback-list.ts';
import { forgetKey, removeEnded, requestsToPurge } from './forget-key.ts';
import { attemptFacts, readModelTraffic, readRequest, readTraffic } from './history.ts';
import { createTurns } from './in-turn.ts';
import { type IntentLog, openIntentLog, readIntents } from './intent-log.ts';
import { openJournal } from './journal.ts';
import { hashKey } from './key-hash.ts';
import {
  createKey,
  findKey,
  findKeyByHash,
  hasKeys,
  keySecretOf,
  listKeys,
  nameKeys,
  revokeKey,
  updateKey,
} from './keys.ts';
import { openPostgres } from './open-postgres.ts';
import { openSqlite } from './open-sqlite.ts';
import { packDay } from './pack-day.ts';
import { createPatternReader } from './pattern-reader.ts';
import { listPins, movePin, pinModel, pinnedModel, removePin } from './pinned-models.ts';
import { exchangeState, loadState, saveState } from './process-state.ts';
import { recoverPending } from './recovery.ts';
import { listRequests } from './request-list.ts';
import { deleteResponse, readResponse, saveResponse } from './responses.ts';
import { notePurged, PURGED_BEFORE, removeExpired } from './retention.ts';
import { rollUp } from './roll-up.ts';
import { createSpendingReader } from './spending.ts';
import { orUnavailable } from './storage-unavailable.ts';
import { StoreUnusableError } from './store-unusable-error.ts';
import { readUsage, readUsagePage } from './usage.ts';

/** Three seconds, and what each try waits for the lock itself. */
const LAST_FLUSH_RETRIES = 12;
const LAST_FLUSH_WAIT_MS = 250;

/**
 * Opens the database, creating and migrating it as needed.
 *
 * @throws StoreUnusableError one clear line; a file that cannot be used is left untouched
 */
export async function openStore(options: OpenStoreOptions): Promise<Store> {
  const { url, now, keySecret, turns = createLoopTurns(setImmediate, undefined) } = options;
  const database = await openDatabase(url);
  const secret = keySecret ?? (await keySecretOf(database));
  const offers = gatherOffers(database);
  const journal = openJournal({ database, offers, now });
  let intents: IntentLog | undefined;
  const inTurn = createTurns();
  const readSpending = createSpendingReader(database, journal, now, turns);
  const patterns = createPatternReader(database, now, turns);
  const guarded = <Result>(query: Promise<Result>) => orUnavailable(database, query);

  return {
    journal: { begin: journal.begin, end: journal.end, lag: journal.lag, flush: journal.flush },
    async recoverPending() {
      await database.claimServing();
      const { path } = database;
      const left = path === undefined || intents !== undefined ? [] : readIntents(path);
      const recovered = await guarded(recoverPending(database, left, now()));
      if (path !== undefined && intents === undefined) {
        intents = openIntentLog(path);
        journal.useIntents(intents);
      }
      return recovered;
    },

    async changeEvidence(requestId, keyId, change, account) {
      await journal.settle(requestId);
      const write = async () => {
        const { evidence, changedAtMs } = await changeEvidence(
          database,
          { requestId, keyId, account },
          change,
        );
        if (changedAtMs !== undefined) patterns.touch(changedAtMs);
        return evidence;
      };
      return guarded(account === undefined ? write() : inTurn(account.keyId, write));
    },

    loadBeliefs: () => guarded(loadBeliefs(database)),
    addBeliefs: (deltas) => guarded(addBeliefs(database, deltas)),
    saveEvaluation: (evaluation) => guarded(saveEvaluation(database, evaluation)),
    deleteEvaluation: (name) => guarded(deleteEvaluation(database, name)),
    listEvaluations: () => guarded(listEvaluations(database)),
    loadEpochs: () => guarded(loadEpochs(database)),
    latestEpochs: (modelIds, limit) => guarded(latestEpochs(database, modelIds, limit)),
    openEpoch: (epoch) => guarded(openEpoch(database, epoch)),
    loadEndpointEpochs: () => guarded(loadEndpointEpochs(database)),
    latestEndpointEpochs: (endpointIds, limit) => guarded(latestEndpointEpochs(database, endpointIds, limit)),
    openEndpointEpoch: (epoch) => guarded(openEndpointEpoch(database, epoch)),

    async readRequest(requestId) {
      await journal.settle(requestId);
      return guarded(readRequest(database, requestId));
    },
    listRequests: (query) => guarded(listRequests(database, query, turns)),
    listFeedback: (query) => guarded(listFeedback(database, query, turns)),
    async readVerdicts(requestId) {
      await journal.settle(requestId);
      return guarded(readVerdicts(database, requestId));
    },
    readModelTraffic: (sinceMs) => guarded(readModelTraffic(database, sinceMs, now(), turns)),
    readTraffic: (sinceMs) => guarded(readTraffic(database, sinceMs)),
    async readChoices(query) {
      await journal.flush();
      await guarded(offers.flush());
      return guarded(readChoices(database, query, turns));
    },
    readPatterns: (fromMs, toMs) => guarded(patterns.read(fromMs, toMs)),
    firstPatternMs: () => guarded(patterns.firstBlockMs()),
    readUsage: (query) => guarded(readUsage(database, query, turns)),
    readUsagePage: (query, page) => guarded(readUsagePage(database, query, turns, page)),
    readSpending: (sinceMs, take) => guarded(readSpending(sinceMs, take)),
    attemptFacts: () => attemptFacts(database),

    createKey: (key) => guarded(createKey(database, { key, secret, createdAtMs: now() })),
    nameKeys: (ids) => guarded(nameKeys(database, ids)),
    listKeys: (page) => guarded(listKeys(database, page)),
    findKey: (id) => guarded(findKey(database, id)),
    updateKey: (id, changes) => guarded(updateKey(database, id, changes)),
    revokeKey: (id) => guarded(revokeKey(database, id, now())),
    hashKey: (key) => hashKey(secret, key),
    findKeyByHash: (hash) => guarded(findKeyByHash(database, hash)),
    hasKeys: () => guarded(hasKeys(database)),

    pinnedModel: (place) => guarded(pinnedModel(database, place)),
    pinModel: (pin) => guarded(pinModel(database, pin)),
    movePin: (pin) => guarded(movePin(database, pin)),
    removePin: (place) => guarded(removePin(database, place)),
    listPins: () => guarded(listPins(database)),
    saveResponse: (response) => guarded(saveResponse(database, response)),
    readResponse: (responseId, keyId, nowMs) => guarded(readResponse(database, responseId, keyId, nowMs)),
    deleteResponse: (responseId, keyId) => guarded(deleteResponse(database, responseId, keyId)),

    loadState: (name) => guarded(loadState(database, name)),
    saveState: (name, value) => guarded(saveState(database, name, value)),
    exchangeState: (name, expected, value) => guarded(exchangeState(database, name, expected, value)),

    removeExpired: (limits) => guarded(database.alone(() => removeExpired(database, limits, turns))),
    async purgedBeforeMs() {
      const text = await guarded(loadState(database, PURGED_BEFORE));
      return text === undefined ? undefined : Number(text);
    },
    requestsToPurge: (query) => requestsToPurge(database, query),
    removeRequests: (ids) => guarded(removeEnded(database, ids)),
    forgetKey: (keyId) => guarded(forgetKey(database, keyId)),
    notePurged: (beforeMs) => guarded(notePurged(database, beforeMs)),
    rollUp: () => guarded(database.alone(() => rollUp(database, now(), turns))),
    packDay: () => guarded(database.alone(() => packDay(database, turns))),

    claim: (name, atMs) => guarded(claim(database, name, atMs)),

    isHealthy: () => isHealthy(database, journal.isAway()),

    async close() {
      try {
        await flushAtLast(journal.flush);
        // Means of expectations, which are worth no waiting.
        await offers.flush().catch(() => {});
      } finally {
        journal.stop();
        offers.stop();
        intents?.close({ isEverythingWritten: journal.isIdle() });
        intents = undefined;
        await database.close();
      }
    },
  };
}

/** A lock that somebody holds for a moment must not cost the endings that are still to be written: they have no later. */
async function flushAtLast(flush: () => Promise<void>): Promise<void> {
  for (let retry = 0; retry < LAST_FLUSH_RETRIES; retry++) {
    try {
      return await flush();
    } catch {
      await delay(LAST_FLUSH_WAIT_MS);
    }
  }
  await flush();
}

function openDatabase(url: string): Promise<Database> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length));
  if (url.startsWith('postgres:') || url.startsWith('postgresql:')) return openPostgres(url);
  throw new StoreUnusableError(
    'invalid_url',
    'store.url must be sqlite:<file>, sqlite::memory: or postgres://…',
  );
}

/** SQLite goes on with a file that is removed. Reading works on a full disk and on a read-only replica: after a failed commit only a write proves anything. */
async function isHealthy(database: Database, wasAway: boolean): Promise<boolean> {
  const { settings } = database.tables;
  const probe = { name: 'health_probe', value: '' };
  try {
    if (database.isInPlace?.() === false) return false;
    if (!wasAway) {
      await database.db.select({ name: settings.name }).from(settings).limit(1);
      return true;
    }
    return await database.transact(function* ({ db }) {
      yield* ask(db.insert(settings).values(probe).onConflictDoUpdate({ target: settings.name, set: probe }));
      yield* ask(db.delete(settings).where(eq(settings.name, probe.name)));
      return true;
    });
  } catch {
    return false;
  }
}
