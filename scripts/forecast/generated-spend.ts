import { randomLogNormal, randomNormal, randomPoisson } from 'd3-random';
import type { Random } from '../../src/core/learning/random.ts';
import type { HourlySpend } from '../../src/core/money/spend-model.ts';

export const TRAFFIC_KINDS = ['season', 'growth', 'launch', 'launch ahead', 'quiet'] as const;
export type TrafficKind = (typeof TRAFFIC_KINDS)[number];

const DAY_HOURS = 24;

/**
 * Made-up spend of hours: so many requests by level and season, each of log-normal cost, under a level that wanders.
 *
 * - `season`: office hours and weekends, each series with its own
 * - `growth`: the same, growing 0.3–2.5 % a day
 * - `launch`: season, and from some hour of the history on, two days before its end at the latest, a level 1.5–4 times as high
 * - `launch ahead`: that hour lies within what is to be forecast, and nobody said so
 * - `quiet`: a handful of requests a day, with hardly any season
 */
export function generateSpend(
  kind: TrafficKind,
  historyHours: number,
  aheadHours: number,
  random: Random,
): HourlySpend {
  const hourCount = historyHours + aheadHours;
  const normal = randomNormal.source(random)(0, 1);
  const between = (low: number, high: number) => low + (high - low) * random();
  const requestsPerHour = kind === 'quiet' ? between(0.1, 1) : 10 ** between(0.7, 2.7);
  const amplitude = kind === 'quiet' ? 0.2 : between(0.3, 0.95);
  const weekend = kind === 'quiet' ? 0.9 : between(0.15, 1);
  const peak = between(0, 24);
  const growth = kind === 'growth' ? between(0.003, 0.025) : 0;
  const launchAt = {
    launch: between(0.3 * historyHours, historyHours - 2 * DAY_HOURS),
    'launch ahead': between(historyHours, hourCount),
  }[kind as string];
  const launchFactor = between(1.5, 4);
  const wander = between(0.01, 0.06);
  const dayNoise = between(0.02, 0.15);
  const cost = randomLogNormal.source(random)(0, between(0.4, 1.2));
  const firstHour = Math.floor(between(0, 168)) + 168 * 2900;
  let level = 0;
  let ofDay = 0;
  const amounts = Float64Array.from({ length: hourCount }, (_, hour) => {
    const at = firstHour + hour;
    if (at % DAY_HOURS === 0) {
      level += wander * normal();
      ofDay = dayNoise * normal();
    }
    const ofHour = 1 + amplitude * Math.cos((2 * Math.PI * ((at % DAY_HOURS) - peak)) / DAY_HOURS);
    const ofWeek = Math.floor(at / DAY_HOURS) % 7 < 5 ? 1 : weekend;
    const grown =
      (1 + growth) ** (hour / DAY_HOURS) *
      (hour >= (launchAt ?? Number.POSITIVE_INFINITY) ? launchFactor : 1);
    const requests = randomPoisson.source(random)(
      requestsPerHour * ofHour * ofWeek * grown * Math.exp(level + ofDay),
    )();
    let spent = 0;
    for (let request = 0; request < requests; request += 1) spent += cost();
    return spent;
  });
  return { firstHour, amounts };
}
