import type { RunMeasures } from '../learning/measure.ts';
import { type MeanAndError, meanAndError } from '../learning/summarize.ts';

/** One number of a live run beside that of its replays. */
export interface Compared {
  readonly live: MeanAndError;
  readonly replay: MeanAndError;
  readonly difference: number;
  /** `difference` in standard errors; 0 where nothing varies and nothing differs. */
  readonly standardErrors: number;
}

/** One stream: what the gateway made of it, and what replays with other randomness made of it. */
export interface StreamRuns {
  readonly live: RunMeasures;
  readonly replays: readonly RunMeasures[];
}

/** Further apart than so many standard errors is no chance. */
export const NOISE_LIMIT = 3;

/**
 * Both sides played the same streams, so what the streams are like cancels: the error of the difference is that of the
 * routers' own randomness alone, s²·(1 + 1/K)/S for S streams with K replays each, s² pooled from the replays.
 *
 * @param streams at least one, each with at least two replays
 */
export function compareRuns(streams: readonly StreamRuns[], read: (run: RunMeasures) => number): Compared {
  const replayMeans = streams.map(({ replays }) => meanAndError(replays.map(read)).mean);
  const differences = streams.map(({ live }, index) => read(live) - (replayMeans[index] ?? 0));
  const difference = meanAndError(differences).mean;
  let squares = 0;
  let freedom = 0;
  for (const [index, { replays }] of streams.entries()) {
    for (const run of replays) squares += (read(run) - (replayMeans[index] ?? 0)) ** 2;
    freedom += replays.length - 1;
  }
  const replaysEach = streams[0]?.replays.length ?? 1;
  const error = Math.sqrt(((squares / Math.max(1, freedom)) * (1 + 1 / replaysEach)) / streams.length);
  return {
    live: meanAndError(streams.map(({ live }) => read(live))),
    replay: meanAndError(replayMeans),
    difference,
    standardErrors: error > 0 ? difference / error : difference === 0 ? 0 : Number.POSITIVE_INFINITY,
  };
}
