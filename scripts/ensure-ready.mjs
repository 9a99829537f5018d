// Plain JavaScript on Node's own modules: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withSetupLock } from './setup-lock.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs when the lock file is not the one that was installed, builds when a source is not the one that was built. */
export async function ensureReady() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Outrider needs Node 20.19 or newer; this is ${process.versions.node}.`);
  }
  // better-sqlite3 is compiled for one version of Node's modules: after a switch of Node it has to be made anew.
  const installed = `${hashOf(['package-lock.json'])} modules-${process.versions.modules}`;
  await once(
    'node_modules/.outrider-installed',
    installed,
    'Installing (a minute or two, the first time only) …',
    () => setUp('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']),
  );
  const sources = hashOf(['tsconfig.json', 'tsconfig.build.json', 'vite.config.ts', ...filesBelow('src')]);
  await once('dist/.outrider-built', `${installed} ${sources}`, 'Building …', build);
}

async function build() {
  await setUp(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  await setUp(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn']);
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/**
 * Runs a program in the project's folder; ends this process with its exit code if it fails. Who ends this process ends
 * the program.
 */
export function run(program, args) {
  return runIn(false, program, args);
}

/** Likewise with all that it starts: a compiler that `npm ci` left running would write beside the next start's. */
function setUp(program, args) {
  return runIn(true, program, args);
}

function runIn(ownGroup, program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', detached: ownGroup });
    let ended;
    const passOn = (signal) => {
      ended = signal;
      try {
        process.kill(ownGroup ? -child.pid : child.pid, signal);
      } catch {}
    };
    for (const signal of SIGNALS) process.on(signal, passOn);
    child.once('error', (error) => fail(`${program} could not be run: ${error.message}`));
    child.once('exit', (status, signal) => {
      for (const one of SIGNALS) process.off(one, passOn);
      const endedBy = ended ?? signal;
      if (endedBy) process.exit(128 + constants.signals[endedBy]);
      if (status !== 0) process.exit(status);
      resolve();
    });
  });
}

async function once(stampFile, stamp, words, work) {
  const path = join(ROOT, stampFile);
  const isDone = () => existsSync(path) && readFileSync(path, 'utf8') === stamp;
  if (isDone()) return;
  await withSetupLock(join(ROOT, '.outrider-setup.lock'), async () => {
    // Another start may have done it while this one waited.
    if (isDone()) return;
    process.stderr.write(`${words}\n`);
    await work();
    writeFileSync(path, stamp);
  });
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

function filesBelow(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
