import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGatewayProcess } from '../fixtures/gateway-process.ts';
import { send } from '../http/send.ts';

/** The process as it stands in the world: its log, the npm above it, its terminal. */
const ROOT = join(import.meta.dirname, '../..');
let folder: string;
let configPath: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-standing-'));
  configPath = join(folder, 'outrider.toml');
  await writeFile(
    configPath,
    `[api]\naddress = "127.0.0.1:0"\nunready_seconds = 0\n[store]\nurl = "sqlite:${join(folder, 'outrider.db')}"\n[providers.simulated]\nkind = "simulated"\n`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const chat = (url: string) =>
  send(`${url}/v1/chat/completions`, {
    body: { model: 'sim-mini', messages: [{ role: 'user', content: 'hello' }] },
  });

/** Where it listens, once it says so on either of its outputs. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const look = (data: Buffer) => {
      said += data;
      const found = /listens on (http:\/\/[\d.:]+)/.exec(said)?.[1];
      if (found) resolve(found);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', () => reject(new Error(`ended: ${said}`)));
  });
}

const isGone = (url: string) =>
  send(`${url}/health/live`).then(
    () => false,
    () => true,
  );

it('a log that cannot be written costs its lines: it serves, and ends when it is told to', async () => {
  const full = openSync('/dev/full', 'w');
  const gateway = await startGatewayProcess(configPath, {}, { stdout: full });
  for (let turn = 0; turn < 3; turn++) {
    expect((await chat(gateway.url)).status).toBe(200);
    // Lines are written twice a second.
    await new Promise((resolve) => setTimeout(resolve, 600));
  }
  gateway.kill('SIGTERM');
  expect(await gateway.exited).toEqual({ code: 0, signal: null });
  closeSync(full);
});

describe('npm start', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'passes %s on, and ends with the gateway and its code',
    async (signal) => {
      const npm = spawn('npm', ['start', '--', '--config', configPath], {
        cwd: ROOT,
        env: { ...process.env, OUTRIDER_DETECT: 'none' },
      });
      const url = await listening(npm);
      npm.kill(signal);
      expect(await once(npm, 'exit')).toEqual([0, null]);
      expect(await isGone(url)).toBe(true);
    },
    // The first of them may have to build.
    120_000,
  );
});

it('a crash is a crash: nothing catches it, only to run into it again for ever', async () => {
  const gateway = await startGatewayProcess(configPath);
  gateway.kill('SIGSEGV');
  expect(await gateway.exited).toEqual({ code: null, signal: 'SIGSEGV' });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** util-linux's, which runs a program on a terminal of its own. */
const HAS_SCRIPT = spawnSync('script', ['--version']).status === 0;

it.skipIf(!HAS_SCRIPT)('ends when its terminal is closed, which is a SIGHUP as well', async () => {
  const command = `echo "process $$,"; exec ${process.execPath} scripts/start.mjs --config ${configPath}`;
  const terminal = spawn('script', ['--quiet', '--command', command, '/dev/null'], {
    cwd: ROOT,
    env: { ...process.env, OUTRIDER_DETECT: 'none' },
  });
  const pid = new Promise<number>((resolve) => {
    terminal.stdout.on('data', (data) => {
      const found = /process (\d+),/.exec(String(data))?.[1];
      if (found) resolve(Number(found));
    });
  });
  await listening(terminal);
  const id = await pid;
  expect(isAlive(id)).toBe(true);
  terminal.kill('SIGKILL');
  await expect.poll(() => isAlive(id)).toBe(false);
});
