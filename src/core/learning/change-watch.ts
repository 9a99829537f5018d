import { at, grown } from './belief-sums.ts';

const SLACK = 0.25;
const ALARM_AT = 18;
/** Below this a sum is what chance makes of it while nothing changes: those outcomes are not taken for the new state. */
const BEGUN_AT = 3;

/** What an alarm says: which way, and from where to where by the outcomes since the sum that gave it last passed 3. */
export interface Change {
  readonly isRise: boolean;
  /** Means over those outcomes: of what was expected, and of what was seen. */
  readonly expected: number;
  readonly seen: number;
}

/**
 * One-sided cumulative sums, up and down, per subject (Page 1954; CUSUM-UCB, Liu et al. 2018):
 * S ← max(0, S ± z − 0.25), alarm at 18, then both start again.
 *
 * Forgetting by detecting a change costs nothing while nothing changes; discounting costs all the time.
 */
export function createChangeWatch() {
  const rises = createRuns();
  const falls = createRuns();

  return {
    /**
     * @param z how many standard deviations the outcome lies above what was expected
     * @param expected of this outcome, in any unit
     * @param seen the outcome, in the same unit
     */
    observe: (subjectIndex: number, z: number, expected: number, seen: number): Change | undefined => {
      if (!Number.isFinite(z)) return undefined;
      const isRise = rises.add(subjectIndex, z, expected, seen);
      const isFall = falls.add(subjectIndex, -z, expected, seen);
      if (!isRise && !isFall) return undefined;
      const run = (isRise ? rises : falls).read(subjectIndex);
      rises.end(subjectIndex);
      falls.end(subjectIndex);
      return { isRise, ...run };
    },
  };
}

/** The sums of one direction, and what the outcomes were since each last passed 3. */
function createRuns() {
  let sums = new Float64Array(8);
  let counts = new Float64Array(8);
  let expectedSums = new Float64Array(8);
  let seenSums = new Float64Array(8);

  function end(index: number): void {
    sums[index] = 0;
    counts[index] = 0;
    expectedSums[index] = 0;
    seenSums[index] = 0;
  }

  return {
    end,
    /** @returns whether the sum has reached the alarm */
    add(index: number, z: number, expected: number, seen: number): boolean {
      if (index >= sums.length) {
        sums = grown(sums, index);
        counts = grown(counts, index);
        expectedSums = grown(expectedSums, index);
        seenSums = grown(seenSums, index);
      }
      const sum = at(sums, index) + z - SLACK;
      if (sum <= BEGUN_AT) {
        end(index);
        sums[index] = Math.max(0, sum);
        return false;
      }
      sums[index] = sum;
      counts[index] = at(counts, index) + 1;
      expectedSums[index] = at(expectedSums, index) + expected;
      seenSums[index] = at(seenSums, index) + seen;
      return sum >= ALARM_AT;
    },
    read: (index: number) => ({
      expected: at(expectedSums, index) / at(counts, index),
      seen: at(seenSums, index) / at(counts, index),
    }),
  };
}
