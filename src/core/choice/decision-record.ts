import type { Circumstances, Decision, ExcludedCandidate, RankedCandidate } from './decision.ts';

/** What is stored of a decision beside the columns of its request. */
export interface DecisionRecord {
  /** Choices asked for (`n`), at least 1. Tokens are learnt per choice: the beliefs are rebuilt from the rows by it. */
  readonly choices: number;
  readonly ranking: readonly RankedCandidate[];
  readonly excluded: readonly ExcludedCandidate[];
  readonly circumstances: Circumstances | undefined;
}

const EMPTY: DecisionRecord = { choices: 1, ranking: [], excluded: [], circumstances: undefined };

/** Propensities, qualities and utilities are kept to a billionth: whole numbers are written five times as fast. */
const BILLION = 1e9;

/** Endpoints are few, and their names change with the configuration only: quoted once. */
const endpointToNames = new Map<string, { readonly modelId: string; readonly text: string }>();
const MAX_NAMES = 10_000;

/**
 * A decision as JSON, `{"n":choices,"r":[ranked…],"x":[excluded…],"c":circumstances}`, each candidate a list of names and
 * whole numbers, the last two only where there are any. By
 * `JSON.stringify` of the objects it took 6 µs and four times the space in every row.
 */
export function writeDecision({ profile, ranking, excluded, circumstances }: Decision): string {
  let text = `{"n":${profile.choices},"r":[`;
  for (let place = 0; place < ranking.length; place += 1) {
    const one = ranking[place] as RankedCandidate;
    text += `${place === 0 ? '[' : ',['}${namesOf(one)},${Math.round(one.propensity * BILLION)},${Math.round(
      one.utilityUsd * BILLION,
    )},${Math.round(one.quality * BILLION)},${Math.round(one.expectedCostMicroUsd)},${Math.round(
      one.expectedOutputTokens,
    )},${Math.round(one.expectedTtftMs)},${Math.round(one.expectedLatencyMs)}]`;
  }
  text += ']';
  if (excluded.length > 0) text += `,"x":${JSON.stringify(excluded.map(rowOf))}`;
  if (circumstances !== undefined) text += `,"c":${JSON.stringify(circumstances)}`;
  return `${text}}`;
}

/** Empty for a text that is no such record. */
export function readDecision(text: string): DecisionRecord {
  try {
    const { n, r, x = [], c } = JSON.parse(text) as Written;
    return {
      choices: typeof n === 'number' && n >= 1 ? n : 1,
      ranking: r.map(toRanked),
      excluded: x.map(toExcluded),
      circumstances: c,
    };
  } catch {
    return EMPTY;
  }
}

interface Written {
  readonly n: unknown;
  readonly r: unknown[][];
  readonly x?: unknown[][];
  readonly c?: Circumstances;
}

function namesOf({ endpointId, modelId, provider }: RankedCandidate): string {
  const known = endpointToNames.get(endpointId);
  if (known?.modelId === modelId) return known.text;
  if (endpointToNames.size >= MAX_NAMES) endpointToNames.clear();
  const text = `${JSON.stringify(endpointId)},${JSON.stringify(modelId)},${JSON.stringify(provider)}`;
  endpointToNames.set(endpointId, { modelId, text });
  return text;
}

function rowOf({ endpointId, modelId, reason, retryAtMs }: ExcludedCandidate): unknown[] {
  return retryAtMs === undefined ? [endpointId, modelId, reason] : [endpointId, modelId, reason, retryAtMs];
}

function toRanked(row: unknown[]): RankedCandidate {
  const [endpointId, modelId, provider] = row.map(String);
  const [propensity = 0, utility = 0, quality = 0, cost = 0, tokens = 0, ttft = 0, latency = 0] = row
    .slice(3)
    .map(Number);
  return {
    endpointId: endpointId ?? '',
    modelId: modelId ?? '',
    provider: provider ?? '',
    propensity: propensity / BILLION,
    utilityUsd: utility / BILLION,
    quality: quality / BILLION,
    expectedCostMicroUsd: cost,
    expectedOutputTokens: tokens,
    expectedTtftMs: ttft,
    expectedLatencyMs: latency,
  };
}

function toExcluded(row: unknown[]): ExcludedCandidate {
  const [endpointId, modelId, reason, retryAtMs] = row;
  return {
    endpointId: String(endpointId),
    modelId: String(modelId),
    reason: reason as ExcludedCandidate['reason'],
    ...(typeof retryAtMs === 'number' ? { retryAtMs } : {}),
  };
}
