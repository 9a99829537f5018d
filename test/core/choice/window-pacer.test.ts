import { expect, test } from 'vitest';
import { createWindowPacer } from '../../../src/core/choice/window-pacer.ts';

const DAY_MS = 24 * 3_600_000;
const MORNING_MS = Date.UTC(2026, 5, 1);
const DEAR = 0.01;
const CHEAP = 0.0005;

const purse = (limitUsd: number, spentUsd: number) => ({
  limitUsd,
  spentUsd,
  startsAtMs: MORNING_MS,
  resetsAtMs: MORNING_MS + DAY_MS,
});

/** A day of one request every ten seconds; the dear model is worth it for the harder half, unless money is dear. */
function spendADay(budgetUsd: number, isPaced: boolean, pause: (hour: number) => boolean = () => false) {
  const pacer = createWindowPacer(DAY_MS);
  let spent = 0;
  const dearByHour = new Array<number>(24).fill(0);
  for (let at = 0; at < DAY_MS; at += 10_000) {
    const hour = Math.floor(at / 3_600_000);
    if (pause(hour)) continue;
    const gainUsd = 0.03 * ((at / 10_000) * 0.618034 - Math.floor((at / 10_000) * 0.618034));
    const wantsDear =
      gainUsd > (1 + (isPaced ? pacer.costPenalty(0.03, MORNING_MS + at) : 0)) * (DEAR - CHEAP);
    const cost = wantsDear && spent + DEAR <= budgetUsd ? DEAR : CHEAP;
    if (spent + cost > budgetUsd) continue;
    if (cost === DEAR) dearByHour[hour] = (dearByHour[hour] ?? 0) + 1;
    spent += cost;
    pacer.observe(cost, true, MORNING_MS + at, purse(budgetUsd, spent));
  }
  return { spent, dearByHour };
}

test('without pacing the budget of a day is gone by the afternoon; with it the hardest get the dear model to the end', () => {
  // All that would like to: $59.
  const budget = 30;
  const unpaced = spendADay(budget, false);
  const lastHours = (hours: readonly number[]) => hours.slice(18).reduce((sum, count) => sum + count, 0);
  expect(lastHours(unpaced.dearByHour)).toBe(0);
  const paced = spendADay(budget, true);
  expect(lastHours(paced.dearByHour)).toBeGreaterThan(400);
  expect(Math.min(...paced.dearByHour)).toBeGreaterThan(60);
  expect(paced.spent).toBeLessThanOrEqual(budget);
  // And nothing is left over.
  expect(paced.spent).toBeGreaterThan(0.9 * budget);
});

test('whoever is behind the clock is not pressed, however busy the hour; at dawn the same pace is', () => {
  const penaltyAfterAnHourFrom = (hour: number) => {
    const pacer = createWindowPacer(DAY_MS);
    let spent = 0;
    let atMs = MORNING_MS + hour * 3_600_000;
    for (let request = 0; request < 600; request += 1) {
      atMs += 6_000;
      spent += 0.01;
      pacer.observe(0.01, true, atMs, purse(20, spent));
    }
    return { now: pacer.costPenalty(0.03, atMs), later: pacer.costPenalty(0.03, atMs + 12 * 3_600_000) };
  };
  expect(penaltyAfterAnHourFrom(12)).toEqual({ now: 0, later: 0 });
  const dawn = penaltyAfterAnHourFrom(0);
  expect(dawn.now).toBeGreaterThan(1);
  expect(dawn.later).toBe(0);
});

test('a budget that is enough presses on nothing', () => {
  const pacer = createWindowPacer(DAY_MS);
  for (let at = 0; at < 3_600; at += 1) {
    pacer.observe(0.0001, true, MORNING_MS + at * 1_000, purse(10, 0.0001 * at));
    expect(pacer.costPenalty(0.03, MORNING_MS + at * 1_000)).toBe(0);
  }
});

test('hours without requests are made up for', () => {
  const busyMorning = spendADay(20, true, (hour) => hour >= 6 && hour < 18);
  expect(busyMorning.spent).toBeLessThanOrEqual(20);
  expect(busyMorning.spent).toBeGreaterThan(0.85 * 20);
});

test('a burst of 200 at the beginning, costs that are none and an empty purse leave finite prices', () => {
  const pacer = createWindowPacer(DAY_MS);
  expect(pacer.costPenalty(1, MORNING_MS)).toBe(0);
  pacer.observe(0, true, MORNING_MS, purse(1, 0));
  for (let at = 0; at < 200; at += 1) pacer.observe(0.01, true, MORNING_MS, purse(1, at * 0.01));
  for (const cost of [Number.NaN, -1, Number.POSITIVE_INFINITY])
    pacer.observe(cost, true, MORNING_MS, purse(1, 1));
  pacer.observe(0.01, true, MORNING_MS - 5 * DAY_MS, purse(1, 4));
  pacer.observe(0.01, true, MORNING_MS, purse(0, 4));
  expect(pacer.costPenalty(1, MORNING_MS)).toBeGreaterThan(0);
  expect(Number.isFinite(pacer.costPenalty(1, MORNING_MS))).toBe(true);
});

test('what failed attempts cost belongs to the request that they were made for', () => {
  const [whole, piecewise] = [createWindowPacer(DAY_MS), createWindowPacer(DAY_MS)];
  for (const pacer of [whole, piecewise]) pacer.observe(0.03, true, MORNING_MS, purse(1, 0.03));
  for (let at = 1; at < 30; at += 1) {
    const nowMs = MORNING_MS + at * 1_000;
    const spent = purse(1, 0.03 * (at + 1));
    whole.observe(0.03, true, nowMs, spent);
    piecewise.observe(0.02, false, nowMs, spent);
    piecewise.observe(0.01, true, nowMs, spent);
  }
  const atMs = MORNING_MS + 30_000;
  expect(whole.costPenalty(1, atMs)).toBeGreaterThan(0);
  expect(piecewise.costPenalty(1, atMs) / whole.costPenalty(1, atMs)).toBeCloseTo(1, 9);
});
