// `npm run bench:journal`: what it costs to remember a request, with nothing else of the gateway around it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Command } from 'commander';
import { loadConfig } from '../src/config/load-config.ts';
import { openStore } from '../src/store/open.ts';
import { wholeNumber } from './number-options.ts';
import { writeBenchConfig } from './reports/bench-config.ts';
import { createTraffic, type GeneratedAttempt } from './reports/generated-traffic.ts';

/** Requests that begin in one turn of the event loop, as many end in it: half of 64 connections. */
const COHORT = 32;
const WARM_UP_ATTEMPTS = 20_000;

const options = new Command('bench:journal')
  .description(
    'CPU for the beginning and the ending of an attempt on SQLite: intent, rows, beliefs and sums.',
  )
  .option('--attempts <count>', 'in each run', wholeNumber(1_000, 1_000_000), 40_000)
  .option('--runs <count>', 'on one store', wholeNumber(1, 100), 5)
  .parse()
  .opts<{ attempts: number; runs: number }>();

const folder = mkdtempSync(join(tmpdir(), 'outrider-journal-'));
try {
  const url = `sqlite:${join(folder, 'outrider.db')}`;
  const { models } = await loadConfig({
    path: writeBenchConfig(folder, url),
    env: { OUTRIDER_DETECT: 'none' },
    simulatedModels: [],
  });
  const nextRequest = createTraffic({ models, keyIds: ['key_one'], seed: 5 });
  const store = await openStore({ url, now: () => Date.now() });
  await store.recoverPending();

  let made = 0;
  /** Made ahead: only what the store does with them is measured. */
  const generate = (count: number): GeneratedAttempt[] =>
    Array.from({ length: count }, () => {
      made += 1;
      return nextRequest(`req_${made.toString(16).padStart(32, '0')}`, Date.now())[0] as GeneratedAttempt;
    });
  const write = async (attempts: readonly GeneratedAttempt[]): Promise<number> => {
    const before = process.cpuUsage();
    for (let from = 0; from < attempts.length; from += COHORT) {
      const cohort = attempts.slice(from, from + COHORT);
      await Promise.all(cohort.map(({ request, start }) => store.journal.begin(request, start, true)));
      for (const { end } of cohort) store.journal.end(end);
    }
    await store.journal.flush();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / attempts.length;
  };

  await write(generate(WARM_UP_ATTEMPTS));
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const micros: number[] = [];
  while (micros.length < options.runs) {
    const attempts = generate(options.attempts);
    // The turn in which they were made is none of the store's.
    await new Promise((resolve) => setTimeout(resolve, 10));
    delays.enable();
    micros.push(await write(attempts));
    delays.disable();
  }
  micros.sort((one, other) => one - other);
  const [median, least, most] = [micros[micros.length >> 1], micros[0], micros.at(-1)].map((one) =>
    (one ?? 0).toFixed(1),
  );
  console.log(
    `${median} µs of CPU for an attempt, with its request (${options.runs} runs: ${least} to ${most})`,
  );
  const delayMs = [50, 99, 99.9, 100].map(
    (share) => `${(delays.percentile(share) / 1e6).toFixed(1)} (${share} %)`,
  );
  console.log(`turns of the event loop, ms: ${delayMs.join(', ')}`);
  await store.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
