import { forecastSpend, type SpendForecast } from '../../core/money/spend-forecast.ts';
import type { HourlySpend } from '../../core/money/spend-model.ts';
import type { Store } from '../../store/contract.ts';

const HOUR_MS = 3_600_000;
/** Eight weeks show a season; what is older says little about now. */
export const HISTORY_HOURS = 56 * 24;
/** Keys whose history is kept: eleven kilobytes each. */
const MOST_KEPT = 200;

/** What was spent by the hour, micro-USD, hours without anything left out. */
export type HourToMicroUsd = ReadonlyMap<number, number>;

interface Kept {
  readonly thisHourMs: number;
  /** But for the present hour and the one before, in which something may still change. */
  readonly older: HourToMicroUsd;
  /** By how far ahead, and good for as long as the last hour says the same. */
  readonly forecasts: Map<number, { readonly lastHourMicroUsd: number; readonly forecast: SpendForecast }>;
}

/** What keys spent, for one report. */
export interface SpendHistories {
  /** Of one key, or of all; at least the last eight weeks, and this month. */
  hoursOf(keyId: string | undefined): Promise<HourToMicroUsd>;
  /** @param series that of `hoursOf` before the present hour */
  forecastOf(keyId: string | undefined, series: HourlySpend, hourCount: number): SpendForecast;
}

/** Weeks that are over say the same each time, and reading and fitting them takes 10 ms a key: kept until the hour is over. */
const storeToKept = new WeakMap<object, Map<string | undefined, Kept>>();

export async function openSpendHistories(
  store: Pick<Store, 'readUsage'>,
  nowMs: number,
  monthStartMs: number,
): Promise<SpendHistories> {
  const thisHourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const lastHourMs = thisHourMs - HOUR_MS;
  const keyToKept = storeToKept.get(store) ?? new Map<string | undefined, Kept>();
  storeToKept.set(store, keyToKept);
  const recent = await store.readUsage({
    fromMs: lastHourMs,
    toMs: thisHourMs + HOUR_MS,
    groupBy: ['key', 'hour'],
    keyId: undefined,
  });

  async function read(keyId: string | undefined): Promise<Kept> {
    const known = keyToKept.get(keyId);
    if (known?.thisHourMs === thisHourMs) return known;
    const sums = await store.readUsage({
      fromMs: Math.min(monthStartMs, thisHourMs - HISTORY_HOURS * HOUR_MS),
      toMs: lastHourMs,
      groupBy: ['hour'],
      keyId,
    });
    const older = new Map<number, number>();
    for (const { hourMs, costMicroUsd } of sums) if (hourMs !== undefined) older.set(hourMs, costMicroUsd);
    const kept = { thisHourMs, older, forecasts: new Map() };
    keyToKept.delete(keyId);
    keyToKept.set(keyId, kept);
    if (keyToKept.size > MOST_KEPT) keyToKept.delete(keyToKept.keys().next().value);
    return kept;
  }

  function recentOf(keyId: string | undefined, hour: number): number {
    return recent
      .filter((sum) => sum.hourMs === hour && (keyId === undefined || sum.keyId === keyId))
      .reduce((total, { costMicroUsd }) => total + costMicroUsd, 0);
  }

  return {
    async hoursOf(keyId) {
      const hours = new Map((await read(keyId)).older);
      for (const hour of [lastHourMs, thisHourMs]) {
        const spent = recentOf(keyId, hour);
        if (spent > 0) hours.set(hour, spent);
      }
      return hours;
    },
    forecastOf(keyId, series, hourCount) {
      const lastHourMicroUsd = recentOf(keyId, lastHourMs);
      const forecasts = keyToKept.get(keyId)?.forecasts;
      const known = forecasts?.get(hourCount);
      if (known?.lastHourMicroUsd === lastHourMicroUsd) return known.forecast;
      const forecast = forecastSpend(series, hourCount);
      forecasts?.set(hourCount, { lastHourMicroUsd, forecast });
      return forecast;
    },
  };
}
