import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config/build-config.ts';
import { DAY_MS, HOUR_MS } from './core/durations.ts';
import type { RemovedKind, RetentionLimits, Store } from './store/contract.ts';

/** How often it is looked for hours that are over. */
const LOOK_EVERY_MS = 20_000;
/** How often for what is older than its time. */
const SWEEP_EVERY_MS = HOUR_MS;
/** Between two steps of removing, of some milliseconds each. */
const PAUSE_MS = 10;

/**
 * What a store needs from time to time, in small steps while requests go on: sums that reports read, and that rows leave
 * whose time is over. Storage that is away is tried again at the next look.
 */
export function startHousekeeping(deps: {
  readonly store: Pick<Store, 'rollUp' | 'packDay' | 'removeExpired'>;
  readonly retention: () => Config['retention'];
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly onRemoved: (what: RemovedKind, rows: number) => void;
  readonly log: Record<'info' | 'warn', (fields: object, message: string) => void>;
}): { close(): Promise<void> } {
  const { store } = deps;
  const closing = new AbortController();
  const { signal } = closing;
  let hasWarned = false;
  let sweptAtMs = Number.NEGATIVE_INFINITY;

  async function rollUpAll(): Promise<void> {
    for (let waitMs = await store.rollUp(); waitMs !== undefined; waitMs = await store.rollUp()) {
      await sleep(waitMs, undefined, { signal, ref: false });
    }
  }

  async function packAll(): Promise<void> {
    for (let waitMs = await store.packDay(); waitMs !== undefined; waitMs = await store.packDay()) {
      await sleep(waitMs, undefined, { signal, ref: false });
    }
  }

  async function sweep(): Promise<void> {
    if (deps.monotonicMs() - sweptAtMs < SWEEP_EVERY_MS) return;
    const limits = limitsOf(deps.retention(), deps.nowMs());
    let lookedAtMs = deps.monotonicMs();
    const rows: Partial<Record<RemovedKind, number>> = {};
    for (
      let removed = await store.removeExpired(limits);
      removed !== undefined;
      removed = await store.removeExpired(limits)
    ) {
      deps.onRemoved(removed.what, removed.rows);
      rows[removed.what] = (rows[removed.what] ?? 0) + removed.rows;
      await sleep(PAUSE_MS, undefined, { signal, ref: false });
      // Years of rows take their time: reports are not to wait for it.
      if (deps.monotonicMs() - lookedAtMs >= LOOK_EVERY_MS) {
        await rollUpAll();
        await packAll();
        lookedAtMs = deps.monotonicMs();
      }
    }
    sweptAtMs = deps.monotonicMs();
    if (Object.keys(rows).length > 0) deps.log.info(rows, 'rows whose time was over are removed');
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      hasWarned = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!hasWarned)
        deps.log.warn({ err: error }, 'the store could not be kept in order; it is tried again');
      hasWarned = true;
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await attempt(rollUpAll);
      if (!signal.aborted) await attempt(packAll);
      if (!signal.aborted) await attempt(sweep);
      await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

export function limitsOf(
  { requestsDays, usageDays, accountsDays }: Config['retention'],
  nowMs: number,
): RetentionLimits {
  const before = (days: number | undefined) => (days === undefined ? undefined : nowMs - days * DAY_MS);
  return {
    requestsBeforeMs: before(requestsDays),
    usageBeforeMs: before(usageDays),
    accountsBeforeMs: nowMs - accountsDays * DAY_MS,
    nowMs,
  };
}
