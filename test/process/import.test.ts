import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';

/** Built by `npm test` before any test runs. */
const PROGRAM = `const { runCli } = await import('${new URL('../../dist/cli.js', import.meta.url).href}'); await runCli(process.argv.slice(1));`;
const folder = mkdtempSync(join(tmpdir(), 'outrider-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('outrider import: the file may stand before and after its options, which may be repeated', async () => {
  writeFileSync(
    join(folder, 'outrider.toml'),
    '[store]\nurl = "sqlite:./outrider.db"\n[providers.p]\nbase_url = "http://127.0.0.1:9/v1"\n[api.models.m]\nendpoints = [{ provider = "p", model = "m" }]\n',
  );
  writeFileSync(join(folder, 'e.csv'), 'model,task,score\na,math,1\nb,math,0\n');
  const maps = ['--map', 'a=m', '--map', 'b=m'];
  for (const args of [
    ['e.csv', '--dry-run', ...maps],
    ['--dry-run', ...maps, 'e.csv'],
  ]) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', PROGRAM, '--', 'import', ...args],
      { cwd: folder, env: { PATH: process.env.PATH, OUTRIDER_DETECT: 'none' } },
    );
    expect(stdout).toMatch(/reasoning_math\s+m\s+0\.500\s+2/);
  }
}, 30_000);
