import type { Random } from '../../src/core/learning/random.ts';
import type { ReplayWorld } from './policy.ts';

/** How the world changes while a stream is played. */
export interface Scenario {
  /** Requests at which presence or prices change; the policy is told. 0 is always one. */
  readonly changes: readonly number[];
  readonly worldAt: (time: number) => ReplayWorld;
  /** Quality of an answer, given the table's. The policy is not told. */
  readonly qualityOf: (time: number, model: number, quality: number, random: Random) => number;
  /** The model it is about, −1 for none, and when its change comes (and, if it does, goes). */
  readonly subject: number;
  readonly changeAt: number;
  readonly backAt?: number;
}

export const SCENARIOS = [
  'none',
  'drop-50',
  'drop-20',
  'recovery',
  'slow',
  'price-tenth',
  'price-tenfold',
  'newcomer-good',
  'newcomer-bad',
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

const STEADY_WORLD: ReplayWorld = { isPresent: () => true, priceFactor: () => 1 };

export const STEADY: Scenario = {
  changes: [0],
  worldAt: () => STEADY_WORLD,
  qualityOf: (_time, _model, quality) => quality,
  subject: -1,
  changeAt: 0,
};

/**
 * A change in the middle of the stream: of the best fixed model (its answers become useless with some probability),
 * of a price, or of who is there.
 *
 * @param ranked models by mean utility, best first
 * @param dearest the model whose price falls to a tenth
 */
export function scenarioNamed(
  name: ScenarioName,
  requests: number,
  ranked: readonly number[],
  dearest: number,
): Scenario {
  const best = ranked[0] ?? 0;
  const worst = ranked[ranked.length - 1] ?? 0;
  const half = Math.floor(requests / 2);
  switch (name) {
    case 'none':
      return STEADY;
    case 'drop-50':
      return degraded(best, half, () => 0.5);
    case 'drop-20':
      return degraded(best, half, () => 0.8);
    case 'recovery': {
      const from = Math.floor(requests / 4);
      return { ...degraded(best, from, (time) => (time < half ? 0.5 : 1)), backAt: half };
    }
    case 'slow': {
      const from = Math.floor(requests / 4);
      return degraded(best, from, (time) => Math.max(0.5, 1 - (time - from) / requests));
    }
    case 'price-tenth':
      return repriced(dearest, half, 0.1);
    case 'price-tenfold':
      return repriced(best, half, 10);
    case 'newcomer-good':
      return arriving(best, half);
    case 'newcomer-bad':
      return arriving(worst, half);
  }
}

/** From `changeAt` on an answer keeps its quality with this probability, and is useless otherwise. */
function degraded(subject: number, changeAt: number, keptShare: (time: number) => number): Scenario {
  return {
    ...STEADY,
    qualityOf: (time, model, quality, random) =>
      model === subject && time >= changeAt && random() >= keptShare(time) ? 0 : quality,
    subject,
    changeAt,
  };
}

function repriced(subject: number, changeAt: number, factor: number): Scenario {
  const after: ReplayWorld = {
    isPresent: () => true,
    priceFactor: (model) => (model === subject ? factor : 1),
  };
  return {
    ...STEADY,
    changes: [0, changeAt],
    worldAt: (time) => (time < changeAt ? STEADY_WORLD : after),
    subject,
    changeAt,
  };
}

function arriving(subject: number, changeAt: number): Scenario {
  const before: ReplayWorld = { isPresent: (model) => model !== subject, priceFactor: () => 1 };
  return {
    ...STEADY,
    changes: [0, changeAt],
    worldAt: (time) => (time < changeAt ? before : STEADY_WORLD),
    subject,
    changeAt,
  };
}
