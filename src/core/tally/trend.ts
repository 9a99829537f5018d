/** So many standard errors are no chance: 99 of 100 differences that are chance are smaller. */
const BEYOND_CHANCE = 2.58;
/** Below, a change is nothing to speak of, however sure it is. */
const LEAST_CHANGE = 0.1;
const LEAST_SHARE_CHANGE = 0.02;

export const DIRECTIONS = ['rising', 'falling', 'steady', 'new', 'gone'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** How often something happened in how long a time, in any unit that both sides share. */
export interface Volume {
  readonly count: number;
  readonly hours: number;
}

/**
 * Whether something happens more often than before, by its rates: counts are taken for Poisson's, so the difference of
 * two rates has the variance c₁/h₁² + c₀/h₀².
 *
 * @returns `change` as a share of the rate before (0.5: half as much again), null where there was none
 */
export function trendOfVolume(now: Volume, before: Volume): { direction: Direction; change: number | null } {
  const rate = now.hours > 0 ? now.count / now.hours : 0;
  const rateBefore = before.hours > 0 ? before.count / before.hours : 0;
  const change = rateBefore > 0 ? rate / rateBefore - 1 : null;
  const error = Math.hypot(
    Math.sqrt(now.count) / Math.max(now.hours, Number.MIN_VALUE),
    Math.sqrt(before.count) / Math.max(before.hours, Number.MIN_VALUE),
  );
  const isSure = error > 0 && Math.abs(rate - rateBefore) >= BEYOND_CHANCE * error;
  if (!isSure || (change !== null && Math.abs(change) < LEAST_CHANGE)) return { direction: 'steady', change };
  if (before.count === 0) return { direction: 'new', change };
  if (now.count === 0) return { direction: 'gone', change };
  return { direction: rate > rateBefore ? 'rising' : 'falling', change };
}

/** A part of a whole. */
export interface Part {
  readonly count: number;
  readonly of: number;
}

/**
 * Whether a share has changed, by the test of two proportions with a common one under the null hypothesis.
 *
 * @returns `change` in shares (0.1: ten points more)
 */
export function trendOfShare(now: Part, before: Part): { direction: Direction; change: number } {
  const share = now.of > 0 ? now.count / now.of : 0;
  const shareBefore = before.of > 0 ? before.count / before.of : 0;
  const change = share - shareBefore;
  if (now.of === 0 || before.of === 0) return { direction: 'steady', change };
  const common = (now.count + before.count) / (now.of + before.of);
  const error = Math.sqrt(common * (1 - common) * (1 / now.of + 1 / before.of));
  const isSure = error > 0 && Math.abs(change) >= BEYOND_CHANCE * error;
  if (!isSure || Math.abs(change) < LEAST_SHARE_CHANGE) return { direction: 'steady', change };
  if (before.count === 0) return { direction: 'new', change };
  if (now.count === 0) return { direction: 'gone', change };
  return { direction: change > 0 ? 'rising' : 'falling', change };
}
