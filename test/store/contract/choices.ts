import { expect, it } from 'vitest';
import type { Decision, RankedCandidate } from '../../../src/core/choice/decision.ts';
import { writeDecision } from '../../../src/core/choice/decision-record.ts';
import { type Moments, momentsOf, plusMoments } from '../../../src/core/learning/moments.ts';
import { changeByFeedback, changeByRemoval } from '../../../src/core/reward/feedback-change.ts';
import type { AttemptEnd, Store } from '../../../src/store/contract.ts';
import type { Databases } from '../each-database.ts';
import { endOf, requestOf, START_MS, startOf } from '../records.ts';

const DAY = Math.floor(START_MS / 86_400_000);
const ALL = { fromDay: DAY - 1, toDay: DAY + 1, tasks: ['code_generation', 'translation'] } as const;

export function choicesContract({ createUrl, open }: Databases): void {
  it('are sums by task, size and model of what was drawn, what it cost and what else was offered', async () => {
    const store = await open(await createUrl());
    await record(store, 'one', {
      decision: decisionOf([
        ['large', 0.5],
        ['small', 0.25],
        ['tiny', 0],
      ]),
      costMicroUsd: 2_000,
    });
    await record(store, 'two', {
      decision: decisionOf([
        ['large', 0.25],
        ['small', 0.75],
      ]),
      costMicroUsd: 1_000,
    });
    const sums = await store.readChoices(ALL);
    expect(sums.map(({ modelId }) => modelId).sort()).toEqual(['large', 'small', 'tiny']);
    const large = sums.find(({ modelId }) => modelId === 'large');
    expect(large).toMatchObject({
      task: 'code_generation',
      size: 'small',
      offered: 2,
      supported: 2,
      expectedCostMicroUsd: 3_000,
      expectedSeconds: 2,
      costMicroUsd: plusMoments(momentsOf(2_000, 0.5), momentsOf(1_000, 0.25)),
      costErrorMicroUsd: plusMoments(momentsOf(500, 0.5), momentsOf(-500, 0.25)),
      seconds: plusMoments(momentsOf(1.25, 0.5), momentsOf(1.25, 0.25)),
      secondsError: plusMoments(momentsOf(0.25, 0.5), momentsOf(0.25, 0.25)),
      ratings: [{ source: 'check', quality: plusMoments(momentsOf(1, 0.5), momentsOf(1, 0.25)) }],
    });
    const tiny = sums.find(({ modelId }) => modelId === 'tiny');
    expect(tiny).toMatchObject({ offered: 1, supported: 0, costMicroUsd: { count: 0 }, ratings: [] });
    expect(await store.readChoices({ ...ALL, tasks: ['translation'] })).toEqual([]);
    expect(await store.readChoices({ ...ALL, fromDay: DAY + 1 })).toEqual([]);
  });

  it('take the endpoints of a model together', async () => {
    const store = await open(await createUrl());
    const decision = decisionOf([
      ['large', 0.25],
      ['large', 0.25],
      ['small', 0.5],
    ]);
    await record(store, 'one', { decision });
    const sums = await store.readChoices(ALL);
    expect(sums).toHaveLength(2);
    expect(sums.find(({ modelId }) => modelId === 'large')).toMatchObject({
      offered: 1,
      costMicroUsd: momentsOf(2_000, 0.5),
    });
  });

  it('leave out what was not chosen freely, what failed and who stood in', async () => {
    const store = await open(await createUrl());
    const decision = decisionOf([
      ['large', 0.5],
      ['small', 0.5],
    ]);
    await record(store, 'explicit', { decision: undefined });
    await record(store, 'failed', { decision, ending: 'server_error' });
    await record(store, 'second', { decision, number: 1 });
    const other = decisionOf([
      ['small', 0.5],
      ['large', 0.5],
    ]);
    // Drawn was `small`, asked was `large`.
    await record(store, 'shut out', { decision: other });
    await judge(store, 'shut out', 1);
    const sums = await store.readChoices(ALL);
    expect(sums.flatMap(({ costMicroUsd, ratings }) => [costMicroUsd.count, ratings.length])).toEqual(
      sums.flatMap(() => [0, 0]),
    );
  });

  it('add up over replicas', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    const decision = decisionOf([
      ['large', 0.5],
      ['small', 0.5],
    ]);
    await Promise.all(stores.map((store, replica) => record(store, `of ${replica}`, { decision })));
    for (const store of stores) await store.readChoices(ALL);
    const sums = await stores[0]?.readChoices(ALL);
    expect(sums?.find(({ modelId }) => modelId === 'large')).toMatchObject({
      offered: 2,
      costMicroUsd: { count: 2, weight: 4, squaredWeight: 8 },
    });
  });

  it('move with feedback that comes, changes and is taken back by exactly what it says', async () => {
    const store = await open(await createUrl());
    const decision = decisionOf([
      ['large', 0.5],
      ['small', 0.5],
    ]);
    await record(store, 'one', { decision, automatic: undefined });
    expect(await ratings(store)).toEqual([]);
    await judge(store, 'one', 0.5);
    expect(await ratings(store)).toEqual([['human', momentsOf(0.5, 0.5)]]);
    await judge(store, 'one', 1);
    await judge(store, 'one', 1);
    expect(await ratings(store)).toEqual([['human', momentsOf(1, 0.5)]]);
    await store.changeEvidence('one', undefined, (evidence) => changeByRemoval(evidence, 'human'));
    expect(await ratings(store)).toEqual([]);
  });

  it('put a stronger verdict in the place of an automatic one, and that back once it is gone', async () => {
    const store = await open(await createUrl());
    await record(store, 'one', {
      decision: decisionOf([
        ['large', 0.25],
        ['small', 0.75],
      ]),
    });
    expect(await ratings(store)).toEqual([['check', momentsOf(1, 0.25)]]);
    await judge(store, 'one', 0);
    expect(await ratings(store)).toEqual([['human', momentsOf(0, 0.25)]]);
    await store.changeEvidence('one', undefined, (evidence) => changeByRemoval(evidence, 'human'));
    expect(await ratings(store)).toEqual([['check', momentsOf(1, 0.25)]]);
  });

  it('are not moved by feedback on what was not chosen freely', async () => {
    const store = await open(await createUrl());
    await record(store, 'one', { decision: undefined });
    await judge(store, 'one', 0.5);
    await record(store, 'two', {
      decision: decisionOf(
        [
          ['large', 1],
          ['small', 0],
        ],
        false,
      ),
    });
    await judge(store, 'two', 0.5);
    expect(await store.readChoices(ALL)).toEqual([]);
  });
}

/** Probabilities of the models in the order of the ranking, the chosen one first. */
function decisionOf(modelToChance: readonly (readonly [string, number])[], isDrawn = true): Decision {
  return {
    profile: {
      task: 'code_generation',
      confidence: 1,
      complexity: 0.5,
      language: 'en',
      needs: new Set(),
      inputTokens: 120,
      choices: 1,
    },
    strategy: 'balanced',
    reason: 'auto',
    valueOfQualityUsd: 0.03,
    valueOfSecondUsd: 0.0003,
    ranking: modelToChance.map(
      ([modelId, propensity], place): RankedCandidate => ({
        endpointId: `acme/${modelId}-${place}`,
        modelId,
        provider: 'acme',
        propensity,
        utilityUsd: 0,
        quality: 0.5,
        expectedCostMicroUsd: 1_500,
        expectedOutputTokens: 100,
        expectedTtftMs: 100,
        expectedLatencyMs: 1_000,
      }),
    ),
    excluded: [],
    isDrawn,
    circumstances: undefined,
  };
}

async function record(
  store: Store,
  requestId: string,
  {
    decision,
    number = 0,
    ...changes
  }: { readonly decision: Decision | undefined; readonly number?: number } & Partial<AttemptEnd>,
): Promise<void> {
  const isDrawn = decision?.isDrawn === true;
  const request = requestOf(requestId, {
    reason: decision === undefined ? 'explicit' : 'auto',
    decision: decision === undefined ? '{"n":1,"r":[]}' : writeDecision(decision),
  });
  for (let earlier = 0; earlier < number; earlier += 1) {
    await store.journal.begin(earlier === 0 ? request : undefined, startOf(requestId, { number: earlier }));
    store.journal.end(
      endOf(requestId, { number: earlier, ending: 'server_error', automatic: undefined, deltas: [] }),
    );
  }
  await store.journal.begin(number === 0 ? request : undefined, startOf(requestId, { number }));
  const freeChoice = isDrawn && number === 0 ? decision : undefined;
  store.journal.end(endOf(requestId, { number, deltas: [], ...changes, freeChoice }));
  await store.journal.flush();
}

async function judge(store: Store, requestId: string, quality: number): Promise<void> {
  const verdict = {
    sourceName: 'human',
    source: 'human' as const,
    quality,
    comment: '',
    signals: '{}',
    weight: 1,
  };
  await store.changeEvidence(requestId, undefined, (evidence) =>
    changeByFeedback(evidence, verdict, START_MS + 10_000),
  );
}

async function ratings(store: Store): Promise<[string, Moments][]> {
  const sums = await store.readChoices(ALL);
  return sums.flatMap((sum) =>
    sum.ratings.map(({ source, quality }): [string, Moments] => [source, quality]),
  );
}
