import { HOUR_MS } from '../../core/durations.ts';
import type { LoopTurns } from '../../core/loop/loop-turns.ts';
import { forecastSpendInSteps, type SpendForecast } from '../../core/money/spend-forecast.ts';
import type { HourlySpend } from '../../core/money/spend-model.ts';
import type { Store } from '../../store/contract.ts';

/** Eight weeks show a season; what is older says little about now. */
export const HISTORY_HOURS = 56 * 24;
/** Keys whose history is kept: eleven kilobytes each. */
const MOST_KEPT = 200;
/** Hours before the present one that are read by key each time: a history that was read in the hour before goes on with them. */
const RECENT_HOURS = 3;

interface Kept {
  /** Of the first of `amounts`; hours without any traffic before it are left out. */
  readonly firstMs: number;
  /** Micro-USD by the hour, up to `endMs`: what came after may still change. */
  readonly amounts: Float64Array;
  readonly endMs: number;
  /** When all of it was read; hours that were over since were added. */
  readonly readAtMs: number;
  /** By how far ahead, and good for as long as the last hour says the same. */
  readonly forecasts: Map<
    number,
    { readonly lastHourMicroUsd: number; readonly forecast: Promise<SpendForecast> }
  >;
}

/** What one key, or all together, spent. */
export interface SpendHistory {
  /** The hours that are over, of the last eight weeks, from the first one with any traffic on; undefined when there is none. */
  readonly series: HourlySpend | undefined;
  /** When the hours that are over were read in whole: what was removed since is still in it. */
  readonly asOfMs: number;
  /** Micro-USD since the beginning of this hour, the present one included; of the last eight weeks and this month. */
  spentSince(fromMs: number): number;
  /** Of the next hours. */
  forecast(series: HourlySpend, hourCount: number): Promise<SpendForecast>;
}

/** What keys spent, for one report. */
export interface SpendHistories {
  /** @param keyId undefined: of all */
  historyOf(keyId: string | undefined): Promise<SpendHistory>;
}

/** Weeks that are over say the same each time, and reading and fitting them takes 10 ms a key: kept until the hour is over. */
const storeToKept = new WeakMap<object, Map<string | undefined, Kept>>();

/**
 * @param options.isThorough reads anew what an earlier hour knew, instead of going on with it: rows may have been removed, or
 * come late
 */
export async function openSpendHistories(
  { store, turns }: { readonly store: Pick<Store, 'readUsage'>; readonly turns: LoopTurns },
  nowMs: number,
  monthStartMs: number,
  options: { readonly isThorough: boolean } = { isThorough: false },
): Promise<SpendHistories> {
  const thisHourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const lastHourMs = thisHourMs - HOUR_MS;
  const recentFromMs = thisHourMs - RECENT_HOURS * HOUR_MS;
  const keyToKept = storeToKept.get(store) ?? new Map<string | undefined, Kept>();
  storeToKept.set(store, keyToKept);
  const recent = await readRecent(store, recentFromMs, thisHourMs + HOUR_MS);

  async function read(keyId: string | undefined): Promise<Kept> {
    const known = keyToKept.get(keyId);
    if (known?.endMs === lastHourMs && (!options.isThorough || known.readAtMs >= thisHourMs)) return known;
    // Once only: who is asked for each hour would else never be read again.
    const mayGoOn = known !== undefined && known.readAtMs >= lastHourMs && !options.isThorough;
    const kept =
      mayGoOn && known.endMs >= recentFromMs && known.endMs < lastHourMs
        ? goneOn(known, recent.get(keyId), recentFromMs, lastHourMs)
        : await readAnew(store, keyId, {
            fromMs: Math.min(monthStartMs, thisHourMs - HISTORY_HOURS * HOUR_MS),
            endMs: lastHourMs,
            readAtMs: nowMs,
          });
    // Somebody else has read it meanwhile: whoever keeps the same has the same forecasts.
    const other = keyToKept.get(keyId);
    if (other !== undefined && other !== known && other.endMs === lastHourMs && !options.isThorough)
      return other;
    keyToKept.delete(keyId);
    keyToKept.set(keyId, kept);
    if (keyToKept.size > MOST_KEPT) keyToKept.delete(keyToKept.keys().next().value);
    return kept;
  }

  async function fitInTurns(series: HourlySpend, hourCount: number): Promise<SpendForecast> {
    const steps = forecastSpendInSteps(series, hourCount);
    for (;;) {
      if (turns.isOver()) await turns.next();
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  return {
    async historyOf(keyId) {
      const kept = await read(keyId);
      const lately = recent.get(keyId);
      const [lastHourMicroUsd = 0, thisHourMicroUsd = 0] = lately?.slice(RECENT_HOURS - 1) ?? [];
      return {
        series: seriesOf(kept, lastHourMicroUsd, thisHourMs),
        asOfMs: kept.readAtMs,
        spentSince(fromMs) {
          const { amounts, firstMs } = kept;
          let spent = thisHourMicroUsd;
          if (fromMs <= lastHourMs) spent += lastHourMicroUsd;
          for (let hour = Math.max(0, (fromMs - firstMs) / HOUR_MS); hour < amounts.length; hour += 1)
            spent += amounts[hour] as number;
          return spent;
        },
        async forecast(series, hourCount) {
          const known = kept.forecasts.get(hourCount);
          if (known?.lastHourMicroUsd === lastHourMicroUsd) return known.forecast;
          // Who asks meanwhile waits for the same: each fitting of its own would take a third of a second.
          const forecast = fitInTurns(series, hourCount);
          kept.forecasts.set(hourCount, { lastHourMicroUsd, forecast });
          return forecast;
        },
      };
    },
  };
}

/** By key, and of all under undefined: micro-USD of each hour from the first on. */
async function readRecent(
  store: Pick<Store, 'readUsage'>,
  fromMs: number,
  toMs: number,
): Promise<ReadonlyMap<string | undefined, Float64Array>> {
  const sums = await store.readUsage({ fromMs, toMs, groupBy: ['key', 'hour'], keyId: undefined });
  const hourCount = (toMs - fromMs) / HOUR_MS;
  const keyToAmounts = new Map<string | undefined, Float64Array>();
  const amountsOf = (keyId: string | undefined) => {
    const known = keyToAmounts.get(keyId) ?? new Float64Array(hourCount);
    keyToAmounts.set(keyId, known);
    return known;
  };
  for (const { hourMs = fromMs, keyId, costMicroUsd } of sums) {
    const hour = (hourMs - fromMs) / HOUR_MS;
    for (const amounts of new Set([amountsOf(keyId), amountsOf(undefined)]))
      amounts[hour] = (amounts[hour] as number) + costMicroUsd;
  }
  return keyToAmounts;
}

async function readAnew(
  store: Pick<Store, 'readUsage'>,
  keyId: string | undefined,
  span: { readonly fromMs: number; readonly endMs: number; readonly readAtMs: number },
): Promise<Kept> {
  const { fromMs, endMs, readAtMs } = span;
  const sums = await store.readUsage({ fromMs, toMs: endMs, groupBy: ['hour'], keyId });
  let firstMs = endMs;
  for (const { hourMs = endMs } of sums) firstMs = Math.min(firstMs, hourMs);
  const amounts = new Float64Array((endMs - firstMs) / HOUR_MS);
  for (const { hourMs = endMs, costMicroUsd } of sums) amounts[(hourMs - firstMs) / HOUR_MS] = costMicroUsd;
  return { firstMs, amounts, endMs, readAtMs, forecasts: new Map() };
}

/** The hours that were over since are known from what was read of all keys just now. */
function goneOn(
  { firstMs, amounts, endMs, readAtMs }: Kept,
  recent: Float64Array | undefined,
  recentFromMs: number,
  newEndMs: number,
): Kept {
  const added = recent?.slice((endMs - recentFromMs) / HOUR_MS, (newEndMs - recentFromMs) / HOUR_MS);
  const isBefore = amounts.length === 0 && !added?.some((amount) => amount > 0);
  if (isBefore) return { firstMs: newEndMs, amounts, endMs: newEndMs, readAtMs, forecasts: new Map() };
  const longer = new Float64Array((newEndMs - firstMs) / HOUR_MS);
  longer.set(amounts);
  if (added !== undefined) longer.set(added, amounts.length);
  return { firstMs, amounts: longer, endMs: newEndMs, readAtMs, forecasts: new Map() };
}

function seriesOf(
  { firstMs, amounts, endMs }: Kept,
  lastHourMicroUsd: number,
  thisHourMs: number,
): HourlySpend | undefined {
  // Before the last hour there was nothing: the series begins where something is.
  if (amounts.length === 0 && lastHourMicroUsd === 0) return undefined;
  const startMs = Math.max(firstMs, thisHourMs - HISTORY_HOURS * HOUR_MS);
  const series = new Float64Array((thisHourMs - startMs) / HOUR_MS);
  series.set(amounts.subarray(Math.max(0, (startMs - firstMs) / HOUR_MS)));
  series[(endMs - startMs) / HOUR_MS] = lastHourMicroUsd;
  return { firstHour: startMs / HOUR_MS, amounts: series };
}
