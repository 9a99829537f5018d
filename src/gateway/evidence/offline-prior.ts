import type { Model } from '../../core/catalog/model.ts';
import type { Evaluation } from '../../core/evaluation/evaluation.ts';
import type { Learner } from '../../core/learning/contract.ts';
import { withEvaluations } from '../../core/priors/operator-prior.ts';
import { priorOfCells, shippedPrior } from '../../core/priors/shipped-prior.ts';
import type { Store } from '../../store/contract.ts';

/** What is known before there are outcomes: the shipped prior, and over it what operators pushed. */
export interface OfflinePrior {
  /** Evaluations as of the last refresh. */
  readonly evaluations: () => readonly Evaluation[];
  /** Takes another catalogue or setting over into the learner. */
  use(models: readonly Model[], isShipped: boolean): void;
  /** Reads the evaluations again, also those that other processes stored, and hands the learner what they say. */
  refresh(): Promise<void>;
}

export function createOfflinePrior(deps: {
  readonly store: Pick<Store, 'listEvaluations'>;
  readonly learner: Learner;
}): OfflinePrior {
  let models: readonly Model[] = [];
  let isShipped = true;
  let evaluations: readonly Evaluation[] = [];
  let seen = '';
  let last: Promise<void> = Promise.resolve();

  function apply(): void {
    const shipped = isShipped ? shippedPrior(models) : new Map();
    const modelIds = new Set(models.map(({ id }) => id));
    deps.learner.setPrior(priorOfCells(withEvaluations(shipped, evaluations, modelIds)));
  }

  async function read(): Promise<void> {
    const fresh = await deps.store.listEvaluations();
    const text = JSON.stringify(fresh);
    if (text === seen) return;
    seen = text;
    evaluations = fresh;
    apply();
  }

  return {
    evaluations: () => evaluations,
    use(nextModels, isNextShipped) {
      models = nextModels;
      isShipped = isNextShipped;
      apply();
    },
    refresh() {
      // One after the other: a read that began before somebody's write must not be applied after one that began later.
      last = last.then(read, read);
      return last;
    },
  };
}
