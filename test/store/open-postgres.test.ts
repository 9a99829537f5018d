import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMigrations } from '../../src/store/migrations.ts';
import { openStore } from '../../src/store/open.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { type Cluster, findPostgres, startPostgres } from './postgres.ts';
import { endOf, feedbackOf, qualityDelta, requestOf, START_MS, startOf } from './records.ts';

const now = () => START_MS;
const binaries = findPostgres();

describe.skipIf(binaries === undefined)('PostgreSQL (skipped where it is not installed)', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startPostgres(binaries ?? '');
  });
  afterAll(() => cluster.remove());

  it('is safe for eight replicas that start at once on an empty database', async () => {
    const url = await cluster.createDatabase();
    const stores = await Promise.all(Array.from({ length: 8 }, () => openStore({ url, now })));
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query('select count(*)::int as count from drizzle.outrider_migrations');
    expect(rows).toEqual([{ count: readMigrations('postgres').length }]);
    await client.end();
    for (const store of stores) await store.close();
  });

  it('refuses a schema of a newer version', async () => {
    const url = await cluster.createDatabase();
    await (await openStore({ url, now })).close();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      `insert into drizzle.outrider_migrations (hash, created_at) values ('ff', 9000000000000)`,
    );
    await client.end();
    await expect(openStore({ url, now })).rejects.toMatchObject({ reason: 'newer_schema' });
  });

  it('says where it cannot be reached, without the password', async () => {
    const opening = openStore({ url: 'postgres://someone:s3cret@127.0.0.1:1/nothing', now });
    await expect(opening).rejects.toMatchObject({ name: 'StoreUnusableError', reason: 'unreachable' });
    await expect(opening).rejects.toThrow(/^cannot use PostgreSQL at 127\.0\.0\.1:1\/nothing: [^\n]+$/);
    await expect(opening).rejects.not.toThrow(/s3cret/);
    await expect(openStore({ url: 'postgres://a b:c', now })).rejects.toMatchObject({
      reason: 'invalid_url',
    });
  });

  it('removes a request while a verdict on it is changed: neither waits for ever, and nothing is left over', async () => {
    const url = await cluster.createDatabase();
    const store = await openStore({ url, now });
    for (const id of ['changed', 'new']) {
      await store.journal.begin(requestOf(id), startOf(id));
      store.journal.end(endOf(id));
      await store.journal.flush();
    }
    await store.changeEvidence('changed', undefined, () => ({
      upsert: feedbackOf('changed'),
      automaticCounts: true,
      deltas: [],
    }));
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const verdict = async (id: string, statement: string) => {
      await client.query('begin');
      // As `changeEvidence` does: the request is locked, then its verdict is written.
      await client.query('update attempts set automatic_counts = automatic_counts where request_id = $1', [
        id,
      ]);
      const removing = store.removeRequests([id]);
      const waiting = () =>
        client.query(`select 1 from pg_locks where not granted and locktype in ('transactionid', 'tuple')`);
      await expect.poll(async () => (await waiting()).rowCount, { timeout: 10_000 }).toBeGreaterThan(0);
      await client.query(statement);
      await client.query('commit');
      expect(await removing).toEqual({ removed: 1, running: 0 });
    };
    await verdict('changed', `update feedback set weight = weight where request_id = 'changed'`);
    await store.changeEvidence('new', undefined, () => ({
      upsert: feedbackOf('new'),
      automaticCounts: true,
      deltas: [],
    }));
    await client.query('create temporary table kept as select * from feedback');
    await client.query('delete from feedback');
    await verdict('new', 'insert into feedback select * from kept');
    expect((await client.query('select request_id from feedback')).rows).toEqual([]);
    await client.end();
    await store.close();
  });

  it('writes requests down while reports wait for what somebody has locked', async () => {
    const url = await cluster.createDatabase();
    const store = await openStore({ url, now });
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    store.journal.end(endOf('r1'));
    await store.journal.flush();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('begin; lock table rolled_days in access exclusive mode');
    const everything = {
      fromMs: 0,
      toMs: START_MS + 3_600_000,
      groupBy: ['model'] as const,
      keyId: undefined,
    };
    const reports = Promise.all(Array.from({ length: 20 }, () => store.readUsage(everything)));
    const waiting = () => client.query('select 1 from pg_locks where not granted');
    await expect.poll(async () => (await waiting()).rowCount, { timeout: 10_000 }).toBeGreaterThan(2);
    await store.journal.begin(requestOf('r2'), startOf('r2'));
    expect(await store.readRequest('r2')).toBeDefined();
    await client.query('commit');
    expect((await reports).map(([sum]) => sum?.requests)).toEqual(Array.from({ length: 20 }, () => 1));
    await client.end();
    await store.close();
  });

  it('writes requests down while savings wait for what somebody has locked', async () => {
    const url = await cluster.createDatabase();
    const store = await openStore({ url, now });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('begin; lock table choice_days in access exclusive mode');
    const query = { tasks: ['code_generation'] as const, fromDay: 0, toDay: 100_000 };
    const reports = Promise.all(Array.from({ length: 20 }, () => store.readChoices(query)));
    const waiting = () => client.query('select 1 from pg_locks where not granted');
    await expect.poll(async () => (await waiting()).rowCount, { timeout: 10_000 }).toBeGreaterThan(2);
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    expect(await store.readRequest('r1')).toBeDefined();
    await client.query('commit');
    expect(await reports).toEqual(Array.from({ length: 20 }, () => []));
    await client.end();
    await store.close();
  });

  it('recovers what a replica left only once that replica is gone', async () => {
    const url = await cluster.createDatabase();
    const [living, starting] = [await openStore({ url, now }), await openStore({ url, now })];
    await living.journal.begin(requestOf('r1'), startOf('r1'));
    expect(await starting.recoverPending()).toEqual([]);
    await living.close();
    expect(await starting.recoverPending()).toEqual([startOf('r1')]);
    await starting.close();
  });

  it('knows a replica as living again after the server came back', async () => {
    const url = await cluster.createDatabase();
    const living = await openStore({ url, now });
    await living.journal.begin(requestOf('r1'), startOf('r1'));
    await cluster.stop();
    await cluster.start();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const locks = () => client.query(`select 1 from pg_locks where locktype = 'advisory'`);
    await expect.poll(async () => (await locks()).rowCount, { timeout: 10_000 }).toBe(1);
    await client.end();
    const starting = await openStore({ url, now });
    expect(await starting.recoverPending()).toEqual([]);
    for (const store of [living, starting]) await store.close();
  });

  it('refuses to begin while it is down and loses no ending when it returns', async () => {
    const store = await openStore({ url: await cluster.createDatabase(), now });
    const ids = Array.from({ length: 100 }, (_, index) => `r${index}`);
    await Promise.all(ids.map((id) => store.journal.begin(requestOf(id), startOf(id))));
    await cluster.stop();
    const startedAtMs = performance.now();
    await expect(store.journal.begin(requestOf('refused'), startOf('refused'))).rejects.toMatchObject({
      status: 503,
      code: 'storage_unavailable',
    });
    expect(performance.now() - startedAtMs).toBeLessThan(2_500);
    for (const id of ids) store.journal.end(endOf(id));
    await expect(store.journal.flush()).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expect(store.loadBeliefs()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await store.isHealthy()).toBe(false);
    expect(store.journal.lag().pending).toBe(100);

    await cluster.start();
    await expect.poll(() => store.journal.lag().pending, { timeout: 10_000 }).toBe(0);
    expect(await store.isHealthy()).toBe(true);
    expect((await store.loadBeliefs()).beliefs).toEqual([qualityDelta({ a: 100, c: 100 })]);
    expect(await store.readTraffic(0)).toMatchObject([{ requests: 100, completed: 100 }]);
    expect(await store.readRequest('refused')).toBeUndefined();
    await store.close();
  });

  it('closes in spite of a server that is down, and says that something is not written', async () => {
    const url = await cluster.createDatabase();
    const [idle, busy] = [await openStore({ url, now }), await openStore({ url, now })];
    await busy.journal.begin(requestOf('r1'), startOf('r1'));
    await cluster.stop();
    busy.journal.end(endOf('r1'));
    await idle.close();
    await expect(busy.close()).rejects.toMatchObject({ code: 'storage_unavailable' });
    await cluster.start();
    const next = await openStore({ url, now });
    expect(await next.recoverPending()).toEqual([startOf('r1')]);
    await next.close();
  });

  it('counts once and leaves nothing behind when the answer to a commit is lost', async () => {
    const url = await cluster.createDatabase();
    const proxy = await cuttingProxy(Number(new URL(url).port));
    const throughProxy = new URL(url);
    throughProxy.port = String(proxy.port);
    const store = await openStore({ url: throughProxy.href, now });
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    store.journal.end(endOf('r1'));

    proxy.cutAfter('commit');
    await Promise.all([
      expect(store.journal.begin(requestOf('refused'), startOf('refused'))).rejects.toMatchObject({
        code: 'storage_unavailable',
      }),
      expect(store.journal.flush()).rejects.toMatchObject({ code: 'storage_unavailable' }),
    ]);
    expect(proxy.cuts()).toBe(1);
    await expect.poll(() => store.journal.lag().pending, { timeout: 5_000 }).toBe(0);
    await store.journal.begin(requestOf('r2'), startOf('r2'));

    expect((await store.loadBeliefs()).beliefs).toEqual([qualityDelta()]);
    expect(await store.readTraffic(0)).toMatchObject([{ requests: 1 }]);
    expect(await store.readRequest('refused')).toBeUndefined();
    await store.close();
    await proxy.close();
  });
});
