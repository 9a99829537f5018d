import { describe, expect, it } from 'vitest';
import { planArrivals } from '../../../scripts/demo/history/plan-arrivals.ts';
import { happeningsOf, LAUNCHED_TEAM, NEWCOMER_MODEL } from '../../../scripts/demo/history/scene.ts';
import { createRandom } from '../../../src/core/learning/random.ts';

const DAY_MS = 86_400_000;
const startMs = Date.UTC(2026, 0, 7, 13, 20);
const endMs = startMs + 14 * DAY_MS;
const happenings = happeningsOf(startMs);
const plan = (seed: number, requests = 6_000) =>
  planArrivals({
    startMs,
    endMs,
    launchAtMs: happenings.launchAtMs,
    requests,
    random: createRandom(seed),
  });

describe('the two weeks of the demo', () => {
  const arrivals = plan(1);
  const count = (isIt: (date: Date, team: string) => boolean) =>
    arrivals.filter(({ atMs, team }) => isIt(new Date(atMs), team.key.name)).length;

  it('has as many requests as were asked for, in order and within them, the same for the same seed', () => {
    expect(Math.abs(arrivals.length - 6_000)).toBeLessThan(400);
    const times = arrivals.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(times[0]).toBeGreaterThanOrEqual(startMs);
    expect(times.at(-1)).toBeLessThan(endMs);
    expect(plan(1)).toEqual(arrivals);
    expect(plan(2)).not.toEqual(arrivals);
  });

  it('is quieter at weekends and at night, but for those who work then', () => {
    const ofDevelopers = (isIt: (date: Date) => boolean) =>
      count((date, team) => team === 'developer-tools' && isIt(date));
    // Four days of the fourteen, at 15 %.
    expect(ofDevelopers((date) => date.getUTCDay() % 6 === 0)).toBeLessThan(
      0.1 * ofDevelopers((date) => date.getUTCDay() % 6 !== 0),
    );
    expect(ofDevelopers((date) => date.getUTCHours() < 5)).toBeLessThan(
      0.1 * ofDevelopers((date) => date.getUTCHours() >= 9 && date.getUTCHours() < 17),
    );
    expect(count((date, team) => team === 'localisation' && date.getUTCHours() < 5)).toBeGreaterThan(
      count((date, team) => team === 'localisation' && date.getUTCHours() >= 9),
    );
  });

  it('grows, and has a launch', () => {
    const isFirstWeek = (date: Date) => date.getTime() < startMs + 7 * DAY_MS;
    const isWeb = (team: string) => team === 'web-app';
    expect(count((date, team) => isWeb(team) && !isFirstWeek(date))).toBeGreaterThan(
      1.1 * count((date, team) => isWeb(team) && isFirstWeek(date)),
    );
    const launched = arrivals.filter(({ team }) => team.key.name === LAUNCHED_TEAM);
    expect(launched.length).toBeGreaterThan(100);
    expect(Math.min(...launched.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(happenings.launchAtMs);
  });

  it('has everything that happens on weekdays of it, in an order that makes sense, whenever it begins', () => {
    for (let day = 0; day < 14; day++) {
      const from = startMs + day * DAY_MS;
      const { outage, relapse, lookAgainAtMs, newcomer, launchAtMs } = happeningsOf(from);
      const times = [outage.fromMs, launchAtMs, relapse.fromMs, relapse.toMs, lookAgainAtMs];
      expect(times).toEqual([...times].sort((one, other) => one - other));
      for (const atMs of [...times, newcomer.atMs]) {
        expect(atMs).toBeGreaterThan(from);
        expect(atMs).toBeLessThan(from + 13 * DAY_MS);
        expect(new Date(atMs).getUTCDay() % 6).not.toBe(0);
      }
      expect(newcomer.model).toBe(NEWCOMER_MODEL);
    }
  });
});
