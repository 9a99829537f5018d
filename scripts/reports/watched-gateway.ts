import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const START_LIMIT_MS = 600_000;
const STOP_LIMIT_MS = 60_000;

export interface Watched {
  /** Longest time that the event loop did nothing else, in one piece. */
  readonly longestBlockMs: number;
  /** Most CPU between two turns of a timer: the same, without what other processes took of the processor. */
  readonly longestTurnMs: number;
  /** Of all threads. */
  readonly cpuMs: number;
}

/** The built gateway in a process of its own that tells how long its event loop stood still. */
export interface WatchedGateway {
  readonly url: string;
  /** From its start until it listened. */
  readonly startMs: number;
  /** While it started. */
  readonly starting: Watched;
  /** Forgets what was until now. */
  reset(): Promise<void>;
  read(): Promise<Watched>;
  stop(): Promise<void>;
}

/** @throws Error with what it wrote when it does not start */
export async function startWatchedGateway(options: {
  readonly cliPath: string;
  readonly configPath: string;
  readonly logFile: string;
  /** Where a CPU profile is written when it stops; undefined: none. */
  readonly profileFolder?: string | undefined;
  /** `warn` where it is not said. */
  readonly logLevel?: 'info' | 'warn';
}): Promise<WatchedGateway> {
  const watch = fileURLToPath(new URL('./loop-watch.mjs', import.meta.url));
  const serve = `const { runCli } = await import(${JSON.stringify(pathToFileURL(options.cliPath).href)});
await runCli(['serve', '--config', ${JSON.stringify(options.configPath)}]);`;
  const level = options.logLevel ?? 'warn';
  const log = openSync(options.logFile, 'w');
  const beganAtMs = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...(options.profileFolder === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', options.profileFolder]),
      '--import',
      pathToFileURL(watch).href,
      '--input-type=module',
      '--eval',
      serve,
    ],
    {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...process.env, OUTRIDER_DETECT: 'none', OUTRIDER_LOG_LEVEL: level, OUTRIDER_SEED: '3' },
    },
  );
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  function ask<Answer>(message: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      child.once('message', (answer) => resolve(answer as Answer));
      child.send(message, (error) => error && reject(error));
    });
  }
  async function stop(): Promise<void> {
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(limit);
  }

  let url: string | undefined;
  while (url === undefined && child.exitCode === null && performance.now() - beganAtMs < START_LIMIT_MS) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    url = /listens on (http:\/\/[^\s]+)/.exec(readFileSync(options.logFile, 'utf8'))?.[1];
  }
  if (url === undefined) {
    await stop();
    throw new Error(`the gateway did not start:\n${readFileSync(options.logFile, 'utf8')}`);
  }
  const startMs = performance.now() - beganAtMs;
  const starting = await ask<Watched>('read');
  await ask('reset');
  return {
    url,
    startMs,
    starting,
    async reset() {
      await ask('reset');
    },
    read: () => ask<Watched>('read'),
    stop,
  };
}
