import { type BudgetHolder, type BudgetTerms, boundedTerms, holderName } from '../../core/money/budget.ts';
import { calendarDayOf } from '../../core/money/calendar.ts';
import {
  type BudgetStanding,
  createSpendingLedger,
  type Spender,
  shareOf,
} from '../../core/money/spending-ledger.ts';
import type { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { AttemptEnd, KeyRecord, Store } from '../../store/contract.ts';
import { budgetExceeded } from './budget-exceeded.ts';
import { createBudgetPacing } from './budget-pacing.ts';
import { type BudgetWarning, createWarningWatch } from './budget-warning.ts';

/** `[budgets]` */
export interface BudgetSettings {
  /** Undefined where neither window of all requests together is bounded. */
  readonly total: BudgetTerms | undefined;
  /** Shares of a budget, rising, each in (0, 1]. */
  readonly warnAt: readonly number[];
}

/** The part of a request that budgets are about. */
export interface Spends {
  readonly keyId: string;
  /** The budget of its key; undefined where it has none. */
  readonly budget: BudgetTerms | undefined;
}

/**
 * What may still be spent, by key and in total. In memory: a gateway without budgets keeps no accounts at all, one with
 * them begins with what the store knows. Each attempt reserves what it will probably cost before it is written down,
 * and settles what it did cost when it ends, or releases everything when it is never sent.
 */
export interface Spending {
  /** A promise while it is not known yet what was spent; nothing may be planned before. Rejects with 503 `storage_unavailable`. */
  ready(job: Spends): Promise<void> | undefined;
  /** Most that an attempt of this request may be expected to cost, micro-USD: for `ChoiceLimits.budgetMicroUsd`. */
  leftFor(job: Spends): number | undefined;
  /** For `ChoiceInput.costPenalty`: the price that the budgets of this request put on a dollar. */
  costPenaltyFor(job: Spends, valueOfQualityUsd: number): number;
  /**
   * Whether an attempt fits by now; others may have reserved since it was planned.
   *
   * @param isFirst then only budgets that leave requests to cheaper models are asked: the others refuse it themselves
   */
  fits(job: Spends, microUsd: number, isFirst: boolean): boolean;
  /** Whether one of its budgets stops when it is used up: then what an attempt can cost at most is set aside. */
  stops(job: Spends): boolean;
  /**
   * @param microUsd what it is expected to cost: has to fit
   * @param most     what it can cost; as much of it as is left is set aside
   * @returns what is to be handed back by one `release` or `settle`
   * @throws GatewayError 402 `budget_exceeded`
   */
  reserve(job: Spends, microUsd: number, most?: number): number;
  release(job: Spends, reservedMicroUsd: number): void;
  /**
   * @param isLast   whether the client got this attempt's answer or failure
   * @param isChoice whether a strategy chose, rather than the client
   */
  settle(
    job: Spends,
    reservedMicroUsd: number,
    end: Pick<AttemptEnd, 'ending' | 'costMicroUsd' | 'endedAtMs'>,
    isLast: boolean,
    isChoice: boolean,
  ): void;
  /** 402 for a request whose candidates are all too dear for what is left. */
  exceeded(job: Spends): GatewayError | undefined;
  /** For `x-router-budget-warning`: those of its budgets that have reached a threshold; undefined where none has. */
  warningFor(job: Spends): string | undefined;
  /** Takes the settings of another configuration. */
  use(settings: BudgetSettings): void;
  /** From now on the store can be asked: what a crash left has its endings. */
  begin(): Promise<void>;
  /** Reads again what others spent; what was known stays when that fails. */
  refresh(): Promise<void>;
  /** Every budget that is known of, the total first; once they are listed, all there are. */
  standings(): readonly KnownBudget[];
  /** Looks for keys with budgets that have sent nothing yet. */
  listKeys(): Promise<void>;
}

export interface KnownBudget {
  readonly standing: BudgetStanding;
  readonly terms: BudgetTerms;
  /** `''` for the total. */
  readonly keyName: string;
}

const TOTAL: BudgetHolder = Object.freeze({ kind: 'total' });

export function createSpending(deps: {
  readonly store: Pick<Store, 'readSpending' | 'listKeys' | 'claim'>;
  readonly settings: BudgetSettings;
  readonly nowMs: () => number;
  readonly onRefused: (standing: BudgetStanding) => void;
  /** Once per threshold and window, of all processes that share the store. */
  readonly onWarning: (warning: BudgetWarning, keyName: string) => void;
}): Spending {
  const { store, nowMs } = deps;
  const ledger = createSpendingLedger();
  const watch = createWarningWatch();
  const keyToRecord = new Map<string, BudgetTerms & Partial<Pick<KeyRecord, 'name'>>>();
  const pacing = createBudgetPacing();
  let { total, warnAt } = deps.settings;
  /** The lowest threshold; infinite where there is none. */
  let warnFrom = Math.min(...warnAt);
  /** Accounts are kept: what ends from here on has to be entered. */
  let isTracking = false;
  let opened: () => void = () => {};
  const opening = new Promise<void>((resolve) => {
    opened = resolve;
  });
  let reading: Promise<void> | undefined;

  function concerns(job: Spends): boolean {
    return job.budget !== undefined || total !== undefined;
  }

  function spenderOf({ keyId, budget }: Spends): Spender {
    return { keyId, keyTerms: budget, totalTerms: total };
  }

  /** One reading at a time; who comes while one is under way gets that one. */
  function read(): Promise<void> {
    reading ??= opening
      .then(() => {
        const sinceMs = calendarDayOf(nowMs()).monthStartMs;
        return store.readSpending(sinceMs, ({ isWhole, days, reservedElsewhere }) => {
          if (isWhole) ledger.load(sinceMs, days);
          else ledger.put(days);
          ledger.putReservedElsewhere(reservedElsewhere);
          isTracking = true;
        });
      })
      .then(() => warnAll())
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  function pace(
    holder: BudgetHolder,
    terms: BudgetTerms | undefined,
    costMicroUsd: number,
    isLast: boolean,
  ): void {
    if (terms?.onExhausted !== 'downgrade') return;
    const atMs = nowMs();
    pacing.spent(holder, ledger.standingsOf(holder, terms, atMs), costMicroUsd, isLast, atMs);
  }

  function warn(holder: BudgetHolder, terms: BudgetTerms | undefined): void {
    if (terms === undefined) return;
    for (const standing of ledger.standingsOf(holder, terms, nowMs())) {
      for (const warning of watch.reached(standing, warnAt)) void tell(warning);
    }
  }

  async function tell(warning: BudgetWarning): Promise<void> {
    const { holder } = warning.standing;
    try {
      if (!(await store.claim(`budget_warning:${warning.id}`, nowMs()))) return;
    } catch {
      watch.untold(warning);
      return;
    }
    deps.onWarning(warning, holder.kind === 'total' ? '' : (keyToRecord.get(holder.keyId)?.name ?? ''));
  }

  function warnAll(): void {
    warn(TOTAL, total);
    for (const [keyId, terms] of keyToRecord) warn({ kind: 'key', keyId }, terms);
  }

  function* budgetsOf({ keyId, budget }: Spends): Iterable<readonly [string, BudgetStanding]> {
    const atMs = nowMs();
    if (budget !== undefined) {
      for (const one of ledger.standingsOf({ kind: 'key', keyId }, budget, atMs)) yield ['key', one];
    }
    if (total !== undefined) for (const one of ledger.standingsOf(TOTAL, total, atMs)) yield ['total', one];
  }

  async function listKeys(): Promise<void> {
    const records = (await store.listKeys()).filter(
      (record) => record.revokedAtMs === undefined && boundedTerms(record) !== undefined,
    );
    keyToRecord.clear();
    for (const record of records) keyToRecord.set(record.id, record);
  }

  async function refresh(): Promise<void> {
    if (isTracking || total !== undefined || keyToRecord.size > 0) await read();
  }

  return {
    ready(job) {
      if (!concerns(job)) return undefined;
      if (job.budget !== undefined && keyToRecord.get(job.keyId) !== job.budget) {
        keyToRecord.set(job.keyId, job.budget);
      }
      return ledger.covers(nowMs()) ? undefined : read();
    },
    leftFor(job) {
      if (!concerns(job)) return undefined;
      const left = ledger.leftToDowngrade(spenderOf(job), nowMs());
      return left === Number.POSITIVE_INFINITY ? undefined : left;
    },
    costPenaltyFor(job, valueOfQualityUsd) {
      if (!concerns(job)) return 0;
      const atMs = nowMs();
      return Math.max(
        pacing.costPenaltyOf(job.keyId, job.budget, valueOfQualityUsd, atMs),
        pacing.costPenaltyOf(holderName(TOTAL), total, valueOfQualityUsd, atMs),
      );
    },
    fits(job, microUsd, isFirst) {
      if (!concerns(job)) return true;
      const spender = spenderOf(job);
      return isFirst
        ? microUsd <= ledger.leftToDowngrade(spender, nowMs())
        : ledger.shortfallOf(spender, microUsd, nowMs()) === undefined;
    },
    stops({ budget }) {
      return budget?.onExhausted === 'stop' || total?.onExhausted === 'stop';
    },
    reserve(job, microUsd, most = microUsd) {
      if (!concerns(job) || !isTracking) return 0;
      const spender = spenderOf(job);
      // Whole ones, so that nothing is left over when what is reserved bit by bit is given back at once.
      const expected = Math.ceil(microUsd);
      const reserved =
        most > microUsd
          ? Math.max(expected, Math.min(Math.ceil(most), ledger.left(spender, nowMs())))
          : expected;
      const shortfall = ledger.reserve(spender, reserved, nowMs());
      if (shortfall === undefined) return reserved;
      deps.onRefused(shortfall);
      throw budgetExceeded(shortfall, shortfall.neededMicroUsd);
    },
    release(job, reservedMicroUsd) {
      if (reservedMicroUsd > 0) ledger.release(job.keyId, reservedMicroUsd);
    },
    settle(job, reservedMicroUsd, { ending, costMicroUsd, endedAtMs }, isLast, isChoice) {
      if (!isTracking) return;
      const { keyId, budget } = job;
      ledger.settle(keyId, reservedMicroUsd, costMicroUsd, endedAtMs);
      if (!concerns(job)) return;
      if (isChoice && (ending === 'completed' || costMicroUsd > 0)) {
        pace({ kind: 'key', keyId }, budget, costMicroUsd, isLast);
        pace(TOTAL, total, costMicroUsd, isLast);
      }
      if (costMicroUsd === 0 || !ledger.hasReached(spenderOf(job), warnFrom, nowMs())) return;
      warn({ kind: 'key', keyId }, budget);
      warn(TOTAL, total);
    },
    exceeded(job) {
      const spender = spenderOf(job);
      const shortfall = ledger.shortfallOf(spender, ledger.leftToDowngrade(spender, nowMs()) + 1, nowMs());
      if (shortfall === undefined) return undefined;
      deps.onRefused(shortfall);
      return budgetExceeded(shortfall, undefined);
    },
    warningFor(job) {
      if (!concerns(job) || !ledger.hasReached(spenderOf(job), warnFrom, nowMs())) return undefined;
      let text: string | undefined;
      for (const [whose, standing] of budgetsOf(job)) {
        const share = shareOf(standing);
        if (share < warnFrom) continue;
        const one = `${whose}_${standing.window}=${share.toFixed(2)}`;
        text = text === undefined ? one : `${text}, ${one}`;
      }
      return text;
    },
    use(settings) {
      ({ total, warnAt } = settings);
      warnFrom = Math.min(...warnAt);
      if (isTracking) warnAll();
      // Nobody waits for it here: who comes does, and is told when it fails.
      else if (total !== undefined) read().catch(() => undefined);
    },
    async begin() {
      await listKeys();
      opened();
      await refresh();
    },
    refresh,
    standings() {
      const atMs = nowMs();
      const of = (holder: BudgetHolder, terms: BudgetTerms, keyName: string) =>
        ledger.standingsOf(holder, terms, atMs).map((standing) => ({ standing, terms, keyName }));
      return [
        ...(total === undefined ? [] : of(TOTAL, total, '')),
        ...[...keyToRecord].flatMap(([keyId, record]) =>
          of({ kind: 'key', keyId }, record, record.name ?? ''),
        ),
      ];
    },
    listKeys,
  };
}
