import { HORIZONS, type RunMeasures } from '../learning/measure.ts';
import { type MeanAndError, meanAndError } from '../learning/summarize.ts';
import { type Compared, compareRuns, NOISE_LIMIT, type StreamRuns } from './compare-runs.ts';
import type { TaskSource } from './replay-stream.ts';

/** What one way of knowing the task came to. */
export interface SourceReport {
  readonly streams: number;
  readonly regretVsBestFixed: Readonly<Record<string, Compared>>;
  readonly quality: Compared;
  readonly costUsdPer1k: Compared;
  readonly trafficShares: Readonly<Record<string, Compared>>;
  /** What the gateway charged over what the table says its choices cost. */
  readonly meteredOverTableCost: number;
  /** Of the requests, by the task that the gateway named. */
  readonly taskShares: Readonly<Record<string, number>>;
  /** Whether final regret, quality and cost are within `NOISE_LIMIT` standard errors. */
  readonly agrees: boolean;
}

/** The whole result, as `--json` prints it. */
export interface LiveResult {
  readonly data: string;
  readonly promptCount: number;
  readonly models: readonly string[];
  readonly requests: number;
  readonly seeds: number;
  readonly replays: number;
  readonly inFlight: number;
  readonly lambda: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly sources: Readonly<Partial<Record<TaskSource, SourceReport>>>;
  /** Final regret with the task read from the prompt, less that with the task told. */
  readonly classificationRegret: { readonly live: MeanAndError; readonly replay: MeanAndError } | null;
}

export function reportSource(options: {
  readonly runs: readonly StreamRuns[];
  readonly models: readonly string[];
  readonly requests: number;
  readonly meteredUsd: number;
  readonly taskToRequests: Readonly<Record<string, number>>;
}): SourceReport {
  const { runs, models, requests } = options;
  const horizons = HORIZONS.filter((horizon) => horizon < requests);
  const regretVsBestFixed = Object.fromEntries([
    ...horizons.map((horizon, index) => [horizon, compareRuns(runs, (run) => run.vsBestFixed[index] ?? 0)]),
    [requests, compareRuns(runs, finalRegret)],
  ]);
  const quality = compareRuns(runs, (run) => run.whole.quality);
  const costUsdPer1k = compareRuns(runs, (run) => 1000 * run.whole.costUsd);
  const tableUsd = runs.reduce((sum, { live }) => sum + live.whole.costUsd * requests, 0);
  const total = Object.values(options.taskToRequests).reduce((sum, count) => sum + count, 0);
  const judged = [regretVsBestFixed[requests], quality, costUsdPer1k];
  return {
    streams: runs.length,
    regretVsBestFixed,
    quality,
    costUsdPer1k,
    trafficShares: Object.fromEntries(
      models.map((name, model) => [name, compareRuns(runs, (run) => run.shares[model] ?? 0)]),
    ),
    meteredOverTableCost: tableUsd > 0 ? options.meteredUsd / tableUsd : 1,
    taskShares: Object.fromEntries(
      Object.entries(options.taskToRequests).map(([task, count]) => [task, count / total]),
    ),
    agrees: judged.every((compared) => Math.abs(compared?.standardErrors ?? 0) <= NOISE_LIMIT),
  };
}

/** Paired by stream, over the streams that were played both ways. */
export function classificationRegret(told: readonly StreamRuns[], classified: readonly StreamRuns[]) {
  const paired = told.slice(0, classified.length).map((one, index) => ({ one, other: classified[index] }));
  const replayed = (runs: StreamRuns | undefined) => meanAndError(runs?.replays.map(finalRegret) ?? []).mean;
  return {
    live: meanAndError(
      paired.map(({ one, other }) => (other ? finalRegret(other.live) - finalRegret(one.live) : 0)),
    ),
    replay: meanAndError(paired.map(({ one, other }) => replayed(other) - replayed(one))),
  };
}

function finalRegret(run: RunMeasures): number {
  return run.curve.at(-1) ?? 0;
}

export function describeLive(result: LiveResult): string {
  const lines = [
    `${result.data}: ${result.promptCount} prompts, ${result.models.length} models; u = quality − ${result.lambda} × USD`,
    `${result.requests} requests a stream, ${result.inFlight} at a time, ${result.replays} replays of each; ${result.seconds.toFixed(0)} s, ${result.requestsPerSecond.toFixed(0)} labelled requests a second`,
  ];
  const words = { told: 'task told (x-router-task)', classified: 'task read from the prompt' };
  for (const [source, report] of Object.entries(result.sources)) {
    lines.push(
      '',
      `${words[source as TaskSource]}, ${report.streams} of ${result.seeds} streams finished in time`,
      row('', ['live', 'replay', 'difference', 'in SE']),
      ...Object.entries(report.regretVsBestFixed).map(([horizon, compared]) =>
        comparedRow(`regret at ${horizon}`, compared, 1),
      ),
      comparedRow('quality', report.quality, 4),
      comparedRow('USD per 1k requests', report.costUsdPer1k, 4),
      ...Object.entries(report.trafficShares)
        .filter(([, { live, replay }]) => Math.max(live.mean, replay.mean) >= 0.005)
        .sort(([, one], [, other]) => other.replay.mean - one.replay.mean)
        .map(([model, compared]) => comparedRow(`share of ${model}`, compared, 3)),
      `charged by the gateway: ${(100 * report.meteredOverTableCost).toFixed(2)} % of what the table says`,
      `tasks seen: ${Object.entries(report.taskShares)
        .sort(([, one], [, other]) => other - one)
        .map(([task, share]) => `${task} ${(100 * share).toFixed(0)} %`)
        .join(', ')}`,
      report.agrees
        ? `live and replay agree: regret, quality and cost within ${NOISE_LIMIT} standard errors`
        : `live and replay DIFFER by more than ${NOISE_LIMIT} standard errors`,
    );
  }
  if (result.classificationRegret !== null) {
    const { live, replay } = result.classificationRegret;
    lines.push(
      '',
      `what reading the task costs, in regret at ${result.requests}: live ${withError(live, 1)}, replay ${withError(replay, 1)}`,
    );
  }
  return lines.join('\n');
}

function comparedRow(name: string, compared: Compared, digits: number): string {
  return row(name, [
    withError(compared.live, digits),
    withError(compared.replay, digits),
    compared.difference.toFixed(digits),
    compared.standardErrors.toFixed(1),
  ]);
}

function withError({ mean, se }: MeanAndError, digits: number): string {
  return `${mean.toFixed(digits)} (${se.toFixed(digits)})`;
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(40) + cells.map((cell) => cell.padStart(18)).join('');
}
