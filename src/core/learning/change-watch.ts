import { at, grown } from './belief-sums.ts';

const SLACK = 0.25;
const ALARM_AT = 18;

/**
 * One-sided cumulative sums, up and down, per subject (Page 1954; CUSUM-UCB, Liu et al. 2018):
 * S ← max(0, S ± z − 0.25), alarm at 18, then both start again.
 *
 * Forgetting by detecting a change costs nothing while nothing changes; discounting costs all the time.
 */
export function createChangeWatch() {
  let up = new Float64Array(8);
  let down = new Float64Array(8);

  return {
    /** @param z how many standard deviations the outcome lies above what was expected */
    observe: (subjectIndex: number, z: number): boolean => {
      if (!Number.isFinite(z)) return false;
      if (subjectIndex >= up.length) {
        up = grown(up, subjectIndex);
        down = grown(down, subjectIndex);
      }
      const rise = Math.max(0, at(up, subjectIndex) + z - SLACK);
      const fall = Math.max(0, at(down, subjectIndex) - z - SLACK);
      const isAlarm = rise >= ALARM_AT || fall >= ALARM_AT;
      up[subjectIndex] = isAlarm ? 0 : rise;
      down[subjectIndex] = isAlarm ? 0 : fall;
      return isAlarm;
    },
  };
}
