import { at, grown } from './belief-sums.ts';

/** Labelled outcomes, of any model, from an alarm to the first look; the next one is twice as long in coming, … */
const FIRST_LOOK_AFTER = 1000;
/** … up to this: that is also how long it may take until a model that is well again is tried. */
const LATEST_LOOK_AFTER = 2000;
/** A model with this share of the outcomes since is in use: there is nothing to look for. */
const USED_SHARE = 0.02;

/**
 * When to look again at models that fell behind after a change. Nothing draws such a model any more, so that it is well
 * again would never be noticed. Times are counted in labelled outcomes: only those can show it.
 */
export interface SecondLooks {
  /** A new epoch of this model began: its clock starts anew. */
  readonly begin: (modelIndex: number) => void;
  /** One labelled outcome of this model. */
  readonly hear: (modelIndex: number) => void;
  /** A model whose time has come, −1 for none. Its clock goes on, twice as slowly, until it is in use again. */
  readonly next: () => number;
}

export function createSecondLooks(): SecondLooks {
  /** Outcomes until the next look; 0 where none is planned. */
  let waits = new Float64Array(8);
  let startedAt = new Float64Array(8);
  let ownOutcomes = new Float64Array(8);
  let heard = 0;
  let earliest = Number.POSITIVE_INFINITY;

  function makeRoom(index: number): void {
    if (index < waits.length) return;
    waits = grown(waits, index);
    startedAt = grown(startedAt, index);
    ownOutcomes = grown(ownOutcomes, index);
  }

  function restart(index: number, wait: number): void {
    waits[index] = wait;
    startedAt[index] = heard;
    ownOutcomes[index] = 0;
    earliest = Number.POSITIVE_INFINITY;
    for (let model = 0; model < waits.length; model += 1) {
      const due = at(startedAt, model) + at(waits, model);
      if (at(waits, model) > 0 && due < earliest) earliest = due;
    }
  }

  return {
    begin: (index) => {
      if (index < 0) return;
      makeRoom(index);
      restart(index, Math.max(FIRST_LOOK_AFTER, at(waits, index)));
    },
    hear: (index) => {
      heard += 1;
      if (index >= 0 && index < ownOutcomes.length) ownOutcomes[index] = at(ownOutcomes, index) + 1;
    },
    next: () => {
      while (heard >= earliest) {
        const index = waits.findIndex((wait, model) => wait > 0 && heard >= at(startedAt, model) + wait);
        const wait = at(waits, index);
        const isUsed = at(ownOutcomes, index) >= USED_SHARE * wait;
        restart(index, isUsed ? 0 : Math.min(2 * wait, LATEST_LOOK_AFTER));
        if (!isUsed) return index;
      }
      return -1;
    },
  };
}
