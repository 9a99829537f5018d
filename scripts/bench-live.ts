import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createRandom } from '../src/core/learning/random.ts';
// @ts-expect-error plain JavaScript, so that it runs before anything is installed
import { ensureReady } from './ensure-ready.mjs';
import { valueOfQualityUsd } from './learning/make-policy.ts';
import { measureRun, type RunMeasures } from './learning/measure.ts';
import { readText } from './learning/outcome-table.ts';
import { shuffledStream } from './learning/replay.ts';
import { loadTable } from './learning/run-job.ts';
import { type RecordedAnswer, startAnsweringUpstream } from './live/answering-upstream.ts';
import type { StreamRuns } from './live/compare-runs.ts';
import { startGatewayUnderTest } from './live/gateway-under-test.ts';
import { latencyProfile } from './live/latency-profile.ts';
import { type Played, playStream } from './live/play-stream.ts';
import { classifiedTable, replayStream, type TaskSource } from './live/replay-stream.ts';
import { classificationRegret, describeLive, type LiveResult, reportSource } from './live/report-live.ts';
import { numberWithin, wholeNumber } from './number-options.ts';

/** Models are dealt out to two providers, so that more than one way out is in play. */
const PROVIDERS = 2;

const folder = process.env.OUTRIDER_DATA ?? '../shared/data';
const command = new Command('bench:live')
  .description('Plays recorded outcomes to a running gateway over HTTP, and to the replay; compares the two.')
  .option('--data <file>', 'outcome table, CSV or CSV.gz', join(folder, 'outcomes_panel12.csv.gz'))
  .option(
    '--prompts <file>',
    'prompt texts, JSONL or JSONL.gz; only prompts with a text are played',
    join(folder, 'prompts_panel12.jsonl.gz'),
  )
  .option('--models <list>', 'which, separated by commas', modelList)
  .option('--lambda <number>', 'u = quality − λ × cost in USD; 0: quality only', numberWithin(0, 1e9), 0)
  .option('--requests <count>', 'length of a stream', wholeNumber(100, 100_000), 3000)
  .option('--seeds <count>', 'streams for each way of knowing the task', wholeNumber(1, 100), 4)
  .option('--replays <count>', 'replays of each stream', wholeNumber(2, 1000), 12)
  .addOption(
    new Option('--task <source>', 'told in x-router-task, or read by the gateway')
      .choices(['told', 'classified', 'both'])
      .default('both'),
  )
  .option('--in-flight <count>', 'requests of a stream at the same time', wholeNumber(1, 64), 1)
  .option('--gateways <count>', 'streams at the same time, each with a gateway', wholeNumber(1, 16), 2)
  .option('--speed <factor>', 'how much faster than recorded models answer', numberWithin(1, 1e6), 1000)
  .option('--minutes <count>', 'no request is sent after this long', numberWithin(0.01, 600), 5)
  .option('--json', 'nothing but the result on stdout')
  .parse();
const options = command.opts<{
  data: string;
  prompts: string;
  models?: string[];
  lambda: number;
  requests: number;
  seeds: number;
  replays: number;
  task: TaskSource | 'both';
  inFlight: number;
  gateways: number;
  speed: number;
  minutes: number;
  json?: true;
}>();

try {
  await bench();
} catch (error) {
  process.stderr.write(`bench:live: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function bench(): Promise<void> {
  for (const file of [options.data, options.prompts]) {
    if (existsSync(file)) continue;
    throw new Error(
      `there is no ${file}. Set OUTRIDER_DATA to the folder of the outcome tables, or name --data and --prompts.`,
    );
  }
  await ensureReady();
  const loaded = loadTable({
    data: resolve(options.data),
    prompts: resolve(options.prompts),
    models: options.models,
  });
  const { table, catalog } = loaded;
  const { requests, lambda } = options;
  const sources: TaskSource[] = options.task === 'both' ? ['told', 'classified'] : [options.task];
  const seen = { told: loaded, classified: classifiedTable(loaded) };
  const streamOf = (seed: number) =>
    shuffledStream(table.promptIds.length, requests, createRandom(seed * 7919));

  const bar = new SingleBar({
    format: '{bar} {percentage} % of {total} requests, {eta_formatted} left',
    stream: process.stderr,
  });
  const jobs = sources.flatMap((source) =>
    Array.from({ length: options.seeds }, (_, index) => ({ source, seed: index + 1 })),
  );
  // Seed by seed, so that what is cut off by the time limit lacks both ways alike.
  jobs.sort((one, other) => one.seed - other.seed);
  if (process.stderr.isTTY) bar.start(jobs.length * requests, 0);
  const startedAtMs = performance.now();
  const upstreams = await Promise.all(
    Array.from({ length: PROVIDERS }, () => startAnsweringUpstream(recordedAnswers())),
  );
  const played = new Map<string, Played>();
  let answered = 0;
  const isOver = () => performance.now() - startedAtMs > options.minutes * 60_000;
  const queue = jobs.values();
  const worker = async () => {
    for (const { source, seed } of queue) {
      if (isOver()) return;
      const gateway = await startGatewayUnderTest({
        models: catalog.models,
        providerUrls: upstreams.map(({ baseUrl }) => baseUrl),
        valueOfQualityUsd: valueOfQualityUsd(lambda),
        seed: seed * 104_729 + 1,
      });
      try {
        const result = await playStream({
          url: gateway.url,
          loaded,
          stream: streamOf(seed),
          taskOf: source === 'told' ? taskToldOf : undefined,
          inFlight: options.inFlight,
          isOver,
          onAnswer: () => {
            answered += 1;
            bar.increment();
          },
        });
        if (result !== undefined) played.set(`${source} ${seed}`, result);
      } finally {
        await gateway.stop();
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(options.gateways, jobs.length) }, worker));
  } finally {
    bar.stop();
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }
  const liveSeconds = (performance.now() - startedAtMs) / 1000;

  if (process.stderr.isTTY) bar.start(played.size * options.replays * requests, 0);
  const sourceToRuns = new Map(sources.map((source) => [source, [] as StreamRuns[]]));
  for (const { source, seed } of jobs) {
    const live = played.get(`${source} ${seed}`);
    if (live === undefined) continue;
    const replays: RunMeasures[] = [];
    while (replays.length < options.replays) {
      replays.push(
        replayStream({
          seen: seen[source],
          measured: table,
          stream: streamOf(seed),
          lambda,
          labelDelay: options.inFlight - 1,
          seed: seed * 15_485_863 + 2 * replays.length + 1,
        }),
      );
      bar.increment(requests);
      // Lets the bar be drawn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    sourceToRuns.get(source)?.push({ live: measureRun(table, live.trace, lambda, -1), replays });
  }
  bar.stop();
  const whole = sources.filter((source) => (sourceToRuns.get(source)?.length ?? 0) > 0);
  if (whole.length === 0) {
    throw new Error(
      `no stream was finished within ${options.minutes} minutes; allow more, or ask for fewer requests`,
    );
  }
  const [told = [], classified = []] = [sourceToRuns.get('told'), sourceToRuns.get('classified')];
  const result: LiveResult = {
    data: options.data,
    promptCount: table.promptIds.length,
    models: table.models,
    requests,
    seeds: options.seeds,
    replays: options.replays,
    inFlight: options.inFlight,
    lambda,
    seconds: (performance.now() - startedAtMs) / 1000,
    requestsPerSecond: answered / liveSeconds,
    sources: Object.fromEntries(
      whole.map((source) => [
        source,
        reportSource({
          runs: sourceToRuns.get(source) ?? [],
          models: table.models,
          requests,
          ...sumOf([...played].flatMap(([key, one]) => (key.startsWith(`${source} `) ? [one] : []))),
        }),
      ]),
    ),
    classificationRegret:
      told.length > 0 && classified.length > 0 ? classificationRegret(told, classified) : null,
  };
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : `${describeLive(result)}\n`);

  function taskToldOf(prompt: number): string {
    return catalog.tableTaskToTask[table.promptToTask[prompt] ?? 0] ?? 'unknown';
  }

  function recordedAnswers(): (model: string, promptId: string) => RecordedAnswer | undefined {
    const profileFile = join(dirname(resolve(options.data)), 'latency_profile_bfcl.csv');
    const latencyMsOf = latencyProfile(
      existsSync(profileFile) ? readText(profileFile) : undefined,
      profileFile,
    );
    const promptToIndex = new Map(table.promptIds.map((id, index) => [id, index]));
    return (modelName, promptId) => {
      const model = table.models.indexOf(modelName);
      const prompt = promptToIndex.get(promptId);
      if (model < 0 || prompt === undefined) return undefined;
      const cell = prompt * table.models.length + model;
      const outputTokens = Math.round(catalog.outputTokens[cell] ?? 0);
      return {
        inputTokens: Math.round(Number.isNaN(table.inputTokens[cell]) ? 0 : (table.inputTokens[cell] ?? 0)),
        outputTokens,
        latencyMs: latencyMsOf(modelName, outputTokens) / options.speed,
      };
    };
  }
}

function sumOf(played: readonly Played[]): { meteredUsd: number; taskToRequests: Record<string, number> } {
  const taskToRequests: Record<string, number> = {};
  let meteredUsd = 0;
  for (const one of played) {
    meteredUsd += one.meteredUsd;
    for (const [task, count] of Object.entries(one.taskToRequests)) {
      taskToRequests[task] = (taskToRequests[task] ?? 0) + count;
    }
  }
  return { meteredUsd, taskToRequests };
}

function modelList(text: string): string[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length >= 2) return names;
  throw new InvalidArgumentError('Expected at least two names.');
}
