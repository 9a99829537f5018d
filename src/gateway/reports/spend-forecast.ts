import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import { calendarDayOf } from '../../core/money/calendar.ts';
import { hoursUntilSpent, type SpendForecast } from '../../core/money/spend-forecast.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { Store } from '../../store/contract.ts';
import { keyNotFound } from '../admission/admin-keys.ts';
import type { KnownBudget } from '../admission/spending.ts';
import type { GatewayDeps } from '../deps.ts';
import { whoseBudget } from './report-budgets.ts';
import { openSpendHistories, type SpendHistories } from './spend-history.ts';

/** Keys whose budgets are forecast in one answer, the fullest first: each has a history of its own to be read. */
const MOST_KEYS = 20;
const UNTIL = ['day', 'month'] as const;

export interface SpendForecastQuery {
  readonly until?: string;
  readonly key_id?: string;
}

type Deps = Pick<GatewayDeps, 'nowMs' | 'spending' | 'turns'> & { readonly store: Store };

/**
 * What the traffic there is will cost to the end of the UTC day or month, and how long each budget lasts.
 *
 * @param keyId the key whose traffic the caller may see; undefined for all
 * @param options.isThorough reads histories anew, instead of letting those of the hour before go on
 * @throws GatewayError 400 for another `until`; 404 for a key that there is not, or that is another's
 */
export async function forecastSpending(
  deps: Deps,
  query: SpendForecastQuery,
  keyId: string | undefined,
  options: { readonly isThorough: boolean } = { isThorough: false },
): Promise<object> {
  const until = UNTIL.find((one) => one === (query.until ?? 'month'));
  if (until === undefined) {
    throw badRequest(
      `'until' is '${query.until?.slice(0, 32)}'. There are: ${UNTIL.join(', ')}.`,
      'until',
      'unknown_option',
    );
  }
  const asked = await keyAskedFor(deps.store, query.key_id, keyId);
  await deps.store.journal.flush();
  await deps.spending.listKeys();
  await deps.spending.refresh();
  const nowMs = deps.nowMs();
  const { dayStartMs, dayEndMs, monthStartMs, monthEndMs } = calendarDayOf(nowMs);
  const [startsAtMs, endsAtMs] = until === 'day' ? [dayStartMs, dayEndMs] : [monthStartMs, monthEndMs];
  const histories = await openSpendHistories(deps, nowMs, monthStartMs, options);
  // What is left of the hour, by the minute: else no two answers were ever the same, and no ETag of one held.
  const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const outlook = await outlookOf(histories, asked, minuteMs, endsAtMs, startsAtMs);
  const known = deps.spending
    .standings()
    .filter(({ standing: { holder } }) =>
      asked === undefined ? true : holder.kind === 'key' && holder.keyId === asked,
    );
  return {
    object: 'spend_forecast',
    key_id: asked ?? null,
    until,
    starts_at: timeOf(startsAtMs),
    ends_at: timeOf(endsAtMs),
    generated_at: timeOf(nowMs),
    spent_usd: usd(outlook.spentMicroUsd),
    expected_usd: usd(outlook.spentMicroUsd + outlook.aheadMicroUsd),
    p10_usd: usd(outlook.spentMicroUsd + outlook.aheadMicroUsd * outlook.lowFactor),
    p90_usd: usd(outlook.spentMicroUsd + outlook.aheadMicroUsd * outlook.highFactor),
    level_usd_per_day: usd(24 * (outlook.forecast?.model.level ?? 0)),
    trend_usd_per_day: usd(24 * (outlook.forecast?.model.trendPerDay ?? 0)),
    history_hours: outlook.historyHours,
    history_as_of: timeOf(outlook.asOfMs),
    past_forecasts: outlook.forecast?.trials ?? 0,
    days: daysOf(outlook),
    season: outlook.forecast === undefined ? [] : seasonOf(outlook.forecast),
    hours: outlook.hours.map(({ atMs, microUsd }) => ({ hour: timeOf(atMs), expected_usd: usd(microUsd) })),
    ...(await budgetsOf(deps, histories, known, minuteMs)),
  };
}

/** What is known of one key's spend, or of all, and what is expected of it. */
interface Outlook {
  readonly spentMicroUsd: number;
  readonly aheadMicroUsd: number;
  readonly lowFactor: number;
  readonly highFactor: number;
  readonly historyHours: number;
  /** When the hours that are over were read in whole. */
  readonly asOfMs: number;
  /** Undefined without any history. */
  readonly forecast: SpendForecast | undefined;
  /** From the present hour on, of which only what is left counts. */
  readonly hours: readonly { readonly atMs: number; readonly microUsd: number }[];
}

async function outlookOf(
  histories: SpendHistories,
  keyId: string | undefined,
  nowMs: number,
  endsAtMs: number,
  countedFromMs: number,
): Promise<Outlook> {
  const thisHourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const history = await histories.historyOf(keyId);
  const { series } = history;
  const spentMicroUsd = history.spentSince(countedFromMs);
  const { asOfMs } = history;
  const nothing = { spentMicroUsd, asOfMs, aheadMicroUsd: 0, lowFactor: 1, highFactor: 1, historyHours: 0 };
  if (series === undefined) return { ...nothing, forecast: undefined, hours: [] };
  const hourCount = Math.max(1, Math.round((endsAtMs - thisHourMs) / HOUR_MS));
  const forecast = await history.forecast(series, hourCount);
  const isOver = (nowMs - thisHourMs) / HOUR_MS;
  const hours = Array.from(forecast.hours, (expected, ahead) => ({
    atMs: thisHourMs + ahead * HOUR_MS,
    microUsd: ahead === 0 ? expected * (1 - isOver) : expected,
  }));
  return {
    spentMicroUsd,
    asOfMs,
    aheadMicroUsd: hours.reduce((sum, { microUsd }) => sum + microUsd, 0),
    lowFactor: forecast.lowFactor,
    highFactor: forecast.highFactor,
    historyHours: series.amounts.length,
    forecast,
    hours,
  };
}

/** Each budget to the end of its own window. */
async function budgetsOf(
  deps: Pick<Deps, 'turns'>,
  histories: SpendHistories,
  known: readonly KnownBudget[],
  nowMs: number,
) {
  const fullestFirst = [...known].sort((one, other) => shareOf(other) - shareOf(one));
  const keyIds = [
    ...new Set(
      fullestFirst.flatMap(({ standing: { holder } }) => (holder.kind === 'key' ? holder.keyId : [])),
    ),
  ];
  const looked = new Set(keyIds.slice(0, MOST_KEYS));
  const rows: object[] = [];
  for (const budget of known) {
    const { holder, startsAtMs, resetsAtMs } = budget.standing;
    if (deps.turns.isOver()) await deps.turns.next();
    if (holder.kind === 'key' && !looked.has(holder.keyId)) continue;
    const keyId = holder.kind === 'key' ? holder.keyId : undefined;
    const outlook = await outlookOf(histories, keyId, nowMs, resetsAtMs, startsAtMs);
    rows.push(describeBudget(budget, outlook, nowMs));
  }
  return { budgets: rows, budgets_left_out: known.length - rows.length };
}

function describeBudget({ standing, keyName }: KnownBudget, outlook: Outlook, nowMs: number) {
  const { limitMicroUsd, spentMicroUsd, reservedMicroUsd, resetsAtMs } = standing;
  const left = Math.max(0, limitMicroUsd - spentMicroUsd - reservedMicroUsd);
  const amounts = Float64Array.from(outlook.hours, ({ microUsd }) => microUsd);
  const firstMs = outlook.hours[0]?.atMs ?? nowMs;
  // Null: not before it begins anew.
  const exhaustedAt = (factors?: Float64Array): string | null => {
    if (left === 0) return timeOf(nowMs);
    const hours = hoursUntilSpent(amounts, left, factors);
    if (hours === undefined) return null;
    // Of the present hour only the rest is ahead.
    const restMs = firstMs + HOUR_MS - nowMs;
    return timeOf(hours < 1 ? nowMs + hours * restMs : firstMs + hours * HOUR_MS);
  };
  const ahead = (factor: number) => usd(spentMicroUsd + outlook.aheadMicroUsd * factor);
  const at = exhaustedAt();
  return {
    ...whoseBudget(standing, keyName),
    limit_usd: usd(limitMicroUsd),
    spent_usd: usd(spentMicroUsd),
    remaining_usd: usd(left),
    resets_at: timeOf(resetsAtMs),
    expected_usd: ahead(1),
    p10_usd: ahead(outlook.lowFactor),
    p90_usd: ahead(outlook.highFactor),
    runway_hours: at === null ? null : Number(((Date.parse(at) - nowMs) / HOUR_MS).toFixed(2)),
    exhausted_at: at,
    exhausted_at_earliest: exhaustedAt(outlook.forecast?.highFactors),
    exhausted_at_latest: exhaustedAt(outlook.forecast?.lowFactors),
  };
}

/** What will have been spent at the end of each UTC day ahead. */
function daysOf({ hours, forecast, spentMicroUsd }: Outlook): object[] {
  const days: object[] = [];
  let ahead = 0;
  for (const [hour, { atMs, microUsd }] of hours.entries()) {
    ahead += microUsd;
    const endsAtMs = atMs + HOUR_MS;
    if (endsAtMs % DAY_MS !== 0) continue;
    const spentBy = (factor: number) => usd(spentMicroUsd + ahead * factor);
    days.push({
      ends_at: timeOf(endsAtMs),
      expected_usd: spentBy(1),
      p10_usd: spentBy(forecast?.lowFactors[hour] ?? 1),
      p90_usd: spentBy(forecast?.highFactors[hour] ?? 1),
    });
  }
  return days;
}

function shareOf({ standing }: KnownBudget): number {
  return standing.limitMicroUsd > 0 ? standing.spentMicroUsd / standing.limitMicroUsd : 1;
}

/** From Monday 00:00 UTC on; the epoch began on a Thursday. */
function seasonOf({ model }: SpendForecast): number[] {
  return Array.from(model.season, (_, hour) => Number((model.season[(hour + 96) % 168] ?? 1).toFixed(4)));
}

/** @throws GatewayError 404 for a key that there is not, or that is not the caller's own */
export async function keyAskedFor(
  store: Store,
  named: string | undefined,
  own: string | undefined,
): Promise<string | undefined> {
  if (named === undefined || named === own) return own;
  if (own === undefined && (await store.findKey(named)) !== undefined) return named;
  throw keyNotFound(named);
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

function usd(microUsd: number): number {
  return Number((microUsd / 1_000_000).toFixed(9));
}
