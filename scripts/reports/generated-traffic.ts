import type { Endpoint, Model } from '../../src/core/catalog/model.ts';
import { decide } from '../../src/core/choice/decide.ts';
import type { Decision, RankedCandidate } from '../../src/core/choice/decision.ts';
import { writeDecision } from '../../src/core/choice/decision-record.ts';
import { isFreeChoice } from '../../src/core/choice/free-choice.ts';
import { BUILT_IN_STRATEGIES } from '../../src/core/choice/strategy.ts';
import { createRandom, type Random } from '../../src/core/learning/random.ts';
import { createTypedLearner } from '../../src/core/learning/typed-learner.ts';
import { costMicroUsd } from '../../src/core/money/cost.ts';
import { deltasOfEnding } from '../../src/core/reward/attempt-deltas.ts';
import { qualityDelta } from '../../src/core/reward/verdict.ts';
import { shapeNameOf } from '../../src/core/task/request-shape.ts';
import { CLASSIFIED_TASKS, type Task } from '../../src/core/task/task.ts';
import type { AttemptEnd, AttemptStart, RequestRecord } from '../../src/store/contract.ts';

/** One attempt with its ending, and its request with the first of them: what a group commit is made of. */
export interface GeneratedAttempt {
  readonly request: RequestRecord | undefined;
  readonly start: AttemptStart;
  readonly end: AttemptEnd;
}

/** Decisions of each task that requests are dealt: taken by the product's own `decide`, while it learns. */
const DECISIONS_PER_TASK = 400;
const SHARE_EXPLICIT = 0.1;
const SHARE_FAILED = 0.03;
const SHARE_CHECKED = 0.3;
const SHARE_STREAMED = 0.6;
const LANGUAGES = ['en', 'en', 'en', 'de', 'zh', 'fr'] as const;
const FAILURES = ['server_error', 'timeout', 'rate_limited', 'before_headers'] as const;
const TASKS_PER_KEY = 4;

interface PreparedDecision {
  readonly decision: Decision;
  readonly ranking: readonly RankedCandidate[];
  readonly reason: Decision['reason'];
  readonly record: string;
}

/**
 * Requests of many keys, each of which does a few kinds of work, some a hundred times as much as others.
 *
 * @returns the attempts of one request that came at this time, the first one first
 */
export function createTraffic(options: {
  readonly models: readonly Model[];
  readonly keyIds: readonly string[];
  readonly seed: number;
}): (requestId: string, createdAtMs: number) => readonly GeneratedAttempt[] {
  const random = createRandom(options.seed);
  const taskToDecisions = decisionsOf(options.models, random);
  const idToEndpoint = new Map(
    options.models.flatMap(({ endpoints }) => endpoints.map((endpoint) => [endpoint.id, endpoint] as const)),
  );
  const keyToTasks = options.keyIds.map(() =>
    Array.from({ length: TASKS_PER_KEY }, () => pick(CLASSIFIED_TASKS, random())),
  );

  return (requestId, createdAtMs) => {
    // The square root of a Zipf law: the busiest of fifty keys has a seventh of the traffic.
    const key = Math.min(
      options.keyIds.length - 1,
      Math.floor((options.keyIds.length + 1) ** (random() ** 1.3) - 1),
    );
    const keyId = options.keyIds[key] as string;
    const task = pick(keyToTasks[key] as readonly Task[], random() ** 2);
    const { decision, ranking, reason, record } = pick(
      taskToDecisions.get(task) as PreparedDecision[],
      random(),
    );
    const isExplicit = random() < SHARE_EXPLICIT;
    const isStream = random() < SHARE_STREAMED;
    const inputTokens = Math.round(40 + 900 * random() ** 3);
    const language = pick(LANGUAGES, random());
    const request: RequestRecord = {
      requestId,
      keyId,
      createdAtMs,
      requestedModel: isExplicit ? (ranking[0]?.modelId ?? '') : 'auto',
      operation: 'chat',
      task,
      taskConfidence: 0.5 + random() / 2,
      complexity: random(),
      language,
      inputTokens,
      isStream,
      strategy: 'balanced',
      reason: isExplicit ? 'explicit' : reason,
      decision: record,
      shape: shapeNameOf({
        inputTokens,
        language,
        needs: new Set(),
        turns: 1 + Math.floor(7 * random() ** 3),
      }),
    };
    const attempts: GeneratedAttempt[] = [];
    let startedAtMs = createdAtMs;
    for (let number = 0; number < Math.min(2, ranking.length); number += 1) {
      const candidate = ranking[number] as RankedCandidate;
      const isLast = number === 1 || random() >= SHARE_FAILED;
      const attempt = attemptOf({
        request,
        candidate,
        number,
        startedAtMs,
        isLast,
        random,
        idToEndpoint,
        decision,
      });
      attempts.push(attempt);
      if (isLast) break;
      startedAtMs = attempt.end.endedAtMs;
    }
    return attempts;
  };
}

function attemptOf(given: {
  readonly request: RequestRecord;
  readonly candidate: RankedCandidate;
  readonly number: number;
  readonly startedAtMs: number;
  readonly isLast: boolean;
  readonly decision: Decision;
  readonly random: Random;
  readonly idToEndpoint: ReadonlyMap<string, Endpoint>;
}): GeneratedAttempt {
  const { request, candidate, number, startedAtMs, isLast, random } = given;
  const { requestId, keyId, inputTokens, isStream, reason } = request;
  const task = request.task as Task;
  const { modelId, endpointId, provider } = candidate;
  const spread = 0.4 + 1.2 * random();
  const ending = isLast ? 'completed' : pick(FAILURES, random());
  const outputTokens = isLast ? Math.max(1, Math.round(candidate.expectedOutputTokens * spread)) : 0;
  const latencyMs = Math.round(candidate.expectedLatencyMs * spread);
  const endpoint = given.idToEndpoint.get(endpointId) as Endpoint;
  const usage = { inputTokens: isLast ? inputTokens : 0, outputTokens, cachedInputTokens: 0 };
  const automatic =
    isLast && random() < SHARE_CHECKED
      ? ({ source: 'check', quality: random() < candidate.quality ? 1 : 0, weight: 1 } as const)
      : undefined;
  const timing = {
    ttftMs: isStream && isLast ? Math.round(candidate.expectedTtftMs * spread) : 0,
    latencyMs,
  };
  return {
    request: number === 0 ? request : undefined,
    start: {
      requestId,
      number,
      keyId,
      task,
      modelId,
      endpointId,
      provider,
      epoch: 0,
      endpointEpoch: 0,
      startedAtMs,
      propensity: candidate.propensity,
      estimatedCostMicroUsd: Math.round(candidate.expectedCostMicroUsd),
      shape: request.shape,
    },
    end: {
      requestId,
      number,
      ending,
      endedAtMs: startedAtMs + latencyMs,
      httpStatus: isLast ? 200 : 503,
      finishReason: isLast ? 'stop' : '',
      ...usage,
      units: 0,
      costMicroUsd: costMicroUsd(usage, endpoint.price),
      isCostEstimated: false,
      ...timing,
      errorCode: isLast ? '' : 'upstream_error',
      automatic,
      freeChoice:
        number === 0 && reason !== 'explicit' && isFreeChoice(given.decision) ? given.decision : undefined,
      deltas: deltasOfEnding({
        modelId,
        endpointId,
        task,
        epoch: 0,
        endpointEpoch: 0,
        reason,
        isStream,
        ending,
        outputTokens,
        choices: 1,
        ...timing,
        automatic,
      }),
    },
  };
}

function decisionsOf(models: readonly Model[], random: Random): Map<Task, PreparedDecision[]> {
  const learner = createTypedLearner({ models, random });
  const candidates = models.flatMap((model) => model.endpoints.map((endpoint) => ({ model, endpoint })));
  const truth = new Map(
    models.flatMap(({ id }) => CLASSIFIED_TASKS.map((task) => [`${task} ${id}`, 0.4 + 0.55 * random()])),
  );
  const taskToDecisions = new Map<Task, PreparedDecision[]>(CLASSIFIED_TASKS.map((task) => [task, []]));
  for (let turn = 0; turn < DECISIONS_PER_TASK * CLASSIFIED_TASKS.length; turn += 1) {
    const task = pick(CLASSIFIED_TASKS, (turn % CLASSIFIED_TASKS.length) / CLASSIFIED_TASKS.length);
    const decision = decide({
      profile: {
        task,
        confidence: 0.8,
        complexity: 0.5,
        language: 'en',
        needs: new Set(),
        inputTokens: 300,
        choices: 1,
      },
      candidates,
      strategy: BUILT_IN_STRATEGIES.balanced,
      learner,
      random,
      explore: true,
      isExplicit: false,
    });
    const { ranking, reason } = decision;
    taskToDecisions.get(task)?.push({ decision, ranking, reason, record: writeDecision(decision) });
    const modelId = ranking[0]?.modelId ?? '';
    const isGood = random() < (truth.get(`${task} ${modelId}`) ?? 0);
    learner.apply(
      qualityDelta(
        { modelId, task, epoch: 0, reason },
        { source: 'check', quality: Number(isGood), weight: 1 },
      ),
    );
  }
  return taskToDecisions;
}

function pick<Item>(items: readonly Item[], share: number): Item {
  return items[Math.min(items.length - 1, Math.floor(share * items.length))] as Item;
}
