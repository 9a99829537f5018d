import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startWatchedGateway } from './watched-gateway.ts';

const LIMIT_MS = 1_800_000;
/** Loading, compiling and what else a start does are not the sweep's. */
const SETTLE_MS = 4_000;

export interface Swept {
  readonly requests: number;
  /** From when it listened until it said that it was through. */
  readonly seconds: number;
  /** Of what came after the first four seconds; of all where that was all. */
  readonly cpuMs: number;
  readonly longestBlockMs: number;
  readonly longestTurnMs: number;
}

/**
 * A start of the gateway with a retention that something is too old for, until its log says what was removed.
 *
 * @throws Error when it says nothing of the kind for half an hour
 */
export async function measureSweep(options: {
  readonly cliPath: string;
  readonly configPath: string;
  readonly logFile: string;
}): Promise<Swept> {
  const gateway = await startWatchedGateway({ ...options, logLevel: 'info' });
  try {
    const beganAtMs = performance.now();
    let requests: number | undefined;
    let isSettled = false;
    while (requests === undefined) {
      if (performance.now() - beganAtMs > LIMIT_MS)
        throw new Error('nothing was said of rows that are removed');
      await delay(20);
      if (!isSettled && performance.now() - beganAtMs > SETTLE_MS) {
        isSettled = true;
        await gateway.reset();
      }
      requests = removedIn(readFileSync(options.logFile, 'utf8'));
    }
    const seconds = (performance.now() - beganAtMs) / 1_000;
    const { longestBlockMs, longestTurnMs, cpuMs } = await gateway.read();
    return { requests, seconds, cpuMs, longestBlockMs, longestTurnMs };
  } finally {
    await gateway.stop();
  }
}

function removedIn(log: string): number | undefined {
  const line = log.split('\n').find((one) => one.includes('rows whose time was over are removed'));
  return line === undefined ? undefined : ((JSON.parse(line) as { requests?: number }).requests ?? 0);
}
