// Plain JavaScript on Node's own modules: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withSetupLock } from './setup-lock.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs when the lock file is not the one that was installed, builds when a source is not the one that was built. */
export function ensureReady() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Outrider needs Node 20.19 or newer; this is ${process.versions.node}.`);
  }
  // better-sqlite3 is compiled for one version of Node's modules: after a switch of Node it has to be made anew.
  const installed = `${hashOf(['package-lock.json'])} modules-${process.versions.modules}`;
  once(
    'node_modules/.outrider-installed',
    installed,
    'Installing (a minute or two, the first time only) …',
    () => run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']),
  );
  const sources = hashOf(['tsconfig.json', 'tsconfig.build.json', 'vite.config.ts', ...filesBelow('src')]);
  once('dist/.outrider-built', `${installed} ${sources}`, 'Building …', () => build());
}

function build() {
  run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  run(process.execPath, [join(ROOT, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn']);
}

/** Runs a program in the project's folder; ends this process with its exit code if it fails. */
export function run(program, args) {
  const { status, error, signal } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) fail(`${program} could not be run: ${error.message}`);
  if (status !== 0) process.exit(status ?? (signal ? 130 : 1));
}

function once(stampFile, stamp, words, work) {
  const path = join(ROOT, stampFile);
  const isDone = () => existsSync(path) && readFileSync(path, 'utf8') === stamp;
  if (isDone()) return;
  withSetupLock(join(ROOT, '.outrider-setup.lock'), () => {
    // Another start may have done it while this one waited.
    if (isDone()) return;
    process.stderr.write(`${words}\n`);
    work();
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
