import type { AnyTask } from '../task/operation-task.ts';
import type { RankedCandidate } from './decision.ts';

/** What observing has shown so far: the choices that were made and not served, against the baseline that was. */
export interface DryRunTally {
  readonly record: (
    dryRun: { readonly task: AnyTask; readonly strategy: string },
    served: RankedCandidate,
    /** Undefined where nobody could have been chosen. */
    chosen: RankedCandidate | undefined,
  ) => void;
  /** By this strategy, of one task or of all. */
  readonly read: (strategy: string, task?: AnyTask) => DryRunSummary;
  /** Another baseline: what was counted is about the former one. */
  readonly reset: () => void;
}

export interface DryRunSummary {
  readonly requests: number;
  /** Of those, how often the choice was the baseline itself. */
  readonly agreed: number;
  /** Expected when it was decided, summed, USD and points of quality. */
  readonly baselineCostUsd: number;
  readonly choiceCostUsd: number;
  readonly baselineQuality: number;
  readonly choiceQuality: number;
  readonly modelToChoices: ReadonlyMap<string, number>;
}

interface Sums extends DryRunSummary {
  requests: number;
  agreed: number;
  baselineCostUsd: number;
  choiceCostUsd: number;
  baselineQuality: number;
  choiceQuality: number;
  readonly modelToChoices: Map<string, number>;
}

/** In memory, a few numbers per strategy and task; forgotten at a restart. */
export function createDryRunTally(): DryRunTally {
  const strategyToTasks = new Map<string, Map<AnyTask, Sums>>();

  function sumsOf(strategy: string, task: AnyTask): Sums {
    let tasks = strategyToTasks.get(strategy);
    if (tasks === undefined) {
      tasks = new Map();
      strategyToTasks.set(strategy, tasks);
    }
    let sums = tasks.get(task);
    if (sums === undefined) {
      sums = noSums();
      tasks.set(task, sums);
    }
    return sums;
  }

  return {
    record: ({ task, strategy }, served, chosen) => {
      // Where nobody else could have been chosen the baseline stays what it is.
      const { modelId, expectedCostMicroUsd, quality } = chosen ?? served;
      const sums = sumsOf(strategy, task);
      sums.requests += 1;
      if (modelId === served.modelId) sums.agreed += 1;
      sums.baselineCostUsd += served.expectedCostMicroUsd / 1_000_000;
      sums.choiceCostUsd += expectedCostMicroUsd / 1_000_000;
      sums.baselineQuality += served.quality;
      sums.choiceQuality += quality;
      sums.modelToChoices.set(modelId, (sums.modelToChoices.get(modelId) ?? 0) + 1);
    },
    read: (strategy, task) => {
      const total = noSums();
      for (const [key, sums] of strategyToTasks.get(strategy) ?? []) {
        if (task !== undefined && key !== task) continue;
        total.requests += sums.requests;
        total.agreed += sums.agreed;
        total.baselineCostUsd += sums.baselineCostUsd;
        total.choiceCostUsd += sums.choiceCostUsd;
        total.baselineQuality += sums.baselineQuality;
        total.choiceQuality += sums.choiceQuality;
        for (const [modelId, count] of sums.modelToChoices) {
          total.modelToChoices.set(modelId, (total.modelToChoices.get(modelId) ?? 0) + count);
        }
      }
      return total;
    },
    reset: () => strategyToTasks.clear(),
  };
}

function noSums(): Sums {
  return {
    requests: 0,
    agreed: 0,
    baselineCostUsd: 0,
    choiceCostUsd: 0,
    baselineQuality: 0,
    choiceQuality: 0,
    modelToChoices: new Map(),
  };
}
