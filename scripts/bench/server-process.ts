import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** A server under test in a process of its own, on the core reserved for it. */
export interface ServerProcess {
  readonly port: number;
  /** CPU time it has used so far in all its threads, microseconds. */
  cpuMicros(): number;
  stop(): Promise<void>;
}

const SERVER_CORE = 0;
/** Clock ticks of /proc/PID/stat: 100 a second on every Linux that Node runs on. */
const TICK_MICROS = 10_000;

/**
 * @param options.args of node
 * @param options.logFile where its stdout goes
 */
export async function startServer(options: {
  readonly args: readonly string[];
  readonly port: number;
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<ServerProcess> {
  const child = spawn('taskset', ['-c', String(SERVER_CORE), process.execPath, ...options.args], {
    stdio: ['ignore', openSync(options.logFile, 'w'), openSync(`${options.logFile}.errors`, 'w')],
    env: { ...process.env, ...options.env },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await untilListening(child, options.port, `${options.logFile}.errors`);
  return {
    port: options.port,
    cpuMicros: () => {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}

async function untilListening(child: ChildProcess, port: number, errorFile: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) break;
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGKILL');
  throw new Error(`a server under test did not start:\n${readFileSync(errorFile, 'utf8')}`);
}
