import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from './store/contract.ts';

/** How often it is looked for hours that are over. */
const LOOK_EVERY_MS = 20_000;

/**
 * What a store needs from time to time, in small steps while requests go on: sums that reports read. Storage that is away is
 * tried again at the next look.
 */
export function startHousekeeping(deps: {
  readonly store: Pick<Store, 'rollUp'>;
  readonly log: { warn(fields: object, message: string): void };
}): { close(): Promise<void> } {
  const closing = new AbortController();
  const { signal } = closing;

  async function rollUpAll(): Promise<void> {
    for (;;) {
      const waitMs = await deps.store.rollUp();
      if (waitMs === undefined || signal.aborted) return;
      await sleep(waitMs, undefined, { signal, ref: false });
    }
  }

  async function run(): Promise<void> {
    let hasWarned = false;
    while (!signal.aborted) {
      try {
        await rollUpAll();
        hasWarned = false;
      } catch (error) {
        if (signal.aborted) return;
        if (!hasWarned) deps.log.warn({ err: error }, 'traffic could not be summed up; it is tried again');
        hasWarned = true;
      }
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
