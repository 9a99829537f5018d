import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Model } from '../src/core/catalog/model.ts';
import { createBudgets } from '../src/core/choice/budgets.ts';
import { createDryRunTally } from '../src/core/choice/dry-run-tally.ts';
import { BUILT_IN_STRATEGIES } from '../src/core/choice/strategy.ts';
import { createTrials } from '../src/core/choice/trials.ts';
import { createEndpointWatch } from '../src/core/health/endpoint-watch.ts';
import { createRandom } from '../src/core/learning/random.ts';
import { createTypedLearner } from '../src/core/learning/typed-learner.ts';
import { createLoopTurns } from '../src/core/loop/loop-turns.ts';
import { createSpending } from '../src/gateway/admission/spending.ts';
import { createCatalog } from '../src/gateway/catalog.ts';
import type { GatewayDeps } from '../src/gateway/deps.ts';
import { createExposureCaps } from '../src/gateway/evidence/exposure-caps.ts';
import { createPauses } from '../src/gateway/evidence/pauses.ts';
import { forecastSpending } from '../src/gateway/reports/spend-forecast.ts';
import { createGuard } from '../src/providers/guard.ts';
import { startReportsAhead } from '../src/reports-ahead.ts';
import type { Store, UsageQuery } from '../src/store/contract.ts';
import { openStore } from '../src/store/open.ts';
import { endOf, requestOf, START_MS, startOf } from './store/records.ts';

const HOUR_MS = 3_600_000;
const MODEL: Model = {
  id: 'large',
  type: 'chat',
  name: 'large',
  contextLength: 100_000,
  capabilities: new Set(),
  isSimulated: false,
  endpoints: [
    {
      id: 'acme/large',
      modelId: 'large',
      provider: 'acme',
      upstreamModel: 'large',
      price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2, cachedInputUsdPerMillion: 1 },
      isPriceKnown: true,
    },
  ],
};
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrider-ahead-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What reports need of a gateway, on a store whose reads of usage and of lists are noted. */
async function gatewayOn(name: string, clock: { nowMs: number }, model = MODEL) {
  const nowMs = () => clock.nowMs;
  const opened = await openStore({ url: `sqlite:${join(folder, name)}`, now: nowMs });
  const usage: UsageQuery[] = [];
  const lists: string[] = [];
  const store: Store = {
    ...opened,
    readUsage: (query) => {
      usage.push(query);
      return opened.readUsage(query);
    },
    listFeedback: (query) => {
      lists.push('feedback');
      return opened.listFeedback(query);
    },
  };
  const spending = createSpending({
    store,
    settings: { total: undefined, warnAt: [] },
    nowMs,
    onRefused: () => {},
    onWarning: () => {},
  });
  await spending.begin();
  const guard = createGuard({ now: nowMs });
  const warn = vi.fn();
  const deps = {
    live: {
      catalog: createCatalog({ models: [model], strategies: BUILT_IN_STRATEGIES }),
      routing: { defaultStrategy: 'balanced', exploration: 0.05, baseline: undefined },
    },
    learner: createTypedLearner({ models: [model], random: createRandom(1) }),
    budgets: createBudgets(BUILT_IN_STRATEGIES),
    dryRuns: createDryRunTally(),
    trials: createTrials(),
    watch: createEndpointWatch(nowMs),
    pauses: createPauses(store),
    exposure: createExposureCaps(store),
    guard,
    spending,
    store,
    nowMs,
    turns: createLoopTurns(setImmediate, () => performance.now()),
    log: { warn },
  } as object as GatewayDeps & { store: Store };
  return {
    deps,
    usage,
    lists,
    warn,
    async answer(id: string, atMs: number) {
      await store.journal.begin(requestOf(id, { createdAtMs: atMs }), startOf(id, { startedAtMs: atMs }));
      store.journal.end(endOf(id, { endedAtMs: atMs + 1_000, deltas: [] }));
      await store.journal.flush();
    },
    async close() {
      guard.close();
      await opened.close();
    },
  };
}

const groupsOf = (usage: readonly UsageQuery[]) => usage.map(({ groupBy }) => groupBy.join());

test('histories of spend are there for the first who asks, after a start and after an hour', async () => {
  const clock = { nowMs: START_MS };
  const gateway = await gatewayOn('traffic.db', clock);
  for (let hour = 0; hour < 5; hour += 1) await gateway.answer(`r${hour}`, START_MS + hour * HOUR_MS);
  clock.nowMs = START_MS + 5 * HOUR_MS;
  const ahead = startReportsAhead(gateway.deps);
  const readAnew = () => groupsOf(gateway.usage).filter((groups) => groups === 'hour').length;
  // The list is the last of them.
  await vi.waitFor(() => expect(gateway.lists).toEqual(['feedback']), 20_000);
  expect(readAnew()).toBe(1);

  gateway.usage.length = 0;
  const first = await forecastSpending(gateway.deps, {}, undefined);
  expect(groupsOf(gateway.usage)).toEqual(['key,hour']);
  expect(first).toMatchObject({ history_hours: expect.any(Number) });

  gateway.usage.length = 0;
  clock.nowMs += HOUR_MS;
  await vi.waitFor(() => expect(readAnew()).toBe(1), 20_000);
  await ahead.close();
  gateway.usage.length = 0;
  const next = await forecastSpending(gateway.deps, {}, undefined);
  expect(groupsOf(gateway.usage)).toEqual(['key,hour']);
  expect(Number(Object(next).history_hours)).toBe(Number(Object(first).history_hours) + 1);
  expect(gateway.warn).not.toHaveBeenCalled();
  await gateway.close();
}, 60_000);

test('work that no model takes here keeps no other report from being made', async () => {
  const clock = { nowMs: START_MS + HOUR_MS };
  const gateway = await gatewayOn('small.db', clock, { ...MODEL, contextLength: 100 });
  await gateway.answer('r0', START_MS);
  const ahead = startReportsAhead(gateway.deps);
  await vi.waitFor(() => expect(gateway.lists).toEqual(['feedback']), 20_000);
  await ahead.close();
  expect(gateway.warn).not.toHaveBeenCalled();
  await gateway.close();
}, 60_000);

test('nothing is read where nothing was asked yet, and what fails is told and tried again in an hour', async () => {
  const clock = { nowMs: START_MS };
  const gateway = await gatewayOn('empty.db', clock);
  const looked = vi.fn(gateway.deps.store.firstPatternMs);
  Object.assign(gateway.deps.store, { firstPatternMs: looked });
  const ahead = startReportsAhead(gateway.deps);
  await vi.waitFor(() => expect(looked).toHaveBeenCalledTimes(1), 20_000);
  looked.mockRejectedValueOnce(new Error('away'));
  clock.nowMs += HOUR_MS;
  await vi.waitFor(() => expect(gateway.warn).toHaveBeenCalledTimes(1), 20_000);
  clock.nowMs += HOUR_MS;
  await vi.waitFor(() => expect(looked).toHaveBeenCalledTimes(3), 20_000);
  await ahead.close();
  expect([gateway.usage, gateway.lists]).toEqual([[], []]);
  expect(gateway.warn).toHaveBeenCalledTimes(1);
  await gateway.close();
}, 60_000);
