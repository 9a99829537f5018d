import { DAY_MS } from '../durations.ts';

/**
 * What may be spent in a day (UTC). Each call first takes the most that it can cost and gives back what it did not, so
 * that calls at the same time cannot spend the same dollar twice.
 */
export interface DailyBudget {
  /** What others have spent today already; before this is known nothing can be reserved. */
  begin(spentMicroUsd: number, nowMs: number): void;
  /** Takes `mostMicroUsd` out of the day's `limitMicroUsd`; false when that much is not left. */
  reserve(mostMicroUsd: number, limitMicroUsd: number, nowMs: number): boolean;
  /** The call is over: what it really cost stays spent. */
  settle(reservedMicroUsd: number, actualMicroUsd: number, nowMs: number): void;
  spentMicroUsd(nowMs: number): number;
}

/** When the day began that `nowMs` lies in. */
export function dayStartMsOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS) * DAY_MS;
}

export function createDailyBudget(): DailyBudget {
  let hasBegun = false;
  let day = Number.NEGATIVE_INFINITY;
  let spent = 0;
  let reserved = 0;

  /** Only a later day is a new one: a clock that is put back, and on again, opens no second purse. */
  function turnPage(nowMs: number): void {
    const today = dayStartMsOf(nowMs);
    if (today <= day) return;
    spent = 0;
    day = today;
  }

  return {
    begin(spentMicroUsd, nowMs) {
      turnPage(nowMs);
      spent += amount(spentMicroUsd);
      hasBegun = true;
    },
    reserve(mostMicroUsd, limitMicroUsd, nowMs) {
      turnPage(nowMs);
      const most = amount(mostMicroUsd);
      if (!hasBegun || !(spent + reserved + most <= limitMicroUsd)) return false;
      reserved += most;
      return true;
    },
    settle(reservedMicroUsd, actualMicroUsd, nowMs) {
      turnPage(nowMs);
      reserved = Math.max(0, reserved - amount(reservedMicroUsd));
      spent += amount(actualMicroUsd);
    },
    spentMicroUsd(nowMs) {
      turnPage(nowMs);
      return spent;
    },
  };
}

/** What is no amount takes the whole purse rather than nothing of it. */
function amount(microUsd: number): number {
  return microUsd >= 0 ? microUsd : Number.POSITIVE_INFINITY;
}
