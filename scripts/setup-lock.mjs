// Plain JavaScript on Node's own modules: it runs before anything is installed.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 200;
/** A folder that still has no pid in it after this long was left by a process that died in between. */
const NAMELESS_FOR_MS = 5_000;

/**
 * Runs `work` while no other process holds `folder`; waits for a holder that lives, and takes over from one that died.
 * Without it two first starts at once would both run `npm ci`, each removing what the other unpacks.
 */
export async function withSetupLock(folder, work) {
  let hasSaid = false;
  while (!take(folder)) {
    if (isAbandoned(folder)) {
      // Renamed first: of two that find it abandoned only one succeeds.
      const aside = `${folder}.${process.pid}`;
      try {
        renameSync(folder, aside);
        rmSync(aside, { recursive: true, force: true });
      } catch {}
      continue;
    }
    if (!hasSaid) process.stderr.write('Another start is setting up; waiting for it …\n');
    hasSaid = true;
    await sleep(LOOK_AGAIN_MS);
  }
  const release = () => rmSync(folder, { recursive: true, force: true });
  // `run` ends the process when a step fails.
  process.once('exit', release);
  try {
    await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(folder, 'pid'), String(process.pid));
  return true;
}

function isAbandoned(folder) {
  try {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    if (pid > 0) return !isAlive(pid);
  } catch {}
  try {
    return Date.now() - statSync(folder).mtimeMs > NAMELESS_FOR_MS;
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
