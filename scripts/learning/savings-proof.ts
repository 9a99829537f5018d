import type { z } from 'zod';
import type { Candidate } from '../../src/core/choice/choice-input.ts';
import { decide } from '../../src/core/choice/decide.ts';
import { writeDecision } from '../../src/core/choice/decision-record.ts';
import { isFreeChoice } from '../../src/core/choice/free-choice.ts';
import { BUILT_IN_STRATEGIES, type Strategy } from '../../src/core/choice/strategy.ts';
import { createRandom } from '../../src/core/learning/random.ts';
import { createTypedLearner } from '../../src/core/learning/typed-learner.ts';
import { createLoopTurns } from '../../src/core/loop/loop-turns.ts';
import { deltasOfEnding } from '../../src/core/reward/attempt-deltas.ts';
import { requestSizeOf } from '../../src/core/task/request-size.ts';
import type { RequestProfile } from '../../src/core/task/task.ts';
import { createCatalog } from '../../src/gateway/catalog.ts';
import {
  type ChoiceReportDeps,
  type Measure,
  readLoggedChoices,
} from '../../src/gateway/reports/logged-choices.ts';
import {
  mixUnder,
  type PolicyWish,
  policiesOf,
  readBeliefs,
  replayPolicies,
} from '../../src/gateway/reports/replay.ts';
import { reportSavings } from '../../src/gateway/reports/savings.ts';
import type {
  intervalSchema,
  offPolicyEstimateSchema,
} from '../../src/http/intelligence/off-policy-schema.ts';
import type { replaySchema } from '../../src/http/intelligence/replay-schema.ts';
import type { savingsSchema } from '../../src/http/intelligence/savings-schema.ts';
import { openStore } from '../../src/store/open.ts';
import { shuffledStream } from './replay.ts';
import type { LoadedTable } from './run-job.ts';

const START_MS = Date.UTC(2026, 0, 15);
/** Requests whose rows are written together. */
const AT_ONCE = 256;
const NO_NEEDS: RequestProfile['needs'] = new Set();

type Interval = z.infer<typeof intervalSchema>;
type EstimateAnswer = z.infer<typeof offPolicyEstimateSchema>;
type SavingsAnswer = z.infer<typeof savingsSchema>;
type ReplayAnswer = z.infer<typeof replaySchema>;

/** What was stated of one number, and what is true. */
export interface Stated {
  readonly subject: string;
  readonly measure: string;
  readonly truth: number;
  readonly doublyRobust: Interval | undefined;
  readonly snips: Interval | undefined;
  readonly effectiveSampleSize: number;
  readonly refusal: string | undefined;
}

/**
 * The router's own traffic on a table of which every model's outcome is known: choices, learning, store and reports are the
 * product's. What its reports of savings and replays state, beside the truth about the very same requests.
 *
 * @param run ratedShare: of the answers, those whose quality somebody told
 */
export async function proveSavings(
  { table, catalog }: Pick<LoadedTable, 'table' | 'catalog'>,
  run: {
    readonly requests: number;
    readonly seed: number;
    readonly strategy?: Strategy;
    readonly exploration?: number;
    readonly ratedShare?: number;
    readonly policies?: readonly PolicyWish[];
  },
): Promise<{ readonly stated: readonly Stated[]; readonly savings: object; readonly replay: object }> {
  const { strategy = BUILT_IN_STRATEGIES.balanced, exploration = 0.02, ratedShare = 1, policies = [] } = run;
  const { models } = catalog;
  const modelCount = models.length;
  const learner = createTypedLearner({ models, random: createRandom(1) });
  const random = createRandom(run.seed * 104_729 + 1);
  const rating = createRandom(run.seed * 31 + 5);
  const candidates = models.flatMap((model): Candidate[] =>
    model.endpoints.map((endpoint) => ({ model, endpoint })),
  );
  const store = await openStore({ url: 'sqlite::memory:', now: () => START_MS });
  const prompts: number[] = [];
  try {
    let begun: Promise<void>[] = [];
    let ends: (() => void)[] = [];
    const stream = shuffledStream(table.promptIds.length, run.requests, createRandom(run.seed * 7_919));
    for (const [time, prompt] of stream.entries()) {
      const profile = profileOf(catalog, table.promptToTask[prompt] ?? 0, prompt);
      const decision = decide({
        profile,
        candidates,
        strategy,
        learner: learner.ofType('chat'),
        random,
        explore: true,
        floorShare: exploration,
        isExplicit: false,
      });
      const [first] = decision.ranking;
      if (first === undefined || !isFreeChoice(decision)) continue;
      prompts.push(prompt);
      const model = models.findIndex(({ id }) => id === first.modelId);
      const cell = prompt * modelCount + model;
      const requestId = String(time).padStart(8, '0');
      const { ttftMs, latencyMs } = timeOf(model, catalog.outputTokens[cell] ?? 0);
      const quality = Math.min(1, Math.max(0, table.quality[cell] ?? 0));
      const automatic = rating() < ratedShare ? { source: 'check' as const, quality, weight: 1 } : undefined;
      const outputTokens = Math.round(catalog.outputTokens[cell] ?? 0);
      const about = {
        requestId,
        keyId: '',
        task: profile.task,
        modelId: first.modelId,
        endpointId: first.endpointId,
        epoch: learner.epochOf(first.modelId),
        endpointEpoch: 0,
      };
      const deltas = deltasOfEnding({
        ...about,
        reason: decision.reason,
        isStream: true,
        ending: 'completed',
        outputTokens,
        choices: 1,
        ttftMs,
        latencyMs,
        automatic,
      });
      for (const delta of deltas) learner.apply(delta);
      const request = {
        ...about,
        createdAtMs: START_MS,
        requestedModel: 'auto',
        operation: 'chat' as const,
        taskConfidence: 1,
        complexity: 0.5,
        language: 'en',
        inputTokens: profile.inputTokens,
        isStream: true,
        strategy: strategy.name,
        reason: decision.reason,
        decision: writeDecision(decision),
        shape: '',
      };
      begun.push(
        store.journal.begin(request, {
          ...about,
          number: 0,
          provider: first.provider,
          startedAtMs: START_MS,
          propensity: first.propensity,
          estimatedCostMicroUsd: first.expectedCostMicroUsd,
        }),
      );
      ends.push(() =>
        store.journal.end({
          requestId,
          number: 0,
          ending: 'completed',
          endedAtMs: START_MS,
          httpStatus: 200,
          finishReason: 'stop',
          inputTokens: profile.inputTokens,
          outputTokens,
          cachedInputTokens: 0,
          units: 0,
          costMicroUsd: microUsd(table.costUsd[cell] ?? 0),
          isCostEstimated: false,
          ttftMs,
          latencyMs,
          errorCode: '',
          automatic,
          deltas: [],
          freeChoice: decision,
        }),
      );
      if (begun.length === AT_ONCE) await settle();
    }
    await settle();

    async function settle(): Promise<void> {
      await Promise.all(begun);
      for (const end of ends) end();
      begun = [];
      ends = [];
      await store.journal.flush();
    }

    const deps: ChoiceReportDeps = {
      live: {
        catalog: createCatalog({ models, strategies: BUILT_IN_STRATEGIES }),
        routing: { defaultStrategy: 'balanced', exploration, baseline: undefined },
      },
      learner,
      store,
      nowMs: () => START_MS,
      turns: createLoopTurns(setImmediate, () => performance.now()),
    };
    const savings = await reportSavings(deps, {}, undefined);
    const replay = await replayPolicies(deps, { policies: [...policies] }, undefined);
    const truths = truthsOf({ table, catalog }, prompts);
    const logged = await readLoggedChoices(deps, {});
    const beliefs = readBeliefs(deps, logged);
    const mixes: Mix[] = [];
    for (const policy of policiesOf(deps, { policies }, undefined)) {
      const shares = await mixUnder(deps, logged, beliefs, policy, undefined);
      mixes.push(
        logged.groups.flatMap(({ task, size }, group) =>
          logged.models.map((model, arm) => ({ task, size, model, share: shares[group]?.shares[arm] ?? 0 })),
        ),
      );
    }
    const stated = [...statedSavings(savings, truths), ...statedReplay(replay, truths, mixes)];
    return { stated, savings, replay };
  } finally {
    await store.close();
  }
}

function profileOf(catalog: LoadedTable['catalog'], task: number, prompt: number): RequestProfile {
  return {
    task: catalog.tableTaskToTask[task] ?? 'unknown',
    confidence: 1,
    complexity: 0.5,
    language: 'en',
    needs: NO_NEEDS,
    inputTokens: Math.round(catalog.inputTokens[prompt] ?? 0),
    choices: 1,
  };
}

/** Tables have no times: every model has a pace of its own. */
function timeOf(model: number, outputTokens: number): { ttftMs: number; latencyMs: number } {
  const ttftMs = 200 + 30 * model;
  return { ttftMs, latencyMs: ttftMs + outputTokens * (5 + 2 * ((model * 5) % 12)) };
}

/** As the store keeps it. */
function microUsd(usd: number): number {
  return Math.round(usd * 1e6);
}

/** Per model, over the requests: of all, or of one task and size. */
interface Truths {
  readonly requests: (task?: string, size?: string) => number;
  readonly of: (model: string, measure: Measure, task?: string, size?: string) => number;
}

function truthsOf(
  { table, catalog }: Pick<LoadedTable, 'table' | 'catalog'>,
  prompts: readonly number[],
): Truths {
  const { models } = catalog;
  const keyToPrompts = new Map<string, number[]>([['', [...prompts]]]);
  for (const prompt of prompts) {
    const { task, inputTokens } = profileOf(catalog, table.promptToTask[prompt] ?? 0, prompt);
    const key = `${task} ${requestSizeOf(inputTokens)}`;
    const known = keyToPrompts.get(key);
    if (known === undefined) keyToPrompts.set(key, [prompt]);
    else known.push(prompt);
  }
  const some = (task?: string, size?: string) =>
    keyToPrompts.get(task === undefined ? '' : `${task} ${size}`) ?? [];
  return {
    requests: (task, size) => some(task, size).length,
    of(modelId, measure, task, size) {
      const model = models.findIndex(({ id }) => id === modelId);
      const mine = some(task, size);
      let sum = 0;
      for (const prompt of mine) {
        const cell = prompt * models.length + model;
        if (measure === 'cost') sum += microUsd(table.costUsd[cell] ?? 0) * 1e-6;
        else if (measure === 'quality') sum += Math.min(1, Math.max(0, table.quality[cell] ?? 0));
        else sum += timeOf(model, catalog.outputTokens[cell] ?? 0).latencyMs / 1000;
      }
      return mine.length > 0 ? sum / mine.length : 0;
    },
  };
}

function statedSavings(report: object, truths: Truths): Stated[] {
  const { comparisons, logged } = report as SavingsAnswer;
  return comparisons.flatMap(({ against, model, cost_usd, quality, saved_usd, saved_share }) => {
    const cost = truths.of(model, 'cost') * truths.requests();
    const derived = (measure: string, truth: number, interval: Interval | null): Stated => ({
      subject: against,
      measure,
      truth,
      doublyRobust: interval ?? undefined,
      snips: undefined,
      effectiveSampleSize: cost_usd.effective_sample_size,
      refusal: cost_usd.refusal?.code,
    });
    return [
      statedOf(against, 'cost', cost, cost_usd),
      statedOf(against, 'quality', truths.of(model, 'quality'), quality),
      derived('saved_usd', cost - logged.cost_usd, saved_usd),
      derived('saved_share', 1 - logged.cost_usd / cost, saved_share),
    ];
  });
}

/** Whom a policy chooses, by task and size. */
type Mix = readonly {
  readonly task: string;
  readonly size: string;
  readonly model: string;
  readonly share: number;
}[];

function statedReplay(report: object, truths: Truths, mixes: readonly Mix[]): Stated[] {
  return (report as ReplayAnswer).policies.flatMap((policy, index) => {
    const truthOf = (measure: Measure) => {
      let sum = 0;
      for (const { task, size, model, share } of mixes[index] ?? []) {
        sum += share * truths.of(model, measure, task, size) * truths.requests(task, size);
      }
      return sum / truths.requests();
    };
    return [
      statedOf(policy.name, 'cost', 1000 * truthOf('cost'), policy.cost_usd_per_1k_requests),
      statedOf(policy.name, 'quality', truthOf('quality'), policy.quality),
      statedOf(policy.name, 'seconds', truthOf('seconds'), policy.seconds),
    ];
  });
}

function statedOf(subject: string, measure: string, truth: number, answer: EstimateAnswer): Stated {
  return {
    subject,
    measure,
    truth,
    doublyRobust: answer.doubly_robust ?? undefined,
    snips: answer.snips ?? undefined,
    effectiveSampleSize: answer.effective_sample_size,
    refusal: answer.refusal?.code,
  };
}
