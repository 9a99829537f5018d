import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { smallCsv } from '../learning/small-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'outrider-bench-live-'));
const PROMPTS = 240;
writeFileSync(join(folder, 'small.csv'), smallCsv(PROMPTS));
writeFileSync(
  join(folder, 'prompts.jsonl'),
  Array.from({ length: PROMPTS }, (_, prompt) => {
    const text =
      prompt % 2 === 0 ? `What is ${prompt} times 17? Show the steps.` : `Write a poem about lake ${prompt}.`;
    return JSON.stringify({ prompt_id: `p${prompt}`, prompt: text });
  }).join('\n'),
);
afterAll(() => rmSync(folder, { recursive: true }));

function bench(...options: string[]) {
  return spawnSync(
    'node_modules/.bin/tsx',
    [
      'scripts/bench-live.ts',
      ...['--data', join(folder, 'small.csv'), '--prompts', join(folder, 'prompts.jsonl'), ...options],
    ],
    { encoding: 'utf8', env: { ...process.env, OUTRIDER_DATA: folder } },
  );
}

describe('the command', () => {
  test('plays a table to a real gateway and to the replay, and says how far they are apart', () => {
    const { stdout, stderr, status } = bench(
      ...['--requests', '120', '--seeds', '2', '--replays', '4', '--json'],
    );
    expect(status, stderr).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ promptCount: PROMPTS, requests: 120, seeds: 2 });
    for (const source of ['told', 'classified']) {
      const report = result.sources[source];
      expect(report.streams).toBe(2);
      // Whatever the router chose, the gateway charged what the table says that costs.
      expect(report.meteredOverTableCost).toBeCloseTo(1, 2);
      expect(report.quality.live.mean).toBeGreaterThan(0.4);
      expect(Math.abs(report.quality.difference)).toBeLessThan(0.2);
      const shares = Object.values<{ live: { mean: number } }>(report.trafficShares);
      expect(shares.reduce((sum, { live }) => sum + live.mean, 0)).toBeCloseTo(1, 9);
    }
    // Told, the tasks are those of the table's labels, half and half; read, they are what the prompts are.
    const told = Object.values<number>(result.sources.told.taskShares);
    expect(told.map((share) => Math.round(10 * share))).toEqual([5, 5]);
    expect(Object.keys(result.sources.classified.taskShares)).toContain('creative_writing');
    expect(result.classificationRegret.live).toEqual({ mean: expect.any(Number), se: expect.any(Number) });
  }, 240_000);

  test('says plainly when there is no data, and when the time was too short', () => {
    const absent = bench('--data', join(folder, 'nothing.csv'));
    expect(absent.status).toBe(1);
    expect(absent.stderr).toMatch(/^bench:live: there is no .*nothing\.csv\. Set OUTRIDER_DATA/);
    const short = bench('--requests', '100000', '--seeds', '1', '--task', 'told', '--minutes', '0.05');
    expect(short.status).toBe(1);
    expect(short.stderr).toContain('no stream was finished within 0.05 minutes');
  }, 120_000);
});
