/** Free choices as additive rows, by day, task, size of the prompt and model; what they are for: core/learning/off-policy-groups.ts. */
import type { Decision, RankedCandidate } from '../core/choice/decision.ts';
import { chanceOf } from '../core/choice/free-choice.ts';
import { DAY_MS } from '../core/durations.ts';
import { momentsOf } from '../core/learning/moments.ts';
import type { NamedVerdict } from '../core/reward/verdict.ts';
import { requestSizeOf } from '../core/task/request-size.ts';
import { toEvidenceSource } from './attempt-rows.ts';
import type { AttemptStart } from './contract.ts';
import { type ChoiceRow, type EndRow, RATING_SUMS, type RatingRow } from './statements.ts';

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** Where a free choice that was answered is counted, and with which probability it was made. */
export interface ChoicePlace {
  readonly day: number;
  readonly task: string;
  readonly size: string;
  readonly modelId: string;
  readonly propensity: number;
}

/** One first attempt that has ended. */
export interface EndedChoice {
  readonly start: AttemptStart;
  readonly end: EndRow;
  readonly freeChoice: Decision | undefined;
}

/**
 * Undefined for what says nothing of other policies: choices that were not free, and those whose model did not answer,
 * as who stood in for it was not drawn.
 */
export function placeOf(
  { modelId, number }: Pick<AttemptStart, 'modelId' | 'number'>,
  end: Pick<EndRow, 'ending' | 'endedAtMs'>,
  choice: {
    readonly ranking: readonly RankedCandidate[];
    readonly task: string;
    readonly inputTokens: number;
  },
): ChoicePlace | undefined {
  if (number !== 0 || end.ending !== 'completed') return undefined;
  // Whoever was drawn may have been shut out in the moment between: then another was asked first.
  if (choice.ranking[0]?.modelId !== modelId) return undefined;
  const propensity = chanceOf(choice.ranking, modelId);
  if (propensity === 0) return undefined;
  return {
    day: dayOf(end.endedAtMs),
    task: choice.task,
    size: requestSizeOf(choice.inputTokens),
    modelId,
    propensity,
  };
}

/** What these attempts add about the models that were chosen; sorted, as all replicas sort. */
export function sumChoices(ended: Iterable<EndedChoice>): { choices: ChoiceRow[]; ratings: RatingRow[] } {
  const modelToChoices = new Map<string, Mutable<ChoiceRow>[]>();
  const ratings = new Map<string, Mutable<RatingRow>>();
  for (const one of ended) {
    if (one.freeChoice === undefined) continue;
    const { profile, ranking } = one.freeChoice;
    const place = placeOf(one.start, one.end, {
      ranking,
      task: profile.task,
      inputTokens: profile.inputTokens,
    });
    if (place === undefined) continue;
    addChoice(modelToChoices, place, one.end, ranking[0] as RankedCandidate);
    const rating = ratingOf(place, automaticOf(one.end), 1);
    if (rating !== undefined) addRating(ratings, rating);
  }
  return {
    choices: sorted([...modelToChoices.values()].flat(), keyOf),
    ratings: sorted([...ratings.values()], (row) => `${keyOf(row)}\n${row.source}`),
  };
}

type Mutable<Row> = { -readonly [Name in keyof Row]: Row[Name] };

function addChoice(
  modelToRows: Map<string, Mutable<ChoiceRow>[]>,
  place: ChoicePlace,
  end: EndRow,
  ranked: RankedCandidate,
): void {
  const { day, task, size, modelId } = place;
  let rows = modelToRows.get(modelId);
  if (rows === undefined) {
    rows = [];
    modelToRows.set(modelId, rows);
  }
  // A few rows a model: comparing them is cheaper than putting a key together.
  let row = rows.find((one) => one.task === task && one.size === size && one.day === day);
  if (row === undefined) {
    row = emptyChoiceRow(day, task, size, modelId);
    rows.push(row);
  }
  const weight = 1 / place.propensity;
  const squared = weight * weight;
  const cost = end.costMicroUsd;
  const costError = cost - ranked.expectedCostMicroUsd;
  const seconds = end.latencyMs / 1000;
  const secondsError = seconds - ranked.expectedLatencyMs / 1000;
  if (!Number.isFinite(costError + secondsError)) return;
  row.count += 1;
  row.weight += weight;
  row.squaredWeight += squared;
  // Written out, four times the same: through a loop over names it took ten times as long.
  row.costSum += cost;
  row.costWeightedSum += cost * weight;
  row.costSquaredWeightSum += cost * squared;
  row.costSquare += cost * cost;
  row.costWeightedSquare += cost * cost * weight;
  row.costSquaredWeightSquare += cost * cost * squared;
  row.costErrorSum += costError;
  row.costErrorWeightedSum += costError * weight;
  row.costErrorSquaredWeightSum += costError * squared;
  row.costErrorSquare += costError * costError;
  row.costErrorWeightedSquare += costError * costError * weight;
  row.costErrorSquaredWeightSquare += costError * costError * squared;
  row.secondsSum += seconds;
  row.secondsWeightedSum += seconds * weight;
  row.secondsSquaredWeightSum += seconds * squared;
  row.secondsSquare += seconds * seconds;
  row.secondsWeightedSquare += seconds * seconds * weight;
  row.secondsSquaredWeightSquare += seconds * seconds * squared;
  row.secondsErrorSum += secondsError;
  row.secondsErrorWeightedSum += secondsError * weight;
  row.secondsErrorSquaredWeightSum += secondsError * squared;
  row.secondsErrorSquare += secondsError * secondsError;
  row.secondsErrorWeightedSquare += secondsError * secondsError * weight;
  row.secondsErrorSquaredWeightSquare += secondsError * secondsError * squared;
}

export function emptyChoiceRow(day: number, task: string, size: string, modelId: string): Mutable<ChoiceRow> {
  return {
    day,
    task,
    size,
    modelId,
    offered: 0,
    supported: 0,
    expectedCost: 0,
    expectedSeconds: 0,
    count: 0,
    weight: 0,
    squaredWeight: 0,
    costSum: 0,
    costWeightedSum: 0,
    costSquaredWeightSum: 0,
    costSquare: 0,
    costWeightedSquare: 0,
    costSquaredWeightSquare: 0,
    costErrorSum: 0,
    costErrorWeightedSum: 0,
    costErrorSquaredWeightSum: 0,
    costErrorSquare: 0,
    costErrorWeightedSquare: 0,
    costErrorSquaredWeightSquare: 0,
    secondsSum: 0,
    secondsWeightedSum: 0,
    secondsSquaredWeightSum: 0,
    secondsSquare: 0,
    secondsWeightedSquare: 0,
    secondsSquaredWeightSquare: 0,
    secondsErrorSum: 0,
    secondsErrorWeightedSum: 0,
    secondsErrorSquaredWeightSum: 0,
    secondsErrorSquare: 0,
    secondsErrorWeightedSquare: 0,
    secondsErrorSquaredWeightSquare: 0,
  };
}

/**
 * What a verdict adds to the ratings, or (`sign` −1) takes from them. An answer in which no fault was found is no rated
 * answer, nor is one in which one was: of the others nobody knows.
 */
export function ratingOf(
  { day, task, size, modelId, propensity }: ChoicePlace,
  verdict: NamedVerdict | undefined,
  sign: 1 | -1,
): RatingRow | undefined {
  if (verdict === undefined || verdict.source === 'heuristic') return undefined;
  const { source, sourceName = 'judge', quality } = verdict;
  const moments = momentsOf(quality > 0 ? Math.min(1, quality) : 0, propensity);
  return {
    day,
    task,
    size,
    modelId,
    source: source === 'judge' ? `judge:${sourceName}` : source,
    count: sign * moments.count,
    weight: sign * moments.weight,
    squaredWeight: sign * moments.squaredWeight,
    sum: sign * moments.sum,
    weightedSum: sign * moments.weightedSum,
    squaredWeightSum: sign * moments.squaredWeightSum,
    square: sign * moments.square,
    weightedSquare: sign * moments.weightedSquare,
    squaredWeightSquare: sign * moments.squaredWeightSquare,
  };
}

function automaticOf({
  automaticSource,
  automaticQuality,
  automaticWeight,
}: EndRow): NamedVerdict | undefined {
  if (automaticSource === null || automaticQuality === null || automaticWeight === null) return undefined;
  const source = toEvidenceSource(automaticSource);
  return source && { source, quality: automaticQuality, weight: automaticWeight };
}

function addRating(rows: Map<string, Mutable<RatingRow>>, added: RatingRow): void {
  const { day, task, size, modelId, source } = added;
  const key = `${task}\n${size}\n${modelId}\n${source}\n${day}`;
  const row = rows.get(key);
  if (row === undefined) rows.set(key, added);
  else for (const name of RATING_SUMS) row[name] += added[name];
}

type Place = Pick<ChoicePlace, 'day' | 'task' | 'size' | 'modelId'>;

export function keyOf({ task, size, modelId, day }: Place): string {
  return `${task}\n${size}\n${modelId}\n${day}`;
}

/** As all who write these rows sort them: two that lock them in different orders would wait for each other for ever. */
export function sorted<Row>(rows: readonly Row[], nameOf: (row: Row) => string): Row[] {
  if (rows.length < 2) return [...rows];
  return rows
    .map((row) => ({ name: nameOf(row), row }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ row }) => row);
}
