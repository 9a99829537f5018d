import { decide } from '../../core/choice/decide.ts';
import type { ExcludedCandidate } from '../../core/choice/decision.ts';
import type { Strategy } from '../../core/choice/strategy.ts';
import type { QualityBelief } from '../../core/learning/contract.ts';
import { createRandom } from '../../core/learning/random.ts';
import {
  drawWorkloadCosts,
  expectedMicroUsd,
  quantilesOf,
  shareDecidedByOutcomes,
  type WorkloadArm,
} from '../../core/money/workload-cost.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { TASKS, type Task } from '../../core/task/task.ts';
import { parseTask } from '../../core/task/task-alias.ts';
import type { GatewayDeps, LiveSettings, RoutingSettings } from '../deps.ts';
import { round } from '../round.ts';
import { readTypicalInputTokens } from './typical-request.ts';

const DRAWS = 1000;
/** Decisions whose probabilities are averaged: each is worth 64 joint draws. */
const DECISIONS = 16;
/** The same question has the same answer, as long as the same is believed. */
const SEED = 90;
/** Counted answers from which a model's own size outweighs what is known of others. */
const OBSERVED_FROM = 8;
/** A model with less of the work has no say in what the evidence is called. */
const NOTABLE_SHARE = 0.01;

type Evidence = QualityBelief['evidence'];

/** What a forecast asks. */
export interface CostForecastDeps extends Pick<GatewayDeps, 'learner' | 'nowMs' | 'turns'> {
  readonly live: Pick<LiveSettings, 'catalog'> & {
    readonly routing: Pick<RoutingSettings, 'defaultStrategy' | 'exploration'>;
  };
  readonly budgets: Pick<GatewayDeps['budgets'], 'costPenaltyOf'>;
  /** Left out: nobody is capped. */
  readonly exposure?: Pick<GatewayDeps['exposure'], 'capsFor'>;
  /** Left out: nobody is paused. */
  readonly pauses?: Pick<GatewayDeps['pauses'], 'refusalOf'>;
  readonly store: Pick<GatewayDeps['store'], 'readModelTraffic'>;
}

export interface CostForecastBody {
  readonly tasks: readonly {
    readonly type: string;
    /** Of all requests together, prompts and answers. */
    readonly estimated_tokens: number;
    readonly requests?: number | undefined;
  }[];
  readonly strategy?: string | undefined;
}

/** Work of one kind, by how much of it there is. */
interface Plan {
  readonly task: Task;
  readonly estimatedTokens: number;
  readonly requests: number;
  readonly inputTokens: number;
  /** Of one request, what any model would be expected to write. */
  readonly outputTokens: number;
  /** By how much its answers are longer than usual ones. */
  readonly outputScale: number;
}

interface PlannedArm extends WorkloadArm {
  readonly modelId: string;
  readonly provider: string;
  readonly quality: number;
  readonly isPriceKnown: boolean;
  readonly samples: number;
  readonly evidence: Evidence;
}

/** One whose share of the decisions is still being added up. */
type Growing = Omit<PlannedArm, 'share'> & { share: number };

/** What one strategy makes of one plan. */
interface Forecast {
  readonly arms: readonly PlannedArm[];
  readonly expectedMicroUsd: number;
  readonly draws: Float64Array;
  readonly quality: number;
}

/**
 * What some work will cost: expected, and the bounds of an 80 % interval, in total and by task, with the models that the
 * strategy would choose, and the same totals under the other strategies.
 *
 * Tokens are the caller's estimate, split into prompt and answer as in the task's traffic; how much longer or shorter the
 * answers of one model are is learnt. The mix is that of `decide` itself, exploration floor included.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all.
 * @throws GatewayError 400 for an unknown task or strategy, and for work that no model can do.
 */
export async function forecastCost(
  deps: CostForecastDeps,
  body: CostForecastBody,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object> {
  const { catalog, routing } = deps.live;
  const strategy = catalog.strategy(body.strategy ?? routing.defaultStrategy);
  const typicalInputOf = await readTypicalInputTokens(deps);
  const plans = body.tasks.map((task, index) => planOf(deps, task, index, typicalInputOf));
  const forecasts: Forecast[] = [];
  for (const [index, plan] of plans.entries()) {
    const forecast = await forecastUnder(deps, strategy, plan, index, visibleModels);
    if ('excluded' in forecast) throw nobodyCan(plan, index, strategy, forecast.excluded);
    forecasts.push(forecast);
  }
  return {
    object: 'cost_forecast',
    strategy: strategy.name,
    generated_at: new Date(deps.nowMs()).toISOString(),
    tasks: plans.map((plan, index) => describeTask(plan, forecasts[index] as Forecast)),
    total: {
      requests: plans.reduce((sum, { requests }) => sum + requests, 0),
      ...amountsOf(forecasts, plans),
      samples: round(samplesOf(plans, forecasts), 1),
      evidence: sharedEvidence(forecasts.flatMap(({ arms }) => notable(arms))),
    },
    alternatives: await alternativesTo(deps, strategy, plans, visibleModels),
  };
}

async function alternativesTo(
  deps: CostForecastDeps,
  strategy: Strategy,
  plans: readonly Plan[],
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object[]> {
  const rows: object[] = [];
  for (const other of deps.live.catalog.strategies) {
    if (other.name === strategy.name) continue;
    const forecasts: Forecast[] = [];
    for (const [index, plan] of plans.entries()) {
      const forecast = await forecastUnder(deps, other, plan, index, visibleModels);
      if (!('excluded' in forecast)) forecasts.push(forecast);
    }
    // Under a floor of quality there may be nobody who does it.
    if (forecasts.length === plans.length)
      rows.push({ strategy: other.name, ...amountsOf(forecasts, plans) });
  }
  return rows;
}

function planOf(
  deps: CostForecastDeps,
  asked: CostForecastBody['tasks'][number],
  index: number,
  typicalInputOf: (task: Task) => number,
): Plan {
  const task = parseTask(asked.type);
  if (task === undefined) {
    throw badRequest(
      `There is no task '${asked.type.slice(0, 64)}'. There are: ${TASKS.join(', ')}.`,
      `tasks[${index}].type`,
    );
  }
  const estimatedTokens = asked.estimated_tokens;
  const usualInput = Math.max(1, typicalInputOf(task));
  const usualOutput = deps.learner.expectedOutputTokens(task, '');
  const usual = usualInput + usualOutput;
  const requests = asked.requests ?? Math.max(1, Math.round(estimatedTokens / usual));
  if (requests > estimatedTokens) {
    throw badRequest(
      `tasks[${index}].requests: ${requests} requests cannot share ${estimatedTokens} tokens. 'estimated_tokens' are those of all requests together.`,
      `tasks[${index}].requests`,
      'invalid_value',
    );
  }
  const outputScale = estimatedTokens / requests / usual;
  return {
    task,
    estimatedTokens,
    requests,
    inputTokens: usualInput * outputScale,
    outputTokens: usualOutput * outputScale,
    outputScale,
  };
}

async function forecastUnder(
  deps: CostForecastDeps,
  strategy: Strategy,
  plan: Plan,
  index: number,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<Forecast | { readonly excluded: readonly ExcludedCandidate[] }> {
  const mix = await mixOf(deps, strategy, plan, visibleModels);
  if ('excluded' in mix) return mix;
  const { arms } = mix;
  const strength = arms.reduce((sum, arm) => {
    const { alpha, beta } = deps.learner.qualityOf(plan.task, arm.modelId);
    return sum + arm.share * (alpha + beta);
  }, 0);
  const labels = plan.requests * deps.learner.labelRateOf(plan.task);
  const workload = {
    requests: plan.requests,
    arms,
    // Other strategies do not choose by what they learn on the way.
    decidedByOutcomes: strategy.kind === 'bandit' ? shareDecidedByOutcomes(labels, strength) : 0,
  };
  return {
    arms,
    expectedMicroUsd: plan.requests * arms.reduce((sum, arm) => sum + arm.share * expectedMicroUsd(arm), 0),
    draws: await inTurns(
      deps,
      drawWorkloadCosts(
        workload,
        DRAWS,
        createRandom(SEED + TASKS.indexOf(plan.task)),
        createRandom(SEED + TASKS.length + index),
      ),
    ),
    quality: arms.reduce((sum, arm) => sum + arm.share * arm.quality, 0),
  };
}

async function inTurns<Result>(
  { turns }: Pick<CostForecastDeps, 'turns'>,
  steps: Generator<void, Result>,
): Promise<Result> {
  for (;;) {
    if (turns.isOver()) await turns.next();
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Who would serve such requests, by the probabilities of real decisions; breakers are left aside, being of the moment, and pauses are not. */
async function mixOf(
  deps: CostForecastDeps,
  strategy: Strategy,
  plan: Plan,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<{ readonly arms: readonly PlannedArm[] } | { readonly excluded: readonly ExcludedCandidate[] }> {
  const { catalog, routing } = deps.live;
  const random = createRandom(SEED);
  const endpointToArm = new Map<string, Growing>();
  const candidates = catalog.models
    .filter(({ id, type }) => type === 'chat' && visibleModels?.has(id) !== false)
    .flatMap((model) => model.endpoints.map((endpoint) => ({ model, endpoint })));
  for (let turn = 0; turn < DECISIONS; turn += 1) {
    if (deps.turns.isOver()) await deps.turns.next();
    const { ranking, excluded } = decide({
      profile: {
        task: plan.task,
        confidence: 1,
        complexity: 0.5,
        language: 'und',
        needs: new Set(),
        inputTokens: Math.ceil(plan.inputTokens),
        choices: 1,
      },
      candidates,
      strategy,
      learner: deps.learner.ofType('chat'),
      random,
      explore: true,
      floorShare: routing.exploration,
      isExplicit: false,
      costPenalty: deps.budgets.costPenaltyOf(strategy),
      caps: deps.exposure?.capsFor(plan.task),
      refusalOf: (_, model) => deps.pauses?.refusalOf(model.id),
    });
    if (ranking.length === 0) return { excluded };
    for (const { endpointId, modelId, propensity, quality } of ranking) {
      let arm = endpointToArm.get(endpointId);
      if (arm === undefined) {
        if (deps.turns.isOver()) await deps.turns.next();
        arm = armOf(deps, plan, endpointId, modelId, quality);
        endpointToArm.set(endpointId, arm);
      }
      arm.share += propensity / DECISIONS;
    }
  }
  // In one order for every strategy: what is drawn for one under one, is drawn for it under the others.
  const inOrder = [...endpointToArm].sort(([one], [other]) => (one < other ? -1 : 1));
  return { arms: inOrder.flatMap(([, arm]) => (arm.share > 0 ? [arm] : [])) };
}

function armOf(
  deps: CostForecastDeps,
  plan: Plan,
  endpointId: string,
  modelId: string,
  quality: number,
): Growing {
  const size = deps.learner.answerSizeOf(plan.task, modelId);
  const endpoint = deps.live.catalog.endpoint(endpointId)?.endpoint;
  return {
    modelId,
    provider: endpoint?.provider ?? '',
    share: 0,
    quality,
    isPriceKnown: endpoint?.isPriceKnown ?? false,
    promptMicroUsd: plan.inputTokens * (endpoint?.price.inputUsdPerMillion ?? 0),
    microUsdPerOutputToken: endpoint?.price.outputUsdPerMillion ?? 0,
    logMean: size.logMean + Math.log(plan.outputScale),
    logVariance: size.logVariance,
    logMeanVariance: size.logMeanVariance,
    samples: size.samples,
    evidence: sharedEvidence([
      { evidence: sizeEvidence(size.samples) },
      { evidence: deps.learner.qualityOf(plan.task, modelId).evidence },
    ]),
  };
}

function sizeEvidence(samples: number): Evidence {
  if (samples === 0) return 'prior';
  return samples < OBSERVED_FROM ? 'mixed' : 'observed';
}

/** One word where all agree, `mixed` otherwise. */
function sharedEvidence(all: readonly { readonly evidence: Evidence }[]): Evidence {
  const first = all[0]?.evidence ?? 'prior';
  return all.every(({ evidence }) => evidence === first) ? first : 'mixed';
}

function notable(arms: readonly PlannedArm[]): readonly PlannedArm[] {
  return arms.filter(({ share }) => share >= NOTABLE_SHARE);
}

function describeTask(plan: Plan, forecast: Forecast): object {
  const { arms } = forecast;
  return {
    type: plan.task,
    estimated_tokens: plan.estimatedTokens,
    requests: plan.requests,
    input_tokens: Math.round(plan.requests * plan.inputTokens),
    ...amountsOf([forecast], [plan]),
    samples: round(samplesOf([plan], [forecast]), 1),
    evidence: sharedEvidence(notable(arms)),
    models: [...arms]
      .sort((one, other) => other.share - one.share)
      .map((arm) => ({
        model: arm.modelId,
        provider: arm.provider,
        share: round(arm.share, 4),
        output_tokens: Math.round(plan.requests * arm.share * Math.exp(arm.logMean + arm.logVariance / 2)),
        expected_usd: usd(plan.requests * arm.share * expectedMicroUsd(arm)),
        price_known: arm.isPriceKnown,
        samples: round(arm.samples, 1),
        evidence: arm.evidence,
      })),
  };
}

function amountsOf(forecasts: readonly Forecast[], plans: readonly Plan[]) {
  const sums = new Float64Array(DRAWS);
  for (const { draws } of forecasts)
    for (const [draw, cost] of draws.entries()) sums[draw] = (sums[draw] ?? 0) + cost;
  const { p10, p90 } = quantilesOf(sums);
  const requests = plans.reduce((sum, plan) => sum + plan.requests, 0);
  const quality = forecasts.reduce((sum, one, index) => sum + one.quality * (plans[index]?.requests ?? 0), 0);
  return {
    expected_usd: usd(forecasts.reduce((sum, one) => sum + one.expectedMicroUsd, 0)),
    p10_usd: usd(p10),
    p90_usd: usd(p90),
    expected_quality: round(quality / requests, 4),
  };
}

/** Counted answers behind it: of each task once, however often it is in the list. */
function samplesOf(plans: readonly Plan[], forecasts: readonly Forecast[]): number {
  const cellToSamples = new Map<string, number>();
  for (const [index, { task }] of plans.entries())
    for (const arm of forecasts[index]?.arms ?? []) cellToSamples.set(`${task} ${arm.modelId}`, arm.samples);
  return [...cellToSamples.values()].reduce((sum, samples) => sum + samples, 0);
}

function nobodyCan(
  plan: Plan,
  index: number,
  strategy: Strategy,
  excluded: readonly ExcludedCandidate[],
): Error {
  const reasons = [...new Set(excluded.map(({ reason }) => reason))];
  const why = reasons.join(', ') || 'there are no chat models';
  const help = reasons.includes('context_length')
    ? " 'requests' says over how many requests the tokens are spread."
    : '';
  return badRequest(
    `tasks[${index}]: under '${strategy.name}' no model takes requests with prompts of ${Math.ceil(plan.inputTokens)} tokens (${why}).${help}`,
    `tasks[${index}]`,
    'invalid_value',
  );
}

function usd(microUsd: number): number {
  return round(microUsd / 1_000_000, 9);
}
