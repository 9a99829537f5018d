import type { Random } from '../../../src/core/learning/random.ts';
import type { Mix } from './scene.ts';

/** One of them, as often as its weight says. */
export function drawFromMix<Of extends string>(mix: Mix<Of>, random: Random): Of {
  const entries = Object.entries(mix) as [Of, number][];
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [of, weight] of entries) {
    left -= weight;
    if (left < 0) return of;
  }
  const last = entries.at(-1);
  if (last === undefined) throw new RangeError('nothing to draw from');
  return last[0];
}
