import { describe, expect, test } from 'vitest';
import type { RunMeasures } from '../../../scripts/learning/measure.ts';
import { compareRuns, type StreamRuns } from '../../../scripts/live/compare-runs.ts';
import { createRandom } from '../../../src/core/learning/random.ts';

/** A run of which only the share of its first model is read. */
const runWith = (value: number) => ({ shares: [value] }) as unknown as RunMeasures;
const read = (run: RunMeasures) => run.shares[0] ?? 0;

/** Streams that differ wildly among themselves, routers that differ little, and a live side that is off by `shift`. */
function streamsOf(random: () => number, shift: number): StreamRuns[] {
  return Array.from({ length: 4 }, () => {
    const level = 100 * random();
    const noisy = () => level + random() + random() + random();
    return { live: runWith(noisy() + shift), replays: Array.from({ length: 12 }, () => runWith(noisy())) };
  });
}

describe('live against replay', () => {
  test('the difference is measured in the noise of the routers, not of the streams', () => {
    const random = createRandom(3);
    const agreeing = Array.from(
      { length: 300 },
      () => compareRuns(streamsOf(random, 0), read).standardErrors,
    );
    const spread = Math.sqrt(agreeing.reduce((sum, z) => sum + z * z, 0) / agreeing.length);
    expect(spread).toBeGreaterThan(0.85);
    expect(spread).toBeLessThan(1.15);
    const shifted = compareRuns(streamsOf(random, 2), read);
    expect(shifted.difference).toBeGreaterThan(1);
    expect(shifted.standardErrors).toBeGreaterThan(3);
  });

  test('where nothing varies, equal is agreement and unequal is not', () => {
    const fixed = (live: number) => [{ live: runWith(live), replays: [runWith(1), runWith(1)] }];
    expect(compareRuns(fixed(1), read).standardErrors).toBe(0);
    expect(compareRuns(fixed(2), read).standardErrors).toBe(Number.POSITIVE_INFINITY);
  });
});
