import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { MODELS, startGateway } from './bench/gateway.ts';
import { type LoadResult, runLoad } from './bench/load.ts';
import { chatRequests, EVENTS_PER_STREAM } from './bench/payloads.ts';
import { freePort, type ServerProcess, startServer } from './bench/server-process.ts';
import { startUpstream } from './bench/upstream.ts';
// @ts-expect-error plain JavaScript, so that it runs before anything is installed
import { ensureReady, ROOT } from './ensure-ready.mjs';
import { wholeNumber } from './number-options.ts';

interface Measured {
  readonly requestsPerSecond: number;
  readonly cpuMicrosPerRequest: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Streams only. */
  readonly chunksPerSecond?: number;
  readonly cpuMicrosPerChunk?: number;
  readonly piecesPerStream?: number;
}
interface Run {
  readonly gateway: Measured;
  readonly bare: Measured;
  /** With `--framework`. */
  readonly framework?: Measured;
  readonly ratio: number;
  readonly cpuRatio: number;
}

const LOAD_CORE = 1;
/** Until then V8 is still compiling: the gateway's CPU per request halves over its first 10,000 requests. */
const WARM_UP_SECONDS = 6;

const options = new Command('bench:http')
  .description('The gateway with everything on against a bare undici proxy, one core each time, alternating.')
  .addOption(new Option('--scenario <name>').choices(['unary', 'stream']).default('unary'))
  .option('--json', 'nothing but the result on stdout')
  .option('--runs <count>', 'alternating pairs of runs', wholeNumber(1, 100), 5)
  .option('--seconds <count>', 'length of each run', wholeNumber(1, 60), 4)
  .option('--connections <count>', 'requests in flight', wholeNumber(1, 1024), 64)
  .option('--bytes <count>', 'of a request body and of a unary answer', wholeNumber(512, 1024 * 1024), 1024)
  .addOption(new Option('--model <kind>').choices(['auto', 'named']).default('auto'))
  .option(
    '--pace-ms <ms>',
    'between the events of a stream; 0: as fast as they are taken, which the load itself may not keep up with',
    wholeNumber(0, 1000),
    10,
  )
  .option(
    '--framework',
    'a proxy of fastify, undici and JSON in the run, too: what any gateway on them costs at least',
  )
  .option('--dist <folder>', 'a build to measure, instead of building this checkout')
  .option('--profile <folder>', 'write a CPU profile of the gateway there')
  .parse()
  .opts<{
    scenario: 'unary' | 'stream';
    json?: true;
    runs: number;
    seconds: number;
    connections: number;
    bytes: number;
    model: 'auto' | 'named';
    paceMs: number;
    framework?: true;
    dist?: string;
    profile?: string;
  }>();

await bench();

async function bench(): Promise<void> {
  if (process.platform !== 'linux' || availableParallelism() < 2) {
    throw new Error('this benchmark needs Linux and two cores: one for the server, one for everything else');
  }
  if (options.dist === undefined) await ensureReady();
  const pinned = spawnSync('taskset', ['-acp', String(LOAD_CORE), String(process.pid)], { encoding: 'utf8' });
  if (pinned.status !== 0) throw new Error(`taskset failed: ${pinned.error?.message ?? pinned.stderr}`);

  const folder = mkdtempSync(join(tmpdir(), 'outrider-bench-'));
  const upstream = await startUpstream({ bytes: options.bytes, paceMs: options.paceMs });
  const servers: ServerProcess[] = [];
  try {
    const bare = await startProxy('bare-proxy', folder, upstream.port);
    servers.push(bare);
    const framework = options.framework && (await startProxy('framework-proxy', folder, upstream.port));
    if (framework) servers.push(framework);
    const gateway = await startGateway({
      folder,
      distFolder: resolve(options.dist ?? join(ROOT, 'dist')),
      upstreamPort: upstream.port,
      nodeArgs: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`] : [],
    });
    servers.push(gateway);
    const requests = chatRequests({
      bytes: options.bytes,
      model: options.model === 'auto' ? 'auto' : MODELS[0],
      isStream: options.scenario === 'stream',
      key: gateway.key,
    });

    const alone = await load(upstream.port, requests, 2);
    const upstreamAlone = { requestsPerSecond: round(alone.requests / alone.seconds, 0) };
    say(`upstream alone: ${upstreamAlone.requestsPerSecond} a second`);
    for (const server of servers) await load(server.port, requests, WARM_UP_SECONDS);
    const runs: Run[] = [];
    while (runs.length < options.runs) {
      const ofGateway = await measure(gateway, requests);
      const ofBare = await measure(bare, requests);
      const run = {
        gateway: ofGateway,
        bare: ofBare,
        ...(framework ? { framework: await measure(framework, requests) } : {}),
        ratio: round(ofGateway.requestsPerSecond / ofBare.requestsPerSecond, 3),
        cpuRatio: round(ofGateway.cpuMicrosPerRequest / ofBare.cpuMicrosPerRequest, 3),
      };
      runs.push(run);
      say(
        `run ${runs.length}: gateway ${ofGateway.requestsPerSecond}/s ${ofGateway.cpuMicrosPerRequest} µs, ` +
          `bare ${ofBare.requestsPerSecond}/s ${ofBare.cpuMicrosPerRequest} µs, ratio ${run.ratio}`,
      );
    }
    const result = {
      scenario: options.scenario,
      settings: {
        connections: options.connections,
        bytes: options.bytes,
        model: options.model,
        seconds: options.seconds,
        ...(options.scenario === 'stream'
          ? { paceMs: options.paceMs, eventsPerStream: EVENTS_PER_STREAM }
          : {}),
        node: process.version,
        cores: availableParallelism(),
      },
      gateway: medianOf(runs.map((run) => run.gateway)),
      bare: medianOf(runs.map((run) => run.bare)),
      ...(framework ? { framework: medianOf(runs.flatMap((run) => run.framework ?? [])) } : {}),
      upstreamAlone,
      ratio: median(runs.map((run) => run.ratio)),
      cpuRatio: median(runs.map((run) => run.cpuRatio)),
      runs,
    };
    if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    else print(result);
  } finally {
    for (const server of servers) await server.stop();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startProxy(name: string, folder: string, upstreamPort: number): Promise<ServerProcess> {
  const port = await freePort();
  const script = join(ROOT, `scripts/bench/${name}.ts`);
  return startServer({
    args: ['--import', 'tsx', script, String(port), `http://127.0.0.1:${upstreamPort}`],
    port,
    logFile: join(folder, `${name}.log`),
  });
}

function load(port: number, requests: readonly Buffer[], seconds: number): Promise<LoadResult> {
  return runLoad({ port, requests, connections: options.connections, seconds });
}

async function measure(server: ServerProcess, requests: readonly Buffer[]): Promise<Measured> {
  let cpuMicros = 0;
  const result = await runLoad({
    port: server.port,
    requests,
    connections: options.connections,
    seconds: options.seconds,
    onWindow: (edge) => {
      cpuMicros = edge === 'start' ? server.cpuMicros() : server.cpuMicros() - cpuMicros;
    },
  });
  const perSecond = result.requests / result.seconds;
  const cpu = cpuMicros / result.requests;
  return {
    requestsPerSecond: round(perSecond, 1),
    cpuMicrosPerRequest: round(cpu, 1),
    p50Ms: round(result.p50Ms, 2),
    p99Ms: round(result.p99Ms, 2),
    ...(options.scenario === 'stream'
      ? {
          chunksPerSecond: round(perSecond * EVENTS_PER_STREAM, 0),
          cpuMicrosPerChunk: round(cpu / EVENTS_PER_STREAM, 2),
          piecesPerStream: round(result.piecesPerAnswer, 1),
        }
      : {}),
  };
}

/** The median of each number on its own. */
function medianOf(measured: readonly Measured[]): Measured {
  const [first] = measured;
  const names = Object.keys(first ?? {}) as (keyof Measured)[];
  return Object.fromEntries(
    names.map((name) => [name, median(measured.map((one) => one[name] ?? 0))]),
  ) as unknown as Measured;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return round(((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2, 3);
}

function print(result: {
  gateway: Measured;
  bare: Measured;
  framework?: Measured;
  upstreamAlone: { requestsPerSecond: number };
  ratio: number;
  cpuRatio: number;
}): void {
  const isStream = options.scenario === 'stream';
  const row = (name: string, one: Measured) =>
    [
      name.padEnd(12),
      String(Math.round(one.requestsPerSecond)).padStart(10),
      one.cpuMicrosPerRequest.toFixed(0).padStart(12),
      ...(isStream ? [(one.cpuMicrosPerChunk ?? 0).toFixed(2).padStart(13)] : []),
      one.p50Ms.toFixed(1).padStart(9),
      one.p99Ms.toFixed(1).padStart(9),
    ].join('');
  const unit = isStream ? 'streams/s' : 'requests/s';
  console.log(
    [
      `${options.scenario}, ${options.connections} connections, ${options.bytes} bytes, model ${options.model}, median of ${options.runs}`,
      `            ${unit.padStart(10)}${'CPU µs each'.padStart(12)}${isStream ? 'CPU µs/chunk'.padStart(13) : ''}   p50 ms   p99 ms`,
      row('gateway', result.gateway),
      row('bare proxy', result.bare),
      ...(result.framework ? [row('framework', result.framework)] : []),
      `upstream    ${String(result.upstreamAlone.requestsPerSecond).padStart(10)}   (asked directly)`,
      `ratio ${result.ratio} of the bare proxy's ${unit}, at ${result.cpuRatio} times its CPU`,
    ].join('\n'),
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
