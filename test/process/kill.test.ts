import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { readDecision } from '../../src/core/choice/decision-record.ts';
import type { BeliefDelta } from '../../src/core/learning/delta.ts';
import { deltasOfEnding } from '../../src/core/reward/attempt-deltas.ts';
import { changeByFeedback } from '../../src/core/reward/feedback-change.ts';
import type { EndedAttempt, Store } from '../../src/store/contract.ts';
import { openStore } from '../../src/store/open.ts';
import { providerToml } from '../fixtures/gateway.ts';
import { startGatewayProcess } from '../fixtures/gateway-process.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';

const MODELS = ['good-one', 'ok-slow', '500', 'usage-missing', 'stream-reset-after'];
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
});

describe('kill -9 under load', () => {
  it('leaves one row with one ending per attempt that reached an upstream, and beliefs that are what the rows say', async () => {
    const upstream = await startMisbehavingUpstream();
    closers.push(upstream.close);
    const folder = await mkdtemp(join(tmpdir(), 'outrider-kill-'));
    closers.push(() => rm(folder, { recursive: true, force: true }));
    const configPath = join(folder, 'outrider.toml');
    const databaseUrl = `sqlite:${join(folder, 'outrider.db')}`;
    await writeFile(
      configPath,
      `[api]\naddress = "127.0.0.1:0"\nunready_seconds = 0\n[store]\nurl = "${databaseUrl}"\n${providerToml('upstream', upstream.baseUrl, MODELS)}`,
    );

    for (const round of [1, 2]) {
      const gateway = await startGatewayProcess(configPath, { OUTRIDER_LOG_LEVEL: 'silent' });
      const load = startLoad(gateway.url, round);
      await load.untilAnswered(150 + 40 * round);
      gateway.kill('SIGKILL');
      await gateway.exited;
      await load.stopped();
    }
    // The next start finds what the dead ones left.
    const survivor = await startGatewayProcess(configPath, { OUTRIDER_LOG_LEVEL: 'silent' });
    const last = startLoad(survivor.url, 3);
    await last.untilAnswered(20);
    survivor.kill('SIGTERM');
    expect(await survivor.exited).toEqual({ code: 0, signal: null });
    await last.stopped();

    const store = await openStore({ url: databaseUrl, now: () => Date.now() });
    closers.push(() => store.close());
    const rows: EndedAttempt[] = [];
    for await (const row of store.attemptFacts()) rows.push(row);

    const reached = reachedCounts(upstream);
    const written = countBy(rows, (row) => row.requestId);
    for (const [requestId, count] of reached) {
      expect(written.get(requestId) ?? 0, `rows of ${requestId}`).toBeGreaterThanOrEqual(count);
    }
    expect(new Set(rows.map((row) => `${row.requestId}.${row.number}`)).size).toBe(rows.length);
    expect(rows.filter((row) => row.ending === 'unknown').length).toBeGreaterThan(0);
    expect(rows.filter((row) => row.ending === 'completed').length).toBeGreaterThan(150);
    for (const row of rows.filter(({ ending }) => ending === 'unknown')) {
      expect(row.costMicroUsd).toBe(row.estimatedCostMicroUsd);
    }
    expect(sumsOf((await store.loadBeliefs()).beliefs)).toEqual(sumsOf(await deltasOfRows(store, rows)));
  }, 90_000);
});

/** So many of a round that all of them count: what one caller may teach in a day is bounded. */
const MAX_JUDGED = 40;

/** Sixteen clients that never rest, each request with its id in the prompt; every fourth is also judged. */
function startLoad(url: string, round: number) {
  const agent = new Agent({ connections: 16 });
  let answered = 0;
  let number = 0;
  let judged = 0;
  let isOver = false;
  let check = () => {};
  const client = async () => {
    while (!isOver && number < 5_000) {
      const id = `round${round}-${number++}`;
      try {
        await post(agent, `${url}/v1/chat/completions`, id, {
          model: 'auto',
          stream: number % 3 === 0,
          messages: [{ role: 'user', content: `Request ${id}: what is the capital of France?` }],
        });
        if (number % 4 === 0 && judged++ < MAX_JUDGED)
          await post(agent, `${url}/v1/feedback/${id}`, id, { score: (number % 10) / 10 });
        answered++;
        check();
      } catch {
        if (isOver || answered > 0) return;
      }
    }
  };
  const clients = Array.from({ length: 16 }, client);
  return {
    untilAnswered: (count: number) =>
      new Promise<void>((resolve) => {
        check = () => answered >= count && resolve();
        check();
      }),
    async stopped() {
      isOver = true;
      await agent.destroy();
      await Promise.all(clients);
    },
  };
}

async function post(agent: Agent, url: string, id: string, body: object): Promise<void> {
  const { body: answer } = await request(url, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json', 'x-request-id': id },
    body: JSON.stringify(body),
  });
  await answer.dump();
}

function reachedCounts(upstream: MisbehavingUpstream): Map<string, number> {
  return countBy(upstream.requests, ({ body }) => /Request (round\d+-\d+):/.exec(body)?.[1] ?? 'unmarked');
}

function countBy<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of list) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

/** Everything that the rows teach, from nothing but the rows. */
async function deltasOfRows(store: Store, rows: readonly EndedAttempt[]): Promise<BeliefDelta[]> {
  const deltas: BeliefDelta[] = [];
  for (const row of rows) {
    const { request } = (await store.readRequest(row.requestId)) ?? {};
    if (!request) throw new Error(`no request for ${row.requestId}`);
    const { reason, isStream } = request;
    const { choices } = readDecision(request.decision);
    deltas.push(...deltasOfEnding({ ...row, reason, isStream, choices }));
    let evidence = { ...row, reason, feedback: [] as EndedAttempt['feedback'][number][] };
    for (const verdict of [...row.feedback].sort((one, other) => one.updatedAtMs - other.updatedAtMs)) {
      const change = changeByFeedback(evidence, verdict, verdict.updatedAtMs);
      deltas.push(...change.deltas);
      evidence = { ...evidence, feedback: [...evidence.feedback, verdict] };
    }
  }
  return deltas;
}

function sumsOf(deltas: readonly BeliefDelta[]): Record<string, number[]> {
  const sums = new Map<string, [number, number, number]>();
  for (const { kind, subject, task, source, epoch, a, b, c } of deltas) {
    const key = [kind, subject, task, source, epoch].join(' ');
    const sum = sums.get(key) ?? [0, 0, 0];
    sums.set(key, [sum[0] + a, sum[1] + b, sum[2] + c]);
  }
  const rounded = [...sums].map(([key, sum]): [string, number[]] => [
    key,
    sum.map((value) => Math.round(value * 1e6) / 1e6 + 0),
  ]);
  // What was added and taken back leaves a row of zeros, or none.
  return Object.fromEntries(rounded.filter(([, sum]) => sum.some((value) => value !== 0)).sort());
}
