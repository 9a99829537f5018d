import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { smallCsv } from './small-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'outrider-bench-learning-'));
const file = join(folder, 'small.csv');
writeFileSync(file, smallCsv(300));
afterAll(() => rmSync(folder, { recursive: true }));

function bench(...options: string[]) {
  return spawnSync('node_modules/.bin/tsx', ['scripts/bench-learning.ts', ...options], {
    encoding: 'utf8',
    env: { ...process.env, OUTRIDER_DATA: folder },
  });
}

describe('the command', () => {
  test('prints the documented keys as JSON, and draws plots', () => {
    const { stdout, stderr, status } = bench(
      ...['--data', file, '--requests', '1000', '--seeds', '2', '--policy', 'outrider', '--json'],
      ...['--plot', join(folder, 'plots'), '--processes', '2'],
    );
    expect([stderr, status]).toEqual(['', 0]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ requests: 1000, seeds: 2, lambda: 0, promptCount: 300 });
    expect(Object.keys(result.reference)).toEqual(
      expect.arrayContaining(['bestFixed', 'random', 'taskOracle', 'promptOracle']),
    );
    const { outrider } = result.policies;
    for (const key of ['regretVsBestFixed', 'regretVsTaskOracle']) {
      expect(Object.keys(outrider[key])).toEqual(['500', '1000']);
      expect(outrider[key]['1000']).toEqual({ mean: expect.any(Number), se: expect.any(Number) });
    }
    expect(Object.keys(outrider.costAtQuality)).toEqual(['95', '98', '99', '100']);
    expect(outrider.costAtQuality['95']).toHaveProperty('last5k');
    expect(outrider.costAtQuality['95']).toHaveProperty('wholeRun');
    expect(outrider).toHaveProperty('breakEven');
    expect(outrider.breakEvenShare).toBeGreaterThanOrEqual(0);
    expect(outrider.aiq).toBeGreaterThan(0.3);
    expect(readFileSync(join(folder, 'plots', 'regret.svg'), 'utf8')).toContain('<polyline');
  });

  test('says plainly when there is no data, and what is wrong with a table', () => {
    const absent = bench();
    expect(absent.status).toBe(1);
    expect(absent.stderr).toMatch(/^bench:learning: there is no outcome table at .* Set OUTRIDER_DATA/);
    const broken = join(folder, 'broken.csv');
    writeFileSync(broken, 'prompt_id,task,model,quality,cost_usd\na,t,m,NaN,0\n');
    const refused = bench('--data', broken);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toBe(
      `bench:learning: ${broken}, row 2: quality is 'NaN', not a number from 0 to 1\n`,
    );
  });
});
