import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type PurgeOptions, purgeCommand } from '../src/purge-command.ts';
import type { Store } from '../src/store/contract.ts';
import { startGateway, type TestGateway } from './fixtures/gateway.ts';
import { send } from './http/send.ts';
import { endOf, feedbackOf, requestOf, startOf } from './store/records.ts';

const DAY_MS = 24 * 3_600_000;
let gateway: TestGateway;
let key: string;
const stderr = vi.spyOn(process.stderr, 'write');

beforeAll(async () => {
  gateway = await startGateway('[retention]\nrequests_days = "forever"');
  ({ key } = await gateway.createKey());
});
afterAll(() => gateway.stop());
afterEach(() => {
  process.exitCode = undefined;
  stderr.mockClear();
});

async function purge(options: PurgeOptions) {
  const printed: string[] = [];
  stderr.mockReturnValue(true);
  await purgeCommand({ config: gateway.configPath, ...options }, { OUTRIDER_DETECT: 'none' }, (line) =>
    printed.push(line),
  );
  return { printed: printed.join('\n'), said: stderr.mock.calls.map(([text]) => String(text)).join('') };
}

/** An id as the gateway gives it. */
const idAt = (atMs: number) => `req_${atMs.toString(16).padStart(12, '0')}${'0'.repeat(20)}`;

async function serve(store: Store, requestId: string, atMs: number, keyId: string): Promise<void> {
  await store.journal.begin(
    requestOf(requestId, { createdAtMs: atMs, keyId }),
    startOf(requestId, { keyId }),
  );
  store.journal.end(endOf(requestId, { endedAtMs: atMs, deltas: [] }));
  await store.journal.flush();
}

test('removes what is older beside a running gateway, which then says that it was removed', async () => {
  const oldMs = Date.now() - 10 * DAY_MS;
  const keyId = (await gateway.createKey()).record.id;
  await gateway.withStore(async (store) => {
    await serve(store, idAt(oldMs), oldMs, keyId);
    await serve(store, 'named-by-its-client', oldMs, keyId);
    await serve(store, idAt(Date.now() - DAY_MS), Date.now() - DAY_MS, keyId);
  });
  const { key: admin } = await gateway.createKey({ scopes: ['admin'] });
  const explain = (id: string) => send(`${gateway.url}/v1/explain/${id}`, { key: admin });
  expect((await explain(idAt(oldMs))).status).toBe(200);

  expect((await purge({ olderThan: 5, dryRun: true })).printed).toMatch(
    /^2 requests from before .* dry run\.$/,
  );
  expect((await explain(idAt(oldMs))).status).toBe(200);
  expect((await purge({ olderThan: 5 })).printed).toMatch(/^2 requests from before .* are removed/);

  for (const id of [idAt(oldMs), `resp_${idAt(oldMs)}`]) {
    const gone = await explain(id);
    expect(gone.status).toBe(410);
    expect(JSON.parse(gone.text).error).toMatchObject({ code: 'request_removed', param: 'request_id' });
    expect(JSON.parse(gone.text).error.message).toContain("'outrider purge'");
  }
  const verdict = await send(`${gateway.url}/v1/feedback/${idAt(oldMs)}`, { key: admin, body: { score: 1 } });
  expect(verdict.status).toBe(410);
  // Whose request it was, and whether there was one, is told to nobody.
  const [ofOther, ofNobody] = [idAt(oldMs), idAt(oldMs - 1)].map((id) =>
    send(`${gateway.url}/v1/explain/${id}`, { key }),
  );
  expect((await ofOther)?.text).toBe((await ofNobody)?.text);
  expect((await explain('named-by-its-client')).status).toBe(404);
  expect((await explain(idAt(Date.now() - DAY_MS + 7))).status).toBe(404);
  const left = await gateway.withStore((store) =>
    store.readUsage({ fromMs: 0, toMs: Date.now(), groupBy: ['key'], keyId }),
  );
  expect(left).toMatchObject([{ requests: 3 }]);
});

test('forgets a key', async () => {
  const { record } = await gateway.createKey({ name: 'Erika Muster' });
  await gateway.withStore(async (store) => {
    await serve(store, 'mine', Date.now() - 3 * DAY_MS, record.id);
    const upsert = feedbackOf('mine', { comment: 'my name is Erika' });
    await store.changeEvidence('mine', undefined, () => ({ upsert, automaticCounts: false, deltas: [] }));
    await store.revokeKey(record.id);
  });
  expect((await purge({ key: record.id, olderThan: 30 })).printed).toMatch(
    /^0 requests of key_\w+ from before/,
  );
  const { printed } = await purge({ key: record.id });
  expect(printed).toMatch(/^1 requests of \S+ are removed/);
  expect(printed).toContain('Its usage of 1 hours');
  expect(printed).toContain('Its name is forgotten too.');
  await gateway.withStore(async (store) => {
    expect(await store.readRequest('mine')).toBeUndefined();
    expect(JSON.stringify(await store.listKeys())).not.toContain('Erika');
  });
});

test('asks which where nothing says it, and knows no strange key', async () => {
  const unnamed = await purge({});
  expect(process.exitCode).toBe(2);
  expect(unnamed.said).toContain('--older-than DAYS');
  stderr.mockClear();
  const strange = await purge({ key: 'key_nobody' });
  expect(process.exitCode).toBe(2);
  expect(strange).toMatchObject({ printed: '', said: "There is no key 'key_nobody'.\n" });
});
