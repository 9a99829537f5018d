import type { Model } from '../catalog/model.ts';
import type { Prospect } from './prospect.ts';
import { readState } from './read-state.ts';

/** Share of the choices that models on trial get together, whatever is believed of them. */
export const TRIAL_SHARE = 0.1;

/** Models that an operator wants looked at again, each for a number of requests. */
export interface Trials {
  /** Begins one anew. */
  readonly start: (modelId: string, requests: number) => Trial;
  /** Ends one that has hardly begun. */
  readonly cancel: (modelId: string) => void;
  readonly trialOf: (modelId: string) => Trial | undefined;
  /** For `ChoiceInput.trials`; undefined while there is none, which is nearly always. */
  readonly running: () => ReadonlySet<string> | undefined;
  /** Takes another catalogue: trials of models that left are over. */
  readonly setModels: (models: readonly Model[]) => void;
  /**
   * A choice fell on this model, by its trial or not. Counted when it is made and not when it is answered: any
   * number of requests at the same time cannot overrun the bound.
   */
  readonly chosen: (modelId: string) => void;
  /** By model, to be given to `createTrials` after a restart. */
  readonly states: () => Readonly<Record<string, Trial>>;
}

export interface Trial {
  readonly requests: number;
  readonly remaining: number;
}

export function createTrials(before: Readonly<Record<string, Trial>> = {}): Trials {
  const modelToTrial = new Map(Object.entries(before));
  let running: ReadonlySet<string> | undefined;
  noteRunning();

  /** Made when it changes: the choices of every request read it. */
  function noteRunning(): void {
    running = modelToTrial.size > 0 ? new Set(modelToTrial.keys()) : undefined;
  }

  return {
    start: (modelId, requests) => {
      const trial = { requests, remaining: requests };
      modelToTrial.set(modelId, trial);
      noteRunning();
      return trial;
    },
    cancel: (modelId) => {
      modelToTrial.delete(modelId);
      noteRunning();
    },
    trialOf: (modelId) => modelToTrial.get(modelId),
    running: () => running,
    setModels: (models) => {
      const ids = new Set(models.map(({ id }) => id));
      for (const modelId of modelToTrial.keys()) if (!ids.has(modelId)) modelToTrial.delete(modelId);
      noteRunning();
    },
    chosen: (modelId) => {
      const trial = modelToTrial.get(modelId);
      if (trial === undefined) return;
      if (trial.remaining > 1) {
        modelToTrial.set(modelId, { ...trial, remaining: trial.remaining - 1 });
        return;
      }
      modelToTrial.delete(modelId);
      noteRunning();
    },
    states: () => Object.fromEntries(modelToTrial),
  };
}

/** What `JSON.stringify(states())` once made; what makes no sense in it is left out. */
export function readTrials(text: string): Record<string, Trial> {
  const trials: Record<string, Trial> = {};
  for (const [modelId, value] of Object.entries(readState(text))) {
    const { requests, remaining } = (value ?? {}) as Partial<Trial>;
    if (!isCount(requests) || !isCount(remaining) || remaining > requests) continue;
    trials[modelId] = { requests, remaining };
  }
  return trials;
}

/**
 * π ← (1 − s)·π + s·1[arm on trial]/k in place, s = .1 over the k models on trial that may serve this request, each by
 * its best arm: the vector stays the true probability of the choice.
 *
 * @param unsafe model that must not be a guess here, on trial or not
 */
export function mixInTrials(
  arms: readonly Prospect[],
  shares: Float64Array,
  trials: ReadonlySet<string>,
  unsafe: string | undefined,
): void {
  const modelToArm = new Map<string, number>();
  for (const [index, arm] of arms.entries()) {
    if (!trials.has(arm.model.id) || arm.model.id === unsafe) continue;
    const best = arms[modelToArm.get(arm.model.id) ?? -1];
    if (best === undefined || arm.utilityUsd > best.utilityUsd) modelToArm.set(arm.model.id, index);
  }
  if (modelToArm.size === 0) return;
  for (let index = 0; index < shares.length; index += 1) {
    shares[index] = (1 - TRIAL_SHARE) * (shares[index] as number);
  }
  for (const index of modelToArm.values()) {
    shares[index] = (shares[index] as number) + TRIAL_SHARE / modelToArm.size;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
