import {
  type GroupMix,
  type MixGroup,
  type MixPolicy,
  mixInSteps,
  readTaskBelief,
  type TaskBelief,
} from '../../core/choice/policy-mix.ts';
import type { Strategy } from '../../core/choice/strategy.ts';
import type { Estimate, OffPolicyEstimate } from '../../core/learning/off-policy.ts';
import { optimismOf } from '../../core/learning/off-policy-groups.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { AnyTask } from '../../core/task/operation-task.ts';
import { round } from '../round.ts';
import {
  type ChoiceReportDeps,
  describeLogged,
  type LoggedChoices,
  type Measure,
  readLoggedChoices,
} from './logged-choices.ts';
import { answerOf, evaluateMeasure, nothingLogged, type Refusal } from './off-policy-answer.ts';

/** What a policy says of itself; what it leaves out is its strategy's. */
export interface PolicyWish {
  readonly name?: string | undefined;
  readonly strategy?: string | undefined;
  readonly value_of_quality_usd?: number | undefined;
  readonly value_of_second_usd?: number | undefined;
  readonly min_quality?: number | undefined;
  readonly models?: readonly string[] | undefined;
  readonly budget_usd_per_1k_requests?: number | undefined;
}

export interface ReplayBody extends PolicyWish {
  readonly window?: string | undefined;
  readonly task?: string | undefined;
  readonly policies?: readonly PolicyWish[] | undefined;
}

interface Policy {
  readonly name: string;
  readonly strategy: Strategy;
  readonly mix: Omit<MixPolicy, 'kind'>;
  /** Ids; undefined: all there are. */
  readonly models: readonly string[] | undefined;
}

/** No choices: what is refused from outside is not estimated. */
const NOTHING: OffPolicyEstimate = {
  samples: 0,
  leftOut: 0,
  effectiveSampleSize: 0,
  unsupportedShare: 0,
  snips: undefined,
  doublyRobust: undefined,
};

/**
 * What other policies would have cost and achieved on the requests that were chosen freely, by off-policy estimates from
 * logged propensities (docs/learning.md), beside what was. The mix of each is what it would choose by what is believed now.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all: others are chosen by no policy
 * @throws GatewayError 400 for an unknown window, task, strategy or model
 */
export async function replayPolicies(
  deps: ChoiceReportDeps,
  body: ReplayBody,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object> {
  const policies = policiesOf(deps, body, visibleModels);
  const logged = await readLoggedChoices(deps, body);
  const tasks = readBeliefs(deps, logged);
  const rows: object[] = [];
  for (const policy of policies) {
    rows.push(await replayOne(deps, logged, tasks, policy, visibleModels));
  }
  return {
    object: 'replay',
    ...logged.period,
    task: logged.task,
    logged: describeLogged(logged, undefined, visibleModels),
    policies: rows,
  };
}

/**
 * The estimate, its quality less what a policy made of this log's beliefs promises too much. That correction is as uncertain
 * as it is large.
 */
function evaluateMix(
  logged: LoggedChoices,
  measure: Measure,
  mix: readonly (GroupMix | undefined)[],
): OffPolicyEstimate {
  const groups = logged.measures[measure];
  const estimate = evaluateMeasure(groups, measure, (group, arm) => mix[group]?.shares[arm] ?? 0);
  if (measure !== 'quality' || estimate.doublyRobust === undefined) return estimate;
  const optimism = optimismOf(groups, (group, arm) => mix[group]?.slopes[arm] ?? 0);
  return {
    ...estimate,
    snips: estimate.snips && lessOptimism(estimate.snips, optimism),
    doublyRobust: lessOptimism(estimate.doublyRobust, optimism),
  };
}

function lessOptimism({ mean, low90, high90 }: Estimate, optimism: number): Estimate {
  const corrected = mean - optimism;
  return {
    mean: corrected,
    low90: corrected - Math.hypot(mean - low90, optimism),
    high90: corrected + Math.hypot(high90 - mean, optimism),
  };
}

/** What is believed now, by task of the log. */
export function readBeliefs(
  { learner }: Pick<ChoiceReportDeps, 'learner'>,
  logged: LoggedChoices,
): ReadonlyMap<AnyTask, TaskBelief> {
  const chat = learner.ofType('chat');
  return new Map(
    [...new Set(logged.groups.map(({ task }) => task))].map((task) => [
      task,
      readTaskBelief(chat, task, logged.models),
    ]),
  );
}

/** @throws GatewayError 400 */
export function policiesOf(
  deps: ChoiceReportDeps,
  { window: _window, task: _task, policies, ...single }: ReplayBody,
  visibleModels: ReadonlySet<string> | undefined,
): Policy[] {
  const own = Object.keys(single).filter((name) => single[name as keyof PolicyWish] !== undefined);
  if (policies !== undefined && own.length > 0) {
    throw badRequest(
      `'${own[0]}' belongs into 'policies', or stands without them: one policy at the top level, or a list of them.`,
      own[0] ?? null,
      'invalid_value',
    );
  }
  if (policies === undefined) return [policyOf(deps, single, '', 0, visibleModels)];
  return policies.map((wish, index) => policyOf(deps, wish, `policies[${index}].`, index, visibleModels));
}

/** @param path of the policy in the body */
function policyOf(
  deps: ChoiceReportDeps,
  wish: PolicyWish,
  path: string,
  index: number,
  visibleModels: ReadonlySet<string> | undefined,
): Policy {
  const { catalog, routing } = deps.live;
  const strategy = catalog.strategy(wish.strategy ?? routing.defaultStrategy, `${path}strategy`);
  for (const [place, id] of (wish.models ?? []).entries()) {
    if (catalog.model(id)?.type === 'chat' && visibleModels?.has(id) !== false) continue;
    throw badRequest(
      `${path}models[${place}]: there is no chat model '${id.slice(0, 64)}'. GET /v1/models lists those there are.`,
      `${path}models[${place}]`,
      'invalid_value',
    );
  }
  const isBare = Object.keys(wish).every((name) => name === 'strategy' || name === 'name');
  return {
    name: wish.name ?? (wish.strategy !== undefined || isBare ? strategy.name : `policy ${index + 1}`),
    strategy,
    mix: {
      valueOfQualityUsd: wish.value_of_quality_usd ?? strategy.valueOfQualityUsd,
      valueOfSecondUsd: wish.value_of_second_usd ?? strategy.valueOfSecondUsd,
      minQuality: wish.min_quality ?? strategy.minQuality,
      budgetUsdPer1kRequests: wish.budget_usd_per_1k_requests ?? strategy.budgetUsdPer1kRequests,
    },
    models: wish.models,
  };
}

async function replayOne(
  deps: ChoiceReportDeps,
  logged: LoggedChoices,
  tasks: ReadonlyMap<AnyTask, TaskBelief>,
  policy: Policy,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object> {
  const { strategy, mix } = policy;
  const shares = await mixUnder(deps, logged, tasks, policy, visibleModels);
  const refusal = refusalFor(logged, strategy.kind, shares);
  const expectedCost = refusal === undefined ? expectedPer1k(logged, shares) : null;
  const answer = async (measure: Measure, unit: number) => {
    if (deps.turns.isOver()) await deps.turns.next();
    const estimate = refusal === undefined ? evaluateMix(logged, measure, shares) : NOTHING;
    return answerOf(estimate, measure, unit, refusal);
  };
  return {
    name: policy.name,
    strategy: strategy.name,
    value_of_quality_usd: mix.valueOfQualityUsd,
    value_of_second_usd: mix.valueOfSecondUsd,
    min_quality: mix.minQuality,
    allowed_models: policy.models ?? null,
    budget_usd_per_1k_requests: mix.budgetUsdPer1kRequests ?? null,
    warnings: refusal === undefined ? warningsOf(policy, expectedCost) : [],
    models: mixIn(logged, shares, undefined),
    tasks: [...tasks.keys()].map((task) => ({
      task,
      requests: requestsOf(logged, task),
      models: mixIn(logged, shares, task),
    })),
    cost_usd_per_1k_requests: await answer('cost', 1000),
    quality: await answer('quality', 1),
    seconds: await answer('seconds', 1),
    expected_cost_usd_per_1k_requests: expectedCost,
  };
}

interface Warning {
  readonly code: 'budget_not_met';
  readonly message: string;
}

/** A mix within its budget is below it to the last digit of a dollar's price; this much is rounding. */
const ROUNDING_USD = 1e-9;

/**
 * What of the policy could not be kept.
 *
 * @param expectedCost USD per 1,000 requests; null where nobody knows
 */
function warningsOf({ strategy, mix }: Policy, expectedCost: number | null): Warning[] {
  const budget = mix.budgetUsdPer1kRequests;
  if (budget === undefined || expectedCost === null || expectedCost <= budget + ROUNDING_USD) return [];
  const sizes = `1,000 requests are expected to cost ${expectedCost} USD, the budget is ${budget}`;
  const message =
    strategy.kind === 'bandit'
      ? `The budget cannot be met: ${sizes}, however dear a dollar is made. A larger budget, or cheaper models beside these, would.`
      : `The budget is not kept: ${sizes}. '${strategy.name}' always takes its first model, whatever it costs.`;
  return [{ code: 'budget_not_met', message }];
}

/** Shares by group of the log and model; undefined where the policy leaves none, or where nobody knows what it does. */
export async function mixUnder(
  deps: ChoiceReportDeps,
  logged: LoggedChoices,
  tasks: ReadonlyMap<AnyTask, TaskBelief>,
  { strategy: { kind }, mix, models }: Policy,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<readonly (GroupMix | undefined)[]> {
  if (kind === 'cascade') return logged.groups.map(() => undefined);
  const mayChoose = logged.models.map(
    (id) =>
      deps.live.catalog.model(id)?.type === 'chat' &&
      visibleModels?.has(id) !== false &&
      models?.includes(id) !== false,
  );
  const isKnown = wereOffered(logged).map((was, model) => was && mayChoose[model] === true);
  const groups = logged.groups.map((group): MixGroup => {
    const isOffered = mayChoose.map((may, model) => may && (group.sums[model]?.offered ?? 0) > 0);
    return {
      belief: tasks.get(group.task) as TaskBelief,
      requests: group.requests,
      costUsd: group.expectedCostUsd,
      seconds: group.expectedSeconds,
      // Where the log had none of its models, what it would do there is unsupported; of one that it had nowhere nobody knows
      // what it takes.
      isOffered: [isOffered, isKnown].find((some) => some.includes(true)) ?? mayChoose,
    };
  });
  const steps = mixInSteps(groups, { ...mix, kind }, deps.live.routing.exploration);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (deps.turns.isOver()) await deps.turns.next();
  }
}

function refusalFor(
  logged: LoggedChoices,
  kind: Strategy['kind'],
  shares: readonly (GroupMix | undefined)[],
): Refusal | undefined {
  if (logged.groups.length === 0) return nothingLogged();
  if (kind === 'cascade') {
    return {
      code: 'not_replayable',
      message:
        'A cascade asks a second model where the first one failed its checks; what that would have answered is in no log.',
    };
  }
  const left = shares.indexOf(undefined);
  if (left < 0) return undefined;
  return {
    code: 'no_model',
    message: `This leaves no model for ${logged.groups[left]?.task}: a lower min_quality or more models would.`,
  };
}

/** Of all requests or of one task's, the largest share first. */
function mixIn(
  logged: LoggedChoices,
  shares: readonly (GroupMix | undefined)[],
  task: AnyTask | undefined,
): { model: string; share: number }[] {
  const sums = new Float64Array(logged.models.length);
  let requests = 0;
  for (const [index, group] of logged.groups.entries()) {
    const mine = shares[index]?.shares;
    if (mine === undefined || (task !== undefined && group.task !== task)) continue;
    requests += group.requests;
    for (const [model, share] of mine.entries()) sums[model] = (sums[model] ?? 0) + group.requests * share;
  }
  return [...sums.entries()]
    .filter(([, sum]) => sum > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([model, sum]) => ({ model: logged.models[model] ?? '', share: round(sum / requests, 4) }));
}

function requestsOf({ groups }: LoggedChoices, task: AnyTask): number {
  return groups.reduce((sum, group) => sum + (group.task === task ? group.requests : 0), 0);
}

/** By model: whether it was offered for any request of the log. */
function wereOffered({ models, groups }: LoggedChoices): boolean[] {
  return models.map((_, model) => groups.some((group) => (group.sums[model]?.offered ?? 0) > 0));
}

/** Null where it would go to a model that was never offered: of that nothing was expected. */
function expectedPer1k(logged: LoggedChoices, shares: readonly (GroupMix | undefined)[]): number | null {
  const isKnown = wereOffered(logged);
  let cost = 0;
  let requests = 0;
  for (const [index, group] of logged.groups.entries()) {
    requests += group.requests;
    for (const [model, share] of (shares[index]?.shares ?? []).entries()) {
      if (share > 0 && isKnown[model] !== true) return null;
      cost += group.requests * share * (group.expectedCostUsd[model] ?? 0);
    }
  }
  return round((1000 * cost) / requests, 9);
}
