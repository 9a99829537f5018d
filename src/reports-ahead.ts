import { setTimeout as sleep } from 'node:timers/promises';
import { HOUR_MS } from './core/durations.ts';
import type { GatewayDeps } from './gateway/deps.ts';
import { makeHourAhead, makeReportsAhead } from './gateway/reports/reports-ahead.ts';

/** How often it is looked for an hour that is over. */
const LOOK_EVERY_MS = 1_000;
/** After the end of an hour: the last endings of it are written a fraction of a second later, and would make its forecasts old. */
const HOUR_SETTLED_MS = 3_000;
/** Between two days or reports: reports may come soon, requests come first. */
const PAUSE_MS = 50;

/** Makes reports ready before anybody asks: after the start, and after each hour. `close` ends it, and waits for the one under way. */
export function startReportsAhead(gateway: GatewayDeps): { close(): Promise<void> } {
  const closing = new AbortController();
  const { signal } = closing;
  const hourOf = () => Math.floor((gateway.nowMs() - HOUR_SETTLED_MS) / HOUR_MS);
  let madeInHour = hourOf();

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Whoever asks then waits for it.
      if (!signal.aborted) gateway.log.warn({ err: error }, 'reports could not be made ahead');
    }
  }

  async function run(): Promise<void> {
    await attempt(() =>
      makeReportsAhead(gateway, async () => {
        await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
        return !signal.aborted;
      }),
    );
    for (;;) {
      await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false });
      const hour = hourOf();
      if (hour === madeInHour) continue;
      madeInHour = hour;
      await attempt(() => makeHourAhead(gateway));
    }
  }

  // Rejects only with the end of sleeping.
  const running = run().catch(() => undefined);
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}
