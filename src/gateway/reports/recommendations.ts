import { CAPABILITIES, type Capability } from '../../core/catalog/model.ts';
import { decide } from '../../core/choice/decide.ts';
import type { RankedCandidate } from '../../core/choice/decision.ts';
import { valueOfPoint } from '../../core/choice/handicap.ts';
import { type Recommended, reasonOfFirst, reasonOfOther } from '../../core/choice/recommendation-words.ts';
import type { Strategy } from '../../core/choice/strategy.ts';
import { usdOf } from '../../core/money/cost.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { anyTaskNamed, typeOfTask } from '../../core/task/operation-task.ts';
import { classifyText } from '../../core/task/profile-request.ts';
import type { RequestProfile, Task } from '../../core/task/task.ts';
import { parseTask } from '../../core/task/task-alias.ts';
import { estimateTextTokens } from '../../core/task/token-estimate.ts';
import type { GatewayDeps } from '../deps.ts';
import { round } from '../round.ts';
import { catalogFilter } from './catalog-filter.ts';
import { openRankPages, rankPageOf } from './rank-page.ts';
import { typicalInputTokens } from './typical-request.ts';

/** A task is a type or a few sentences; a whole prompt belongs into `POST /v1/route`. */
const MAX_TASK_CHARACTERS = 2_000;
const DEFAULT_LIMIT = 5;
const MAX_LIMIT = 100;

export interface RecommendationsQuery {
  readonly task?: string;
  readonly limit?: string;
  readonly max_cost_usd?: string;
  readonly max_latency_ms?: string;
  readonly needs?: string;
  readonly strategy?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly cursor?: string;
}

/**
 * Which models to use for a kind of work, best first, each with one sentence on why: what `auto` would rank for a
 * typical request of the task, by mean utility. Reads memory, and the roll-up of the last week for what is typical.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all.
 * @throws GatewayError 400 for a missing or overlong task, an unknown strategy or capability, a number that is none.
 */
export async function recommendModels(
  deps: GatewayDeps,
  query: RecommendationsQuery,
  visibleModels: ReadonlySet<string> | undefined,
): Promise<object> {
  const { catalog, routing } = deps.live;
  const strategy = catalog.strategy(query.strategy ?? routing.defaultStrategy);
  const asked = taskOf(query.task);
  const page = rankPageOf(query, DEFAULT_LIMIT, MAX_LIMIT);
  const models = catalog.models.filter(({ id, type }) => type === 'chat' && visibleModels?.has(id) !== false);
  const filter = catalogFilter(models, query);
  const profile: RequestProfile = {
    task: asked.task,
    confidence: asked.confidence,
    complexity: 0.5,
    language: 'und',
    needs: needsOf(query.needs),
    inputTokens: Math.max(await typicalInputTokens(deps, asked.task), asked.tokens),
    choices: 1,
  };
  const decision = decide({
    profile,
    candidates: models
      .flatMap((model) => model.endpoints.map((endpoint) => ({ model, endpoint })))
      .filter(({ model, endpoint }) => filter.isWanted(model, endpoint)),
    strategy,
    learner: deps.learner,
    random: deps.random,
    refusalOf: (endpoint, model) => deps.pauses.refusalOf(model.id) ?? deps.guard.refusalOf(endpoint.id),
    limits: {
      maxCostUsd: numberOf(query, 'max_cost_usd', undefined, 0, Number.POSITIVE_INFINITY),
      maxLatencyMs: numberOf(query, 'max_latency_ms', undefined, 0, Number.POSITIVE_INFINITY),
    },
    explore: false,
    isExplicit: false,
  });
  // Of the endpoints of a model the best one speaks for it.
  const best = decision.ranking.filter(
    ({ modelId }, index) => decision.ranking.findIndex((other) => other.modelId === modelId) === index,
  );
  const probabilities = probabilitiesOf(deps, asked.task, strategy, best);
  const rows = best.map((ranked) => recommendedOf(deps, asked.task, ranked));
  const pages = openRankPages(
    page,
    models.map(({ id }) => id),
  );
  return {
    object: 'recommendations',
    task: { type: asked.task, confidence: asked.confidence, named: asked.isNamed },
    strategy: strategy.name,
    typical_request: { input_tokens: profile.inputTokens },
    generated_at: new Date(deps.nowMs()).toISOString(),
    data: pages
      .take(0, [...rows.entries()], ([, { model }]) => model)
      .map(([index, row]) => {
        return {
          rank: index + 1,
          model: row.model,
          provider: best[index]?.provider ?? '',
          reason: index === 0 ? reasonOfFirst(row, strategy.name) : reasonOfOther(row, rows[0] ?? row),
          probability_best: round(probabilities[index] ?? 0, 4),
          quality: {
            mean: round(row.quality.mean, 4),
            low_90: round(row.quality.low90, 4),
            high_90: round(row.quality.high90, 4),
          },
          evidence: row.evidence,
          samples: round(row.samples, 1),
          estimated_cost_usd: round(row.costUsd, 9),
          estimated_latency_ms: Math.round(row.latencyMs),
          estimated_ttft_ms: Math.round(best[index]?.expectedTtftMs ?? 0),
          estimated_output_tokens: Math.round(best[index]?.expectedOutputTokens ?? 0),
        };
      }),
    ...pages.next(),
    excluded: decision.excluded.map(({ modelId, endpointId, reason }) => ({
      model: modelId,
      endpoint: endpointId,
      reason,
    })),
  };
}

function recommendedOf(deps: GatewayDeps, task: Task, ranked: RankedCandidate): Recommended {
  const { mean, low90, high90, evidence, samples } = deps.learner.qualityOf(task, ranked.modelId);
  return {
    model: ranked.modelId,
    quality: { mean, low90, high90 },
    evidence,
    samples,
    costUsd: usdOf(ranked.expectedCostMicroUsd),
    latencyMs: ranked.expectedLatencyMs,
  };
}

/** That each is the best by V·θ − burden, the burden being what its utility leaves of V·E[θ]. */
function probabilitiesOf(
  deps: GatewayDeps,
  task: Task,
  strategy: Strategy,
  ranking: readonly RankedCandidate[],
): readonly number[] {
  const handicaps = ranking.map(({ quality, utilityUsd }) => quality - utilityUsd / valueOfPoint(strategy));
  return deps.learner.bestProbabilities(
    task,
    ranking.map(({ modelId }) => modelId),
    handicaps,
  );
}

/** A type of task or one of its aliases; otherwise what the words are about. */
function taskOf(text: string | undefined): {
  readonly task: Task;
  readonly confidence: number;
  readonly isNamed: boolean;
  readonly tokens: number;
} {
  if (text === undefined || text.trim() === '') {
    throw badRequest(
      "'task' is missing: a type such as code_review, or what is to be done in a few words.",
      'task',
    );
  }
  if (text.length > MAX_TASK_CHARACTERS) {
    throw badRequest(
      `'task' has ${text.length} characters, of at most ${MAX_TASK_CHARACTERS}. Describe the work; a whole prompt goes to POST /v1/route.`,
      'task',
    );
  }
  const other = anyTaskNamed(text.trim());
  if (other !== undefined && typeOfTask(other) !== 'chat') {
    throw badRequest(
      `Chat models alone are recommended. GET /v1/intelligence/rankings?task=${other} ranks those of '${other}'.`,
      'task',
    );
  }
  const named = parseTask(text);
  if (named !== undefined) return { task: named, confidence: 1, isNamed: true, tokens: 0 };
  return { ...classifyText(text), isNamed: false, tokens: estimateTextTokens(text) };
}

function needsOf(text: string | undefined): ReadonlySet<Capability> {
  const names = (text ?? '').split(',').flatMap((name) => name.trim() || []);
  return new Set(
    names.map((name) => {
      const capability = CAPABILITIES.find((one) => one === name);
      if (capability !== undefined) return capability;
      throw badRequest(
        `'needs' names '${name.slice(0, 64)}', which is no capability. There are: ${CAPABILITIES.join(', ')}.`,
        'needs',
      );
    }),
  );
}

function numberOf<Default extends number | undefined>(
  query: RecommendationsQuery,
  name: 'max_cost_usd' | 'max_latency_ms',
  byDefault: Default,
  least: number,
  most: number,
): number | Default {
  const text = query[name];
  if (text === undefined) return byDefault;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw notANumber(name, least, most);
}

function notANumber(name: string, least: number, most: number): Error {
  const range = Number.isFinite(most) ? `from ${least} to ${most}` : `of at least ${least}`;
  return badRequest(`'${name}' must be a number ${range}.`, name);
}
