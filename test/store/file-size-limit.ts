import { execFileSync, spawnSync } from 'node:child_process';

export function hasPrlimit(): boolean {
  return spawnSync('prlimit', ['--version']).status === 0;
}

/** The soft limit of this test's own process: beyond it a write fails as on a full disk. */
export function limitFileSize(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
}
