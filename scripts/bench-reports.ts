// `npm run bench:reports`: what every report takes on a store of millions of attempts, and how long it keeps the loop.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { loadConfig } from '../src/config/load-config.ts';
// @ts-expect-error plain JavaScript, so that it runs before anything is installed
import { ensureReady, ROOT } from './ensure-ready.mjs';
import { numberWithin, wholeNumber } from './number-options.ts';
import { writeBenchConfig } from './reports/bench-config.ts';
import { type BenchDatabase, openBenchDatabase } from './reports/bench-database.ts';
import { fillStore } from './reports/fill-store.ts';
import { measureSweep } from './reports/measure-sweep.ts';
import { type Question, questionsOf } from './reports/questions.ts';
import { startWatchedGateway, type WatchedGateway } from './reports/watched-gateway.ts';

interface Answered {
  readonly name: string;
  readonly status: number;
  readonly bytes: number;
  /** Of the first time it was asked. */
  readonly firstMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** Of the gateway's process, for the first answer. */
  readonly firstCpuMs: number;
  /** The same for one answer, of all. */
  readonly cpuMs: number;
  readonly longestBlockMs: number;
  /** The same in CPU: where the host has other work, the number to look at. */
  readonly longestTurnMs: number;
}

interface Filled {
  readonly key: string;
  readonly requestIds: readonly string[];
  readonly attempts: number;
  readonly days: number;
  readonly seconds: number;
}

const options = new Command('bench:reports')
  .description('Every report on a store of many attempts: time, CPU and the longest stop of the event loop.')
  .option('--attempts <count>', 'in the store', wholeNumber(1_000, 100_000_000), 10_000_000)
  .option('--days <count>', 'that they are spread over', wholeNumber(1, 400), 60)
  .option('--keys <count>', 'that sent them', wholeNumber(1, 10_000), 50)
  .option('--times <count>', 'each report is asked for', wholeNumber(2, 1_000), 20)
  .option(
    '--settle-seconds <count>',
    'before the first question, for what a start leaves to do',
    numberWithin(0, 3_600),
    5,
  )
  .option('--folder <path>', 'of the store; one that is filled already is asked as it is, and kept')
  .option(
    '--postgres',
    'on a PostgreSQL of its own in the folder, with its own default settings, instead of SQLite',
  )
  .addOption(
    new Option(
      '--database <url>',
      'of an empty PostgreSQL database, or of one that this --folder was filled with',
    ).conflicts('postgres'),
  )
  .option('--dist <folder>', 'a build to measure, instead of building this checkout')
  .option('--only <text>', 'questions that have this in their name')
  .option('--profile <folder>', 'writes a CPU profile of the gateway there')
  .option(
    '--retention-days <count>',
    'afterwards, removes the requests that are older and says what that took: the store is smaller then',
    wholeNumber(1, 36_500),
  )
  .option('--json', 'nothing but the result on stdout')
  .parse()
  .opts<{
    attempts: number;
    days: number;
    keys: number;
    times: number;
    settleSeconds: number;
    folder?: string;
    postgres?: true;
    database?: string;
    dist?: string;
    only?: string;
    profile?: string;
    retentionDays?: number;
    json?: true;
  }>();

async function main(): Promise<void> {
  const dist = options.dist === undefined ? builtHere() : resolve(options.dist);
  const folder =
    options.folder === undefined ? mkdtempSync(join(tmpdir(), 'outrider-reports-')) : resolve(options.folder);
  mkdirSync(folder, { recursive: true });
  // A cluster's server runs as another user than root.
  if (options.postgres) chmodSync(folder, 0o755);
  try {
    const database = await openBenchDatabase({
      folder,
      url: options.database,
      ownCluster: options.postgres === true,
    });
    try {
      await measure(folder, dist, database);
    } finally {
      await database.close();
    }
  } finally {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, dist: string, database: BenchDatabase): Promise<void> {
  const configPath = writeBenchConfig(folder, database.url);
  const filled = await filledStore(folder, configPath, database);
  const gateway = await startWatchedGateway({
    cliPath: join(dist, 'cli.js'),
    configPath,
    logFile: join(folder, 'gateway.log'),
    profileFolder: options.profile && resolve(options.profile),
  });
  try {
    await report(database, filled, gateway);
  } finally {
    await gateway.stop();
  }
  if (options.retentionDays !== undefined) await sweep(folder, dist, database, options.retentionDays);
}

async function sweep(folder: string, dist: string, database: BenchDatabase, days: number): Promise<void> {
  const swept = await measureSweep({
    cliPath: join(dist, 'cli.js'),
    configPath: writeBenchConfig(folder, database.url, days),
    logFile: join(folder, 'sweep.log'),
  });
  const rounded = Object.fromEntries(Object.entries(swept).map(([name, value]) => [name, round(value)]));
  console.log(
    options.json ? JSON.stringify({ sweep: rounded }, null, 2) : `\nsweep: ${JSON.stringify(rounded)}`,
  );
}

async function filledStore(folder: string, configPath: string, database: BenchDatabase): Promise<Filled> {
  const notePath = join(folder, 'filled.json');
  if (existsSync(notePath)) return JSON.parse(readFileSync(notePath, 'utf8')) as Filled;
  if (await database.isUsed())
    throw new Error('there is something in the database, and not from this folder');
  const { models } = await loadConfig({
    path: configPath,
    env: { OUTRIDER_DETECT: 'none' },
    simulatedModels: [],
  });
  const bar = new SingleBar(
    {
      format: 'filling {bar} {value}/{total} attempts, {eta_formatted} left',
      noTTYOutput: true,
      notTTYSchedule: 10_000,
      hideCursor: true,
      stream: process.stderr,
    },
    Presets.shades_classic,
  );
  bar.start(options.attempts, 0);
  const beganAtMs = performance.now();
  const filled = await fillStore({
    url: database.url,
    models,
    attempts: options.attempts,
    days: options.days,
    keys: options.keys,
    untilMs: Date.now(),
    onProgress: (attempts) => bar.update(attempts),
  });
  bar.stop();
  await database.tidy();
  const result = { ...filled, days: options.days, seconds: (performance.now() - beganAtMs) / 1_000 };
  writeFileSync(notePath, JSON.stringify(result));
  return result;
}

async function report(database: BenchDatabase, filled: Filled, gateway: WatchedGateway): Promise<void> {
  const headers = { authorization: `Bearer ${filled.key}`, 'content-type': 'application/json' };
  await new Promise((done) => setTimeout(done, options.settleSeconds * 1_000));
  const settling = await gateway.read();
  await gateway.reset();
  await new Promise((done) => setTimeout(done, 2_000));
  const idle = await gateway.read();
  const keyId = await busiestKey(gateway.url, headers);
  const answers: Answered[] = [];
  for (const question of questionsOf({ ...filled, keyId, nowMs: Date.now() })) {
    if (!question.name.includes(options.only ?? '')) continue;
    answers.push(await askOften(gateway, question, headers));
  }
  const store = {
    attempts: filled.attempts,
    days: filled.days,
    fillSeconds: Math.round(filled.seconds),
    megabytes: Math.round(await database.megabytes()),
  };
  const start = {
    untilItListensMs: Math.round(gateway.startMs),
    longestBlockMs: round(gateway.starting.longestBlockMs),
    longestTurnMs: round(gateway.starting.longestTurnMs),
    longestBlockAfterMs: round(settling.longestBlockMs),
    longestTurnAfterMs: round(settling.longestTurnMs),
    cpuAfterMs: Math.round(settling.cpuMs),
  };
  if (options.json) {
    console.log(JSON.stringify({ store, start, idle, answers }, null, 2));
    return;
  }
  console.log(`store: ${JSON.stringify(store)}\nstart: ${JSON.stringify(start)}`);
  console.log(
    `idle for 2 s: longest block ${round(idle.longestBlockMs)} ms, ${round(idle.cpuMs)} ms of CPU\n`,
  );
  const width = Math.max(...answers.map(({ name }) => name.length));
  console.log(`${'ms'.padEnd(width)}   first     p50     p95     max  CPU 1st     CPU   block  in CPU`);
  for (const {
    name,
    status,
    firstMs,
    p50Ms,
    p95Ms,
    maxMs,
    firstCpuMs,
    cpuMs,
    longestBlockMs,
    longestTurnMs,
  } of answers) {
    const numbers = [firstMs, p50Ms, p95Ms, maxMs, firstCpuMs, cpuMs, longestBlockMs, longestTurnMs];
    console.log(
      name.padEnd(width) +
        numbers.map((ms) => ms.toFixed(1).padStart(8)).join('') +
        (status === 200 ? '' : `  ${status}!`),
    );
  }
}

async function busiestKey(url: string, headers: Record<string, string>): Promise<string> {
  const response = await fetch(`${url}/v1/usage?group_by=key&limit=1`, { headers });
  const { data } = (await response.json()) as { data: { key_id: string }[] };
  return data[0]?.key_id ?? '';
}

async function askOften(
  gateway: WatchedGateway,
  { name, path, body }: Question,
  headers: Record<string, string>,
): Promise<Answered> {
  const times: number[] = [];
  let status = 0;
  let bytes = 0;
  let firstCpuMs = 0;
  await gateway.reset();
  for (let time = 0; time < options.times; time += 1) {
    const beganAtMs = performance.now();
    const response = await fetch(`${gateway.url}${path(time)}`, {
      headers,
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    bytes = (await response.arrayBuffer()).byteLength;
    times.push(performance.now() - beganAtMs);
    status = response.status;
    if (time === 0) firstCpuMs = (await gateway.read()).cpuMs;
  }
  const { longestBlockMs, longestTurnMs, cpuMs } = await gateway.read();
  const sorted = [...times].sort((one, other) => one - other);
  const quantile = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    name,
    status,
    bytes,
    firstMs: round(times[0] ?? 0),
    p50Ms: round(quantile(0.5)),
    p95Ms: round(quantile(0.95)),
    maxMs: round(sorted.at(-1) ?? 0),
    firstCpuMs: round(firstCpuMs),
    cpuMs: round(cpuMs / options.times),
    longestBlockMs: round(longestBlockMs),
    longestTurnMs: round(longestTurnMs),
  };
}

function builtHere(): string {
  ensureReady();
  spawnSync('npm', ['run', 'build', '--silent'], { cwd: ROOT, stdio: 'inherit' });
  return join(ROOT, 'dist');
}

function round(value: number): number {
  return Number(value.toFixed(1));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
