import type { Random } from '../../../src/core/learning/random.ts';
import { LAUNCHED_TEAM, type Rhythm, TEAMS, type Team } from './scene.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** Within so many days of a launch all requests are there. */
const LAUNCH_DAYS = 2;

/** How busy each hour of a day is, UTC, against the busiest. */
const RHYTHM_TO_HOURS: Readonly<Record<Rhythm, (hour: number) => number>> = {
  office: (hour) => bump(hour, 10, 1.8) + bump(hour, 15, 2.2) * 0.9 + 0.02,
  waking: (hour) => bump(hour, 11, 3.5) * 0.75 + bump(hour, 19, 2.8) + 0.08,
  night: (hour) => bump(hour, 2, 1.2) + 0.03,
  always: () => 1,
};

export interface Arrival {
  readonly atMs: number;
  readonly team: Team;
}

/**
 * When requests come, in order of time: a Poisson process for each team whose rate follows hour, weekday, growth and launch.
 *
 * @param options.requests expected in all
 */
export function planArrivals(options: {
  readonly startMs: number;
  readonly endMs: number;
  readonly launchAtMs: number;
  readonly requests: number;
  readonly random: Random;
}): Arrival[] {
  const { startMs, endMs, launchAtMs, random } = options;
  const hours = Array.from(
    { length: Math.ceil((endMs - startMs) / HOUR_MS) },
    (_, index) => startMs + index * HOUR_MS,
  );
  const spanOf = (hourMs: number) => Math.min(HOUR_MS, endMs - hourMs);
  const rates = TEAMS.flatMap((team) =>
    hours.map((hourMs) => ({
      team,
      hourMs,
      rate: (rateOf(team, hourMs, { startMs, launchAtMs }) * spanOf(hourMs)) / HOUR_MS,
    })),
  );
  // Each team's weight is of an average day, whatever its rhythm.
  const teamToDay = new Map(TEAMS.map((team) => [team, daySum(team.rhythm)]));
  const shareOf = ({ team, rate }: { team: Team; rate: number }) =>
    (team.weight * rate) / (teamToDay.get(team) ?? 1);
  const total = rates.reduce((sum, one) => sum + shareOf(one), 0);
  return rates
    .flatMap((one) => {
      const count = drawPoisson((options.requests * shareOf(one)) / total, random);
      return Array.from({ length: count }, () => ({
        atMs: Math.floor(one.hourMs + random() * spanOf(one.hourMs)),
        team: one.team,
      }));
    })
    .sort((one, other) => one.atMs - other.atMs);
}

function rateOf(
  team: Team,
  hourMs: number,
  { startMs, launchAtMs }: { readonly startMs: number; readonly launchAtMs: number },
): number {
  const date = new Date(hourMs);
  const days = (hourMs - startMs) / (DAY_HOURS * HOUR_MS);
  const isWeekend = date.getUTCDay() % 6 === 0;
  const rhythm = RHYTHM_TO_HOURS[team.rhythm](date.getUTCHours());
  return (
    rhythm *
    (isWeekend ? team.weekendShare : 1) *
    (1 + team.growth) ** days *
    (team.key.name === LAUNCHED_TEAM ? launchShare(hourMs - launchAtMs) : 1)
  );
}

function launchShare(sinceMs: number): number {
  return Math.min(1, Math.max(0, sinceMs / (LAUNCH_DAYS * DAY_HOURS * HOUR_MS)));
}

function daySum(rhythm: Rhythm): number {
  return Array.from({ length: DAY_HOURS }, (_, hour) => RHYTHM_TO_HOURS[rhythm](hour)).reduce(
    (sum, rate) => sum + rate,
    0,
  );
}

/** Around midnight too. */
function bump(hour: number, centre: number, width: number): number {
  const apart = Math.abs(hour + 0.5 - centre);
  const distance = Math.min(apart, DAY_HOURS - apart);
  return Math.exp(-0.5 * (distance / width) ** 2);
}

/** Knuth's product of uniforms, in steps that no product underflows in. */
function drawPoisson(mean: number, random: Random): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 50) {
    const limit = Math.exp(-Math.min(left, 50));
    for (let product = random(); product > limit; product *= random()) count += 1;
  }
  return count;
}
