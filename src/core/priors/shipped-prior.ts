import type { Model } from '../catalog/model.ts';
import type { QualityPrior } from '../learning/contract.ts';
import type { AnyTask } from '../task/operation-task.ts';
import { TASKS, type Task } from '../task/task.ts';
import { AIDER_POLYGLOT } from './aider-polyglot.ts';
import { indexLeaderboard, type Leaderboard, type LeaderboardEntry } from './leaderboard.ts';
import { LIVEBENCH_2025, LIVEBENCH_2026 } from './livebench.ts';
import { type ModelName, readModelName } from './model-name.ts';
import { guessByPriceAndSize, RULE_STRENGTH } from './price-and-size.ts';
import { WILDBENCH } from './wildbench.ts';

export const LEADERBOARDS: readonly Leaderboard[] = [
  WILDBENCH,
  AIDER_POLYGLOT,
  LIVEBENCH_2025,
  LIVEBENCH_2026,
];

/** Pseudo-outcomes of a leaderboard's word about a task that it measures … */
const MEASURED_STRENGTH = 30;
/** … and about one that it does not, where the mean of all that it measures stands in. */
const GENERAL_STRENGTH = 10;
/** An earlier version's scores are half as good as a model's own. */
const PREDECESSOR_SHARE = 0.5;

/** What is known offline of one model on one task. */
export interface PriorCell {
  /** Quality points above the average of the catalogue, −1 to 1. */
  readonly deviation: number;
  /** Pseudo-outcomes that it counts before the task has any of its own. */
  readonly strength: number;
}

/** A leaderboard's column for a task, as a score of one model. */
interface Reading {
  readonly modelId: string;
  readonly quality: number;
  readonly strength: number;
}

/**
 * What public leaderboards, list prices and sizes say about the models of a catalogue before it has outcomes of its own
 * (docs/learning.md, "Before there are outcomes").
 *
 * A leaderboard compares the models that it lists, so its word is `score − mean score` over those of the catalogue, plus
 * where that group stands among all: by what leaderboards say in general, else by the rule. Leaderboards that know the
 * same model are averaged by their strength. One that knows a single model of the catalogue says nothing. Where none
 * speaks, the rule does, weakly. Models that are simulated, or no chat models, get nothing: the simulated ones are there
 * to show learning.
 */
export function shippedPrior(models: readonly Model[]): ReadonlyMap<string, ReadonlyMap<Task, PriorCell>> {
  const known = models.filter((model) => model.type === 'chat' && !model.isSimulated);
  const guesses = centredGuesses(known);
  const entries = LEADERBOARDS.map((leaderboard) => ({ leaderboard, found: entriesOf(leaderboard, known) }));
  const cellsOn = (task: Task, levels: ReadonlyMap<string, number>) => {
    const modelToParts = new Map<string, PriorCell[]>();
    for (const { leaderboard, found } of entries) {
      const readings = readingsOf(leaderboard, found, task);
      if (readings.length < 2) continue;
      const mean = meanOf(readings.map(({ quality }) => quality));
      const place = meanOf(readings.map(({ modelId }) => levels.get(modelId) ?? 0));
      for (const { modelId, quality, strength } of readings) {
        const parts = modelToParts.get(modelId) ?? [];
        parts.push({ deviation: quality - mean + place, strength });
        modelToParts.set(modelId, parts);
      }
    }
    return new Map([...modelToParts].map(([modelId, parts]) => [modelId, merged(parts)]));
  };
  // No leaderboard measures the pooled cell: there all of them say what they see in general.
  const general = cellsOn('unknown', guesses);
  const levels = new Map([...guesses, ...[...general].map(([id, cell]) => [id, cell.deviation] as const)]);
  const taskToCells = new Map(TASKS.map((task) => [task, cellsOn(task, levels)]));
  return new Map(
    known.map(({ id }) => {
      const guessed = guessedCell(levels.get(id));
      const cells = TASKS.flatMap((task) => {
        const cell = task === 'unknown' ? general.get(id) : taskToCells.get(task)?.get(id);
        const best = cell ?? guessed;
        return best === undefined ? [] : [[task, best] as const];
      });
      return [id, new Map(cells)];
    }),
  );
}

/** The learner's view of prior cells. */
export function priorOfCells(cells: ReadonlyMap<string, ReadonlyMap<AnyTask, PriorCell>>): QualityPrior {
  return {
    deviationOf: (task, modelId) => cells.get(modelId)?.get(task)?.deviation,
    strengthOf: (task, modelId) => cells.get(modelId)?.get(task)?.strength ?? 0,
  };
}

/** A catalogue's own name for a model says less than its provider's; both may be the known one. */
function namesOf(model: Model): string[] {
  return [...model.endpoints.map(({ upstreamModel }) => upstreamModel), model.id];
}

/** Guesses of the rule, less their mean over the catalogue. */
function centredGuesses(models: readonly Model[]): Map<string, number> {
  const guesses = new Map<string, number>();
  for (const model of models) {
    const prices = model.endpoints
      .filter(({ isPriceKnown }) => isPriceKnown)
      .map(({ price }) => price.outputUsdPerMillion);
    const price = prices.length === 0 ? undefined : Math.min(...prices);
    const guess = guessByPriceAndSize(mostTelling(namesOf(model).map(readModelName)), price);
    if (guess !== undefined) guesses.set(model.id, guess);
  }
  const mean = meanOf([...guesses.values()]);
  return new Map([...guesses].map(([id, guess]) => [id, guess - mean]));
}

function mostTelling(names: readonly ModelName[]): ModelName {
  const telling =
    names.find(({ sizeBillions }) => sizeBillions !== undefined) ?? names.find(({ tier }) => tier);
  return telling ?? names[0] ?? readModelName('');
}

function entriesOf(leaderboard: Leaderboard, models: readonly Model[]): Map<string, LeaderboardEntry> {
  const find = indexLeaderboard(leaderboard);
  const found = new Map<string, LeaderboardEntry>();
  for (const model of models) {
    const entry = find(namesOf(model));
    if (entry) found.set(model.id, entry);
  }
  return found;
}

function readingsOf(
  { taskToColumns, isGeneral, qualityPerPoint }: Leaderboard,
  found: ReadonlyMap<string, LeaderboardEntry>,
  task: Task,
): Reading[] {
  const columns = taskToColumns[task];
  if (columns === undefined && !isGeneral) return [];
  const strength = columns === undefined ? GENERAL_STRENGTH : MEASURED_STRENGTH;
  return [...found].map(([modelId, { scores, isExact }]) => ({
    modelId,
    quality: qualityPerPoint * meanOf(columns?.map((column) => scores[column] ?? 0) ?? scores),
    strength: isExact ? strength : strength * PREDECESSOR_SHARE,
  }));
}

/** The mean weighted by strength, as strong as the strongest: two leaderboards share models' habits and blind spots. */
function merged(parts: readonly PriorCell[]): PriorCell {
  let sum = 0;
  let total = 0;
  let strength = 0;
  for (const part of parts) {
    sum += part.deviation * part.strength;
    total += part.strength;
    strength = Math.max(strength, part.strength);
  }
  return { deviation: clampToUnit(sum / total), strength };
}

function guessedCell(deviation: number | undefined): PriorCell | undefined {
  return deviation === undefined ? undefined : { deviation, strength: RULE_STRENGTH };
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clampToUnit(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
