import { DAY_MS } from '../durations.ts';
import { BUDGET_WINDOWS, type BudgetHolder, type BudgetTerms, type BudgetWindow, limitOf } from './budget.ts';
import { type CalendarDay, createCalendar } from './calendar.ts';

/** What one key spent on one day, as the roll-up has it. */
export interface DaySpending {
  readonly keyId: string;
  /** Epoch milliseconds of the beginning of the UTC day. */
  readonly dayStartMs: number;
  readonly costMicroUsd: number;
}

/** Who asks for money, and within which bounds. */
export interface Spender {
  readonly keyId: string;
  readonly keyTerms: BudgetTerms | undefined;
  readonly totalTerms: BudgetTerms | undefined;
}

/** How one budget stands in its present window. */
export interface BudgetStanding {
  readonly holder: BudgetHolder;
  readonly window: BudgetWindow;
  readonly limitMicroUsd: number;
  readonly spentMicroUsd: number;
  /** By attempts under way, those of other processes included. */
  readonly reservedMicroUsd: number;
  readonly startsAtMs: number;
  readonly resetsAtMs: number;
}

/** The budget that an attempt does not fit into. */
export interface Shortfall extends BudgetStanding {
  readonly neededMicroUsd: number;
}

/**
 * What is spent and reserved, by key and in total. Windows are UTC days and months, and what an attempt cost belongs to
 * the day it ended on, as in the roll-up. A window is found again under its date, whatever the clock did meanwhile: set
 * back and on again it opens no second purse. What is reserved counts in whichever window is the present one.
 */
export interface SpendingLedger {
  /** False until `load` was called, and for days that it did not cover: then nothing may be reserved. */
  readonly covers: (nowMs: number) => boolean;
  /**
   * Replaces everything that is known to be spent.
   *
   * @param days all of the month that `sinceMs` begins, and later
   */
  readonly load: (sinceMs: number, days: Iterable<DaySpending>) => void;
  /** Corrects single days: what others spent, too. */
  readonly put: (days: Iterable<DaySpending>) => void;
  /** What attempts of other processes that have not ended will probably cost, by key. */
  readonly putReservedElsewhere: (keyToMicroUsd: ReadonlyMap<string, number>) => void;
  /**
   * Takes what an attempt will probably cost out of all budgets of its spender, or out of none. Every reservation is
   * given back by one `settle` or `release`. What costs nothing always fits.
   *
   * @returns the first budget that has not so much left: key before total, day before month
   */
  readonly reserve: (spender: Spender, microUsd: number, nowMs: number) => Shortfall | undefined;
  /** Nothing was sent. */
  readonly release: (keyId: string, reservedMicroUsd: number) => void;
  /** The attempt is over; with 0 reserved also for one that never asked. */
  readonly settle: (keyId: string, reservedMicroUsd: number, costMicroUsd: number, endedAtMs: number) => void;
  /** The first budget that this would not fit into; reserves nothing. */
  readonly shortfallOf: (spender: Spender, microUsd: number, nowMs: number) => Shortfall | undefined;
  /** What is left in the tightest of all budgets; below 0 where one is overspent, infinite without any. */
  readonly left: (spender: Spender, nowMs: number) => number;
  /** What is left in the tightest of the budgets that leave requests to cheaper models; infinite without any. */
  readonly leftToDowngrade: (spender: Spender, nowMs: number) => number;
  /** Whether so much of one of the budgets is spent, 0–1: what nearly always is all that has to be known of them. */
  readonly hasReached: (spender: Spender, share: number, nowMs: number) => boolean;
  /** One for each window that these terms bound. */
  readonly standingsOf: (holder: BudgetHolder, terms: BudgetTerms, nowMs: number) => BudgetStanding[];
}

interface Account {
  reservedMicroUsd: number;
  reservedElsewhereMicroUsd: number;
  readonly dayToSpent: Map<number, number>;
  readonly monthToSpent: Map<number, number>;
}

/** A load is good for so long: then days of another time have been left behind, and it is time to forget them. */
const LOAD_LASTS_MS = 70 * DAY_MS;

export function createSpendingLedger(): SpendingLedger {
  const calendarOf = createCalendar();
  const keyToAccount = new Map<string, Account>();
  const total = emptyAccount();
  let loadedSinceMs = Number.POSITIVE_INFINITY;

  function accountOf(keyId: string): Account {
    let account = keyToAccount.get(keyId);
    if (account === undefined) {
      account = emptyAccount();
      keyToAccount.set(keyId, account);
    }
    return account;
  }

  function putDay({ keyId, dayStartMs, costMicroUsd }: DaySpending): void {
    const account = accountOf(keyId);
    const change = costMicroUsd - (account.dayToSpent.get(dayStartMs) ?? 0);
    if (change === 0) return;
    const day = calendarOf(dayStartMs);
    spend(account, day, change);
    spend(total, day, change);
  }

  function shortfallIn(
    account: Account,
    holder: BudgetHolder | undefined,
    terms: BudgetTerms | undefined,
    keyId: string,
    microUsd: number,
    day: CalendarDay,
  ): Shortfall | undefined {
    if (terms === undefined) return undefined;
    for (const window of BUDGET_WINDOWS) {
      const limit = limitOf(terms, window);
      if (limit === undefined) continue;
      if (microUsd <= limit - spentOf(account, window, day) - takenOf(account)) continue;
      const standing = standingOf(account, holder ?? { kind: 'key', keyId }, window, limit, day);
      return { ...standing, neededMicroUsd: microUsd };
    }
    return undefined;
  }

  function shortfallOf(spender: Spender, microUsd: number, nowMs: number): Shortfall | undefined {
    const needed = amount(microUsd);
    if (needed === 0) return undefined;
    const { keyId, keyTerms, totalTerms } = spender;
    const day = calendarOf(nowMs);
    return (
      shortfallIn(accountOf(keyId), undefined, keyTerms, keyId, needed, day) ??
      shortfallIn(total, TOTAL, totalTerms, keyId, needed, day)
    );
  }

  function giveBack(account: Account, microUsd: number): void {
    account.reservedMicroUsd = Math.max(0, account.reservedMicroUsd - microUsd);
  }

  function release(keyId: string, reservedMicroUsd: number): void {
    const reserved = amount(reservedMicroUsd);
    if (reserved === 0) return;
    giveBack(accountOf(keyId), reserved);
    giveBack(total, reserved);
  }

  return {
    covers: (nowMs) => nowMs >= loadedSinceMs && nowMs < loadedSinceMs + LOAD_LASTS_MS,
    load(sinceMs, days) {
      for (const account of [total, ...keyToAccount.values()]) {
        account.dayToSpent.clear();
        account.monthToSpent.clear();
      }
      for (const day of days) putDay(day);
      loadedSinceMs = calendarOf(sinceMs).monthStartMs;
    },
    put(days) {
      for (const day of days) putDay(day);
    },
    putReservedElsewhere(keyToMicroUsd) {
      for (const account of keyToAccount.values()) account.reservedElsewhereMicroUsd = 0;
      total.reservedElsewhereMicroUsd = 0;
      for (const [keyId, microUsd] of keyToMicroUsd) {
        accountOf(keyId).reservedElsewhereMicroUsd = amount(microUsd);
        total.reservedElsewhereMicroUsd += amount(microUsd);
      }
    },
    reserve(spender, microUsd, nowMs) {
      const shortfall = shortfallOf(spender, microUsd, nowMs);
      if (shortfall !== undefined) return shortfall;
      const reserved = amount(microUsd);
      accountOf(spender.keyId).reservedMicroUsd += reserved;
      total.reservedMicroUsd += reserved;
      return undefined;
    },
    release,
    settle(keyId, reservedMicroUsd, costMicroUsd, endedAtMs) {
      release(keyId, reservedMicroUsd);
      const cost = amount(costMicroUsd);
      if (cost === 0) return;
      const day = calendarOf(endedAtMs);
      spend(accountOf(keyId), day, cost);
      spend(total, day, cost);
    },
    shortfallOf,
    left({ keyId, keyTerms, totalTerms }, nowMs) {
      const day = calendarOf(nowMs);
      const ofKey = keyTerms ? leftOf(accountOf(keyId), keyTerms, day) : Number.POSITIVE_INFINITY;
      return totalTerms ? Math.min(ofKey, leftOf(total, totalTerms, day)) : ofKey;
    },
    leftToDowngrade({ keyId, keyTerms, totalTerms }, nowMs) {
      const ofKey = keyTerms?.onExhausted === 'downgrade' ? keyTerms : undefined;
      const ofAll = totalTerms?.onExhausted === 'downgrade' ? totalTerms : undefined;
      if (ofKey === undefined && ofAll === undefined) return Number.POSITIVE_INFINITY;
      const day = calendarOf(nowMs);
      let left = Number.POSITIVE_INFINITY;
      if (ofKey !== undefined) left = leftOf(accountOf(keyId), ofKey, day);
      if (ofAll !== undefined) left = Math.min(left, leftOf(total, ofAll, day));
      return Math.max(0, left);
    },
    hasReached({ keyId, keyTerms, totalTerms }, share, nowMs) {
      const day = calendarOf(nowMs);
      if (keyTerms !== undefined && reaches(accountOf(keyId), keyTerms, share, day)) return true;
      return totalTerms !== undefined && reaches(total, totalTerms, share, day);
    },
    standingsOf(holder, terms, nowMs) {
      const account = holder.kind === 'total' ? total : accountOf(holder.keyId);
      const day = calendarOf(nowMs);
      return BUDGET_WINDOWS.flatMap((window) => {
        const limit = limitOf(terms, window);
        return limit === undefined ? [] : [standingOf(account, holder, window, limit, day)];
      });
    },
  };
}

/** Of the budget that is spent; a budget of nothing is used up from the start. */
export function shareOf({ spentMicroUsd, limitMicroUsd }: BudgetStanding): number {
  return limitMicroUsd > 0 ? spentMicroUsd / limitMicroUsd : 1;
}

const TOTAL: BudgetHolder = Object.freeze({ kind: 'total' });

function emptyAccount(): Account {
  return {
    reservedMicroUsd: 0,
    reservedElsewhereMicroUsd: 0,
    dayToSpent: new Map(),
    monthToSpent: new Map(),
  };
}

function spend(account: Account, { dayStartMs, monthStartMs }: CalendarDay, microUsd: number): void {
  const { dayToSpent, monthToSpent } = account;
  dayToSpent.set(dayStartMs, (dayToSpent.get(dayStartMs) ?? 0) + microUsd);
  monthToSpent.set(monthStartMs, (monthToSpent.get(monthStartMs) ?? 0) + microUsd);
}

function spentOf(account: Account, window: BudgetWindow, day: CalendarDay): number {
  const spent =
    window === 'day' ? account.dayToSpent.get(day.dayStartMs) : account.monthToSpent.get(day.monthStartMs);
  return spent ?? 0;
}

function takenOf(account: Account): number {
  return account.reservedMicroUsd + account.reservedElsewhereMicroUsd;
}

function leftOf(account: Account, terms: BudgetTerms, day: CalendarDay): number {
  const { budgetMicroUsdPerDay, budgetMicroUsdPerMonth } = terms;
  const ofDay = (budgetMicroUsdPerDay ?? Number.POSITIVE_INFINITY) - spentOf(account, 'day', day);
  const ofMonth = (budgetMicroUsdPerMonth ?? Number.POSITIVE_INFINITY) - spentOf(account, 'month', day);
  return Math.min(ofDay, ofMonth) - takenOf(account);
}

function reaches(account: Account, terms: BudgetTerms, share: number, day: CalendarDay): boolean {
  const { budgetMicroUsdPerDay, budgetMicroUsdPerMonth } = terms;
  return (
    (budgetMicroUsdPerDay !== undefined && spentOf(account, 'day', day) >= share * budgetMicroUsdPerDay) ||
    (budgetMicroUsdPerMonth !== undefined && spentOf(account, 'month', day) >= share * budgetMicroUsdPerMonth)
  );
}

function standingOf(
  account: Account,
  holder: BudgetHolder,
  window: BudgetWindow,
  limitMicroUsd: number,
  day: CalendarDay,
): BudgetStanding {
  return {
    holder,
    window,
    limitMicroUsd,
    spentMicroUsd: spentOf(account, window, day),
    reservedMicroUsd: takenOf(account),
    startsAtMs: window === 'day' ? day.dayStartMs : day.monthStartMs,
    resetsAtMs: window === 'day' ? day.dayEndMs : day.monthEndMs,
  };
}

/**
 * What is stored of an amount that makes no sense is 0, and the ledger says what the rows say, in whole micro-USD. A
 * part of one needs room, too: only what costs nothing always fits.
 */
function amount(microUsd: number): number {
  return microUsd > 0 && microUsd < Number.POSITIVE_INFINITY ? Math.ceil(microUsd) : 0;
}
