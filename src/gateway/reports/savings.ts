import { FEWEST_EFFECTIVE_SAMPLES } from '../../core/learning/off-policy.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { AnyTask } from '../../core/task/operation-task.ts';
import { round } from '../round.ts';
import {
  type ChoiceGroup,
  type ChoiceReportDeps,
  describeLogged,
  intervalIn,
  type LoggedChoices,
  type Measure,
  readLoggedChoices,
} from './logged-choices.ts';
import { answerOf, evaluateMeasure, nothingLogged } from './off-policy-answer.ts';

export interface SavingsQuery {
  readonly window?: string;
  readonly task?: string;
  readonly baseline?: string;
}

/** A model that everything might have gone to. */
interface Rival {
  readonly against: 'best' | 'dearest' | 'cheapest' | 'baseline';
  /** Its place among the models of the log. */
  readonly model: number;
}

/** A share below this is one thing: many times as dear. */
const LEAST_SHARE = -99;

/**
 * What routing spent, against one model for everything: the one believed best, the dearest, the cheapest and, where there
 * is one, the operator's own. Off-policy estimates from logged propensities (docs/learning.md); what was spent is known.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all: others are compared with nowhere
 * @throws GatewayError 400 for an unknown window, task or baseline
 */
export async function reportSavings(
  deps: ChoiceReportDeps,
  query: SavingsQuery,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object> {
  const baseline = baselineOf(deps, query.baseline, visibleModels);
  const logged = await readLoggedChoices(deps, query);
  const rivals = rivalsOf(deps, logged, baseline, visibleModels);
  const tasks = [...new Set(logged.groups.map(({ task }) => task))].map((task) => ({
    task,
    logged: describeLogged(logged, task, visibleModels),
  }));
  const perTask: object[] = [];
  for (const one of tasks.sort((a, b) => b.logged.requests - a.logged.requests)) {
    if (deps.turns.isOver()) await deps.turns.next();
    perTask.push({ ...one, comparisons: await compare(deps, logged, one.task, rivals, one.logged) });
  }
  if (deps.turns.isOver()) await deps.turns.next();
  const whole = describeLogged(logged, undefined, visibleModels);
  return {
    object: 'savings',
    ...logged.period,
    task: logged.task,
    logged: whole,
    comparisons: await compare(deps, logged, undefined, rivals, whole),
    tasks: perTask,
  };
}

/** @throws GatewayError 400 for a model there is not, or that the caller may not know of */
function baselineOf(
  deps: ChoiceReportDeps,
  asked: string | undefined,
  visibleModels: ReadonlySet<string> | undefined,
): string | undefined {
  const { catalog, routing } = deps.live;
  const id = asked ?? routing.baseline;
  if (id === undefined) return undefined;
  const isThere = catalog.model(id)?.type === 'chat' && visibleModels?.has(id) !== false;
  if (isThere) return id;
  if (asked === undefined) return undefined;
  throw badRequest(
    `There is no chat model '${asked.slice(0, 64)}' to compare with. GET /v1/models lists those there are.`,
    'baseline',
  );
}

function rivalsOf(
  deps: ChoiceReportDeps,
  logged: LoggedChoices,
  baseline: string | undefined,
  visibleModels: ReadonlySet<string> | undefined,
): Rival[] {
  const { models, groups } = logged;
  const requests = groups.reduce((sum, group) => sum + group.requests, 0);
  const isThere = (model: number) => {
    const id = models[model] ?? '';
    return deps.live.catalog.model(id)?.type === 'chat' && visibleModels?.has(id) !== false;
  };
  const offered = models.map((_, model) =>
    groups.reduce((sum, group) => sum + (group.sums[model]?.offered ?? 0), 0),
  );
  const known = models.flatMap((_, model) => (isThere(model) && (offered[model] ?? 0) > 0 ? [model] : []));
  // One that could hardly ever have been chosen is no alternative, as long as there are others.
  const usual = known.filter((model) => (offered[model] ?? 0) >= requests / 2);
  const candidates = usual.length > 0 ? usual : known;
  const qualities = candidates.map((model) => believedQuality(deps, logged, models[model] ?? ''));
  const costs = candidates.map((model) => expectedCostUsd(groups, model));
  const rivals: Rival[] = [];
  const add = (against: Rival['against'], place: number) => {
    const model = candidates[place];
    if (model !== undefined) rivals.push({ against, model });
  };
  add('best', bestOf(logged, candidates, qualities));
  add('dearest', costs.indexOf(Math.max(...costs)));
  add('cheapest', costs.indexOf(Math.min(...costs)));
  if (baseline !== undefined) rivals.push({ against: 'baseline', model: models.indexOf(baseline) });
  return rivals;
}

/** The believed best of those that the log knows: of one that hardly answered, what is believed is what its price says. */
function bestOf(
  { groups }: LoggedChoices,
  candidates: readonly number[],
  qualities: readonly number[],
): number {
  const answers = candidates.map((model) =>
    groups.reduce((sum, group) => sum + (group.sums[model]?.costMicroUsd.count ?? 0), 0),
  );
  const isKnown = answers.map((count) => count >= FEWEST_EFFECTIVE_SAMPLES);
  const most = Math.max(...qualities.filter((_, place) => isKnown[place] || !isKnown.includes(true)));
  return qualities.findIndex(
    (quality, place) => quality === most && (isKnown[place] || !isKnown.includes(true)),
  );
}

/** Over the requests of the log, as each task's are. */
function believedQuality(deps: ChoiceReportDeps, { groups }: LoggedChoices, model: string): number {
  return groups.reduce(
    (sum, group) => sum + group.requests * deps.learner.qualityOf(group.task, model).mean,
    0,
  );
}

/** What all these requests were expected to cost there. */
function expectedCostUsd(groups: readonly ChoiceGroup[], model: number): number {
  return groups.reduce((sum, group) => sum + group.requests * (group.expectedCostUsd[model] ?? 0), 0);
}

async function compare(
  deps: ChoiceReportDeps,
  logged: LoggedChoices,
  task: AnyTask | undefined,
  rivals: readonly Rival[],
  actual: ReturnType<typeof describeLogged>,
): Promise<object[]> {
  const isMine = (index: number) => task === undefined || logged.groups[index]?.task === task;
  const groups = logged.groups.filter((_, index) => isMine(index));
  const estimateOf = (measure: Measure, model: number) => {
    const mine = logged.measures[measure].filter((_, index) => isMine(index));
    return evaluateMeasure(mine, measure, (_, arm) => Number(arm === model));
  };
  const rows: object[] = [];
  for (const { against, model } of rivals) {
    if (deps.turns.isOver()) await deps.turns.next();
    const refused = actual.requests === 0 ? nothingLogged() : undefined;
    const cost = answerOf(estimateOf('cost', model), 'cost', actual.requests, refused);
    const quality = answerOf(estimateOf('quality', model), 'quality', 1, refused);
    const wasOffered = groups.some((group) => (group.sums[model]?.offered ?? 0) > 0);
    rows.push({
      against,
      model: logged.models[model],
      cost_usd: cost,
      quality,
      ...savingOf(actual.cost_usd, cost.doubly_robust),
      quality_gain: gainOf(actual.quality, quality.doubly_robust),
      expected_cost_usd: wasOffered ? round(expectedCostUsd(groups, model), 9) : null,
    });
  }
  return rows;
}

interface Interval {
  readonly mean: number;
  readonly low_90: number;
  readonly high_90: number;
}

/** What was spent is known: the intervals are those of the other side. */
function savingOf(spentUsd: number, other: Interval | null) {
  if (other === null) return { saved_usd: null, saved_share: null };
  const shareOf = (costUsd: number) =>
    costUsd > 0 ? 1 - spentUsd / costUsd : spentUsd > 0 ? LEAST_SHARE : 0;
  return {
    saved_usd: intervalIn(
      { mean: other.mean - spentUsd, low90: other.low_90 - spentUsd, high90: other.high_90 - spentUsd },
      { digits: 9 },
    ),
    saved_share: intervalIn(
      { mean: shareOf(other.mean), low90: shareOf(other.low_90), high90: shareOf(other.high_90) },
      { digits: 4, least: LEAST_SHARE },
    ),
  };
}

/** As if the errors of the two were independent: those of answers that both rest on cancel out in part. */
function gainOf(own: Interval | null, other: Interval | null) {
  if (own === null || other === null) return null;
  const mean = own.mean - other.mean;
  const below = Math.hypot(own.mean - own.low_90, other.high_90 - other.mean);
  const above = Math.hypot(own.high_90 - own.mean, other.mean - other.low_90);
  return intervalIn({ mean, low90: mean - below, high90: mean + above }, { digits: 4 });
}
