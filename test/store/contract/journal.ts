import { expect, it } from 'vitest';
import { openStore } from '../../../src/store/open.ts';
import type { Databases } from '../each-database.ts';
import { endOf, qualityDelta, requestOf, START_MS, startOf, storedStartOf } from '../records.ts';

export function journalContract({ createUrl, open }: Databases): void {
  it('reads back what was begun and ended, to the last column', async () => {
    const store = await open(await createUrl());
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    const running = await store.readRequest('r1');
    expect(running?.request).toEqual(requestOf('r1'));
    expect(running?.attempts).toMatchObject([
      { ...storedStartOf('r1'), ending: undefined, endedAtMs: undefined },
    ]);

    store.journal.end(endOf('r1'));
    const { deltas: _, ...end } = endOf('r1');
    expect((await store.readRequest('r1'))?.attempts).toEqual([
      { ...storedStartOf('r1'), ...end, automaticCounts: true },
    ]);
  });

  it('is on disk when begin resolves: another connection sees it', async () => {
    const url = await createUrl();
    const [writer, reader] = [await open(url), await open(url)];
    await writer.journal.begin(requestOf('r1'), startOf('r1'));
    expect((await reader.readRequest('r1'))?.attempts).toHaveLength(1);
  });

  it('keeps the first ending only, with its deltas and its share of the roll-up', async () => {
    const store = await open(await createUrl());
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    store.journal.end(endOf('r1'));
    store.journal.end(endOf('r1', { ending: 'timeout' }));
    await store.journal.flush();
    store.journal.end(endOf('r1', { ending: 'timeout' }));
    await store.journal.flush();

    expect((await store.readRequest('r1'))?.attempts[0]?.ending).toBe('completed');
    expect((await store.loadBeliefs()).beliefs).toEqual([qualityDelta()]);
    expect(await store.readTraffic(0)).toMatchObject([{ requests: 1, completed: 1, failures: 0 }]);
  });

  it('writes an ending that comes before its beginning is on disk', async () => {
    const store = await open(await createUrl());
    const beginning = store.journal.begin(requestOf('r1'), startOf('r1'));
    store.journal.end(endOf('r1', { ending: 'client_left', deltas: [] }));
    await beginning;
    expect((await store.readRequest('r1'))?.attempts).toMatchObject([{ ending: 'client_left' }]);
  });

  it('adds up deltas and hours over batches and processes', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    const hourMs = Math.floor(START_MS / 3_600_000) * 3_600_000;
    await Promise.all(
      stores.flatMap((store, replica) =>
        Array.from({ length: 150 }, async (_, index) => {
          const id = `r${replica}-${index}`;
          await store.journal.begin(requestOf(id), startOf(id));
          const isFailure = index % 3 === 0;
          store.journal.end(
            endOf(id, {
              ending: isFailure ? 'server_error' : 'completed',
              deltas: [qualityDelta({ a: isFailure ? 0 : 0.5, b: isFailure ? 0.5 : 0, c: 0.25 })],
            }),
          );
        }),
      ),
    );
    for (const store of stores) await store.journal.flush();
    expect((await stores[0]?.loadBeliefs())?.beliefs).toEqual([qualityDelta({ a: 100, b: 50, c: 75 })]);
    expect(await stores[1]?.readTraffic(START_MS)).toEqual([
      {
        hourMs,
        task: 'code_generation',
        modelId: 'large',
        endpointId: 'acme/large',
        keyId: 'key_a',
        requests: 300,
        completed: 200,
        failures: 100,
        costMicroUsd: 600_000,
        inputTokens: 300 * 118,
        outputTokens: 300 * 240,
        units: 0,
        latencyMsSum: 200 * 1_250,
        ttftMsSum: 200 * 250.5,
      },
    ]);
    expect(await stores[0]?.readTraffic(hourMs + 3_600_000)).toEqual([]);
  });

  it('refuses a request id that was used before, and only that one of its batch', async () => {
    const store = await open(await createUrl());
    await store.journal.begin(requestOf('used'), startOf('used'));
    store.journal.end(endOf('used'));
    await store.journal.flush();

    const outcomes = await Promise.allSettled([
      store.journal.begin(requestOf('new-1'), startOf('new-1')),
      store.journal.begin(requestOf('used', { keyId: 'key_b' }), startOf('used', { keyId: 'key_b' })),
      store.journal.begin(requestOf('new-2'), startOf('new-2')),
      store.journal.begin(requestOf('new-2'), startOf('new-2')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { status: 409, code: 'duplicate_request_id' } });
    expect((await store.readRequest('used'))?.request.keyId).toBe('key_a');
    expect(await store.readRequest('new-2')).toBeDefined();
  });

  it('stores absurd numbers and text as something, and loses nobody else', async () => {
    const store = await open(await createUrl());
    await Promise.all(['r1', 'r2'].map((id) => store.journal.begin(requestOf(id), startOf(id))));
    store.journal.end(
      endOf('r1', {
        costMicroUsd: Number.NaN,
        outputTokens: 1.5,
        inputTokens: Number.POSITIVE_INFINITY,
        latencyMs: Number.NaN,
        finishReason: 'st\0op',
        deltas: [qualityDelta({ a: Number.NaN })],
      }),
    );
    store.journal.end(endOf('r2'));
    await store.journal.flush();
    expect((await store.readRequest('r1'))?.attempts[0]).toMatchObject({
      ending: 'completed',
      costMicroUsd: 0,
      outputTokens: 2,
      inputTokens: 0,
      latencyMs: 0,
    });
    expect((await store.readRequest('r2'))?.attempts[0]?.ending).toBe('completed');
    expect((await store.loadBeliefs()).beliefs).toEqual([qualityDelta()]);
    expect(store.journal.lag()).toEqual({ pending: 0, oldestMs: 0, dropped: 0 });
  });

  it('counts what is on its way, with the age of the oldest', async () => {
    let nowMs = START_MS;
    const store = await open(await createUrl(), () => nowMs);
    await store.journal.begin(requestOf('r1'), startOf('r1'));
    expect(store.journal.lag().pending).toBe(0);
    store.journal.end(endOf('r1'));
    nowMs += 40;
    expect(store.journal.lag()).toEqual({ pending: 1, oldestMs: 40, dropped: 0 });
    // A clock that jumps back gives no negative age.
    nowMs -= 3_600_000;
    expect(store.journal.lag().oldestMs).toBe(0);
    await store.journal.flush();
    expect(store.journal.lag().pending).toBe(0);
  });

  it('writes an ending by itself, soon, without flush', async () => {
    const url = await createUrl();
    const [writer, reader] = [await open(url), await open(url)];
    await writer.journal.begin(requestOf('r1'), startOf('r1'));
    writer.journal.end(endOf('r1'));
    await expect
      .poll(async () => (await reader.readRequest('r1'))?.attempts[0]?.ending, {
        timeout: 2_000,
        interval: 5,
      })
      .toBe('completed');
  });

  it('writes what is queued when it closes', async () => {
    const url = await createUrl();
    const writer = await openStore({ url, now: () => START_MS });
    await writer.journal.begin(requestOf('r1'), startOf('r1'));
    writer.journal.end(endOf('r1'));
    await writer.close();
    const reader = await open(url);
    expect((await reader.readRequest('r1'))?.attempts[0]?.ending).toBe('completed');
  });
}
