import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AttemptFact, Store } from '../../src/store/contract.ts';
import { openIntentLog, readIntents } from '../../src/store/intent-log.ts';
import { openJournal } from '../../src/store/journal.ts';
import { openStore } from '../../src/store/open.ts';
import { openSqlite } from '../../src/store/open-sqlite.ts';
import { hasPrlimit, limitFileSize } from './file-size-limit.ts';
import { endOf, requestOf, START_MS, startOf, storedStartOf } from './records.ts';

let folder: string;
let path: string;
const opened: Store[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-intents-'));
  path = join(folder, 'outrider.db');
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** A store that serves, whose clock stands still: once it has committed, the database counts as writable for good. */
async function serve(): Promise<Store> {
  const store = await openStore({ url: `sqlite:${path}`, now: () => START_MS });
  opened.push(store);
  await store.recoverPending();
  await store.journal.begin(requestOf('first'), startOf('first'), true);
  store.journal.end(endOf('first', { deltas: [] }));
  await store.journal.flush();
  return store;
}

/** Rows that another process sees. */
function countOf(table: 'requests' | 'attempts', requestId: string): number {
  const reader = new SqliteDatabase(path, { readonly: true });
  const count = reader.prepare(`select count(*) from ${table} where request_id = ?`).pluck().get(requestId);
  reader.close();
  return Number(count);
}

async function attemptOf(store: Store, requestId: string): Promise<AttemptFact | undefined> {
  return (await store.readRequest(requestId))?.attempts[0];
}

const intents = () => readIntents(path).map(({ start }) => start.requestId);

describe('an attempt whose beginning is an intent', () => {
  test('has no row while it runs, and then the one that two writes would have made', async () => {
    const store = await serve();
    const start = { epoch: 3, endpointEpoch: 2, propensity: 1 / 3, estimatedCostMicroUsd: 77 };
    await store.journal.begin(requestOf('whole'), startOf('whole', start), true);
    expect(intents()).toEqual(['whole']);
    expect(countOf('requests', 'whole') + countOf('attempts', 'whole')).toBe(0);
    store.journal.end(endOf('whole'));
    await store.journal.flush();

    // An id that somebody else chose is looked for in the database: beginning and ending are two writes.
    await store.journal.begin(requestOf('twice'), startOf('twice', start), false);
    expect(countOf('attempts', 'twice')).toBe(1);
    store.journal.end(endOf('twice'));
    expect({ ...(await attemptOf(store, 'twice')), requestId: 'whole' }).toEqual(
      await attemptOf(store, 'whole'),
    );
    expect((await store.readRequest('whole'))?.request).toEqual(requestOf('whole'));
  });

  test('is there for whoever asks while it runs', async () => {
    const store = await serve();
    await store.journal.begin(requestOf('running'), startOf('running'), true);
    expect(countOf('attempts', 'running')).toBe(0);
    expect(await attemptOf(store, 'running')).toMatchObject({
      ...storedStartOf('running'),
      ending: undefined,
    });
    await expect(store.changeEvidence('running', undefined, () => undefined)).rejects.toMatchObject({
      code: 'request_in_progress',
    });
    store.journal.end(endOf('running'));
    expect(await attemptOf(store, 'running')).toMatchObject({ ending: 'completed' });
    expect(countOf('attempts', 'running')).toBe(1);
  });

  test('is waited for by who asks, also when it ends meanwhile behind more endings than one commit takes', async () => {
    const store = await serve();
    const others = Array.from({ length: 600 }, (_, index) => `other-${index}`);
    await Promise.all(
      [...others, 'asked'].map((id) => store.journal.begin(requestOf(id), startOf(id), true)),
    );
    store.journal.end(endOf('other-0', { deltas: [] }));
    const history = store.readRequest('asked');
    for (const id of others) store.journal.end(endOf(id, { deltas: [] }));
    store.journal.end(endOf('asked'));
    expect((await history)?.attempts).toMatchObject([{ ending: 'completed' }]);
  });

  test('one that begins and ends while a commit is just over is written with its request', async () => {
    const store = await serve();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    await store.journal.begin(requestOf('before'), startOf('before'));
    // The commit's own turn of the event loop is queued by then, ahead of the one that writes intents.
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    const beginning = store.journal.begin(requestOf('r1'), startOf('r1'), true);
    store.journal.end(endOf('r1', { deltas: [] }));
    const history = store.readRequest('r1');
    await beginning;
    expect((await history)?.attempts).toMatchObject([{ ending: 'completed' }]);
  });

  test('a second attempt and one that ends before it is written down', async () => {
    const store = await serve();
    const beginning = store.journal.begin(requestOf('r1'), startOf('r1'), true);
    store.journal.end(endOf('r1', { ending: 'server_error', deltas: [] }));
    await beginning;
    await store.journal.begin(undefined, startOf('r1', { number: 1 }), true);
    store.journal.end(endOf('r1', { number: 1 }));
    const history = await store.readRequest('r1');
    expect(history?.attempts).toMatchObject([{ ending: 'server_error' }, { ending: 'completed' }]);
    await expect(store.journal.begin(requestOf('r1'), startOf('r1'))).rejects.toMatchObject({ status: 409 });
  });

  test('of a process that died is ended by the next, once, and those with rows are left alone', async () => {
    const first = await serve();
    for (const id of ['ended', 'seen', 'lost']) await first.journal.begin(requestOf(id), startOf(id), true);
    first.journal.end(endOf('ended'));
    await first.readRequest('seen');
    await first.journal.flush();
    const left = [0, 1]
      .map((segment) => `${path}-intents-${segment}`)
      .map((file) => [file, readFileSync(file)] as const);
    expect(intents()).toEqual(['ended', 'seen', 'lost']);
    // What a kill leaves: the files as they are, half a line behind the whole ones.
    await opened.pop()?.close();
    for (const [file, bytes] of left) writeFileSync(file, bytes.length > 0 ? `${bytes}[["half` : bytes);

    const second = await openStore({ url: `sqlite:${path}`, now: () => START_MS });
    opened.push(second);
    const recovered = await second.recoverPending();
    expect(recovered.map(({ requestId }) => requestId).sort()).toEqual(['lost', 'seen']);
    expect(await second.recoverPending()).toEqual([]);
    expect(intents()).toEqual([]);
    for (const id of ['lost', 'seen']) {
      expect(await attemptOf(second, id)).toMatchObject({ ending: 'unknown', costMicroUsd: 1_500 });
    }
    expect(await attemptOf(second, 'ended')).toMatchObject({ ending: 'completed' });
    expect(await second.readTraffic(0)).toMatchObject([{ requests: 4, completed: 2 }]);
  });

  test('keeps its id, also after its end and before its row, from a client that chooses the same', async () => {
    const store = await serve();
    await store.journal.begin(requestOf('taken'), startOf('taken'), true);
    store.journal.end(endOf('taken', { costMicroUsd: 4_321 }));
    // As a client that sends the id of its last answer again, within the milliseconds that endings gather.
    await expect(
      store.journal.begin(requestOf('taken', { keyId: 'key_b' }), startOf('taken', { keyId: 'key_b' })),
    ).rejects.toMatchObject({ code: 'duplicate_request_id' });
    await store.journal.flush();
    expect(await attemptOf(store, 'taken')).toMatchObject({ keyId: 'key_a', costMicroUsd: 4_321 });
    expect(store.journal.lag()).toMatchObject({ pending: 0, dropped: 0 });
  });

  test('is found again under another name of the same file', async () => {
    const link = join(folder, 'link.db');
    const before = await serve();
    await before.close();
    opened.pop();
    symlinkSync(path, link);
    const first = await openStore({ url: `sqlite:${link}`, now: () => START_MS });
    opened.push(first);
    await first.recoverPending();
    await first.journal.begin(requestOf('warm'), startOf('warm'));
    await first.journal.begin(requestOf('lost'), startOf('lost'), true);
    expect(intents()).toEqual(['lost']);
  });

  test('a line that lost a piece is left out, and one that is there twice counts once', async () => {
    const log = openIntentLog(path);
    for (const id of ['whole', 'whole', 'broken'])
      log.append([{ request: requestOf(id), start: startOf(id) }]);
    log.close({ isEverythingWritten: false });
    const file = `${path}-intents-0`;
    const lines = readFileSync(file, 'utf8').replace('[["broken","key_a",', '[["broken",');
    writeFileSync(file, `${lines}[["cut","key_a"],{}]\n[[null],null]\n7\n\0\0\0\n`);
    const store = await openStore({ url: `sqlite:${path}`, now: () => START_MS });
    opened.push(store);
    expect((await store.recoverPending()).map(({ requestId }) => requestId)).toEqual(['whole']);
    expect(await store.readTraffic(0)).toMatchObject([{ requests: 1 }]);
  });

  test('leaves no files behind a clean end', async () => {
    const store = await serve();
    await store.journal.begin(requestOf('r1'), startOf('r1'), true);
    store.journal.end(endOf('r1'));
    expect(existsSync(`${path}-intents-0`)).toBe(true);
    await opened.pop()?.close();
    expect(existsSync(`${path}-intents-0`)).toBe(false);
    expect(countOf('attempts', 'r1')).toBe(1);
  });

  test('a store that does not serve has none', async () => {
    const store = await openStore({ url: `sqlite:${path}`, now: () => START_MS });
    opened.push(store);
    for (const id of ['r1', 'r2']) await store.journal.begin(requestOf(id), startOf(id), true);
    expect(countOf('attempts', 'r2')).toBe(1);
    expect(existsSync(`${path}-intents-0`)).toBe(false);
  });
});

describe('a journal that has stopped', () => {
  test('refuses what begins then or waits for its turn, and asks for no answer that never comes', async () => {
    const store = await serve();
    const { journal } = store;
    const waiting = [
      journal.begin(requestOf('intent'), startOf('intent'), true),
      journal.begin(requestOf('row'), startOf('row')),
    ].map((begun) =>
      begun.then(
        () => 'begun',
        ({ code }) => code,
      ),
    );
    opened.pop();
    await Promise.all([store.close(), ...waiting]);
    await delay(50);
    for (const isOwn of [true, false]) {
      const id = `late-${isOwn}`;
      const begun = journal.begin(requestOf(id), startOf(id), isOwn);
      await expect(Promise.race([begun, delay(500).then(() => 'hangs')])).rejects.toMatchObject({
        code: 'storage_unavailable',
      });
    }
    const outcomes = await Promise.all(waiting);
    const next = await openStore({ url: `sqlite:${path}`, now: () => START_MS });
    opened.push(next);
    // Whoever was told that it began has been written down, and nobody else.
    const left = (await next.recoverPending()).map(({ requestId }) => requestId);
    expect(left.sort()).toEqual(['intent', 'row'].filter((_, index) => outcomes[index] === 'begun'));
  });

  test('does not begin another commit, and touches no file of its log', async () => {
    const database = await openSqlite(path);
    const journal = openJournal({ database, offers: { add() {} }, now: () => START_MS });
    const log = openIntentLog(path);
    journal.useIntents(log);
    await journal.begin(requestOf('first'), startOf('first'));
    const appended: number[] = [];
    journal.useIntents({ ...log, append: (some) => appended.push(some.length) && log.append(some) });
    const outcome = journal.begin(requestOf('r1'), startOf('r1'), true).then(
      () => 'begun',
      ({ code }) => code,
    );
    journal.stop();
    log.close({ isEverythingWritten: true });
    await database.close();
    expect(await Promise.race([outcome, delay(500).then(() => 'hangs')])).toBe('storage_unavailable');
    await delay(20);
    expect(appended).toEqual([]);
  });
});

describe('the two files', () => {
  const intent = (id: string) => ({ request: requestOf(id), start: startOf(id) });
  const sizes = () => [0, 1].map((segment) => statSync(`${path}-intents-${segment}`).size);

  test('take turns, and are emptied when all they hold is in the database', () => {
    const log = openIntentLog(path, 1_000);
    const segments = Array.from({ length: 20 }, (_, index) => log.append([intent(`r${index}`)]));
    // Neither is empty: the second one grows until the first is let go of.
    expect(new Set(segments)).toEqual(new Set([0, 1]));
    expect(segments.at(-1)).toBe(1);
    expect(log.crowded()).toBe(0);
    const inFirst = segments.filter((segment) => segment === 0).length;
    log.release(0, inFirst - 1);
    expect(sizes()[0]).toBeGreaterThan(0);
    log.release(0, 1);
    expect(sizes()[0]).toBe(0);
    expect(log.crowded()).toBeUndefined();
    expect(log.append([intent('next')])).toBe(0);
    expect(intents().sort()).toEqual(
      [...segments.flatMap((one, i) => (one === 1 ? [`r${i}`] : [])), 'next'].sort(),
    );
    log.close({ isEverythingWritten: false });
    expect(sizes()[1]).toBeGreaterThan(0);
  });

  test('a full file of attempts that run for long is emptied all the same', async () => {
    const database = await openSqlite(path);
    const journal = openJournal({ database, offers: { add() {} }, now: () => START_MS });
    const log = openIntentLog(path, 2_000);
    journal.useIntents(log);
    await journal.begin(requestOf('first'), startOf('first'));
    const ids = Array.from({ length: 20 }, (_, index) => `long-${index}`);
    for (const id of ids) {
      await journal.begin(requestOf(id), startOf(id), true);
      await journal.begin(requestOf(`short-${id}`), startOf(`short-${id}`), true);
      journal.end(endOf(`short-${id}`, { deltas: [] }));
      await journal.flush();
    }
    expect(countOf('attempts', 'long-0')).toBe(1);
    expect(sizes().reduce((one, other) => one + other)).toBeLessThan(8_000);
    for (const id of ids) journal.end(endOf(id, { deltas: [] }));
    await journal.flush();
    for (const id of ids) expect(countOf('attempts', id)).toBe(1);
    expect(journal.lag()).toEqual({ pending: 0, oldestMs: 0, dropped: 0 });
    journal.stop();
    log.close({ isEverythingWritten: journal.isIdle() });
    await database.close();
  });

  test.skipIf(!hasPrlimit())('hold nothing of a write that failed, not even its whole lines', () => {
    const log = openIntentLog(path);
    log.append([intent('before')]);
    const [bytes = 0] = sizes();
    try {
      limitFileSize(Math.round(bytes * 2.5));
      expect(() => log.append(['refused', 'refused-too'].map(intent))).toThrow(/EFBIG/);
    } finally {
      limitFileSize('unlimited');
    }
    expect(intents()).toEqual(['before']);
    log.append([intent('after')]);
    expect(intents()).toEqual(['before', 'after']);
    log.close({ isEverythingWritten: true });
  });

  test('keep every field, whatever is in it', () => {
    const log = openIntentLog(path);
    const request = requestOf('r1', {
      requestedModel: 'a "b"\n\u2028\\',
      decision: '{"n":1,"r":[["a\\nb",0]]}',
    });
    const start = startOf('r1', { endpointId: 'ünï/x', epoch: 4, endpointEpoch: 5, propensity: 0.1 + 0.2 });
    log.append([{ request, start }]);
    expect(readIntents(path)).toEqual([{ request, start }]);
    log.close({ isEverythingWritten: true });
  });
});
