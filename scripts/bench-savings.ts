import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { BUILT_IN_STRATEGIES } from '../src/core/choice/strategy.ts';
import type { PolicyWish } from '../src/gateway/reports/replay.ts';
import { loadTable } from './learning/run-job.ts';
import { proveSavings, type Stated } from './learning/savings-proof.ts';
import { wholeNumber } from './number-options.ts';

/** `npm run bench:savings`: what savings and replays state of the router's own log of a table, beside the truth. */
const command = new Command('bench:savings')
  .option(
    '--data <file>',
    'outcome table',
    join(process.env.OUTRIDER_DATA ?? '../shared/data', 'outcomes_panel12.csv.gz'),
  )
  .option('--seeds <number>', 'logs of each strategy', wholeNumber(1, 1_000), 16)
  .option('--first-seed <number>', 'the first of them', wholeNumber(0, 1_000_000), 101)
  .option('--requests <number>', 'in a log', wholeNumber(100, 1_000_000), 8_000)
  .option('--json', 'everything that was stated, on stdout')
  .parse();
const options = command.opts<{
  data: string;
  seeds: number;
  firstSeed: number;
  requests: number;
  json?: true;
}>();

const STRATEGIES = ['balanced', 'quality'] as const;
const POLICIES: readonly PolicyWish[] = [
  { strategy: 'balanced' },
  { strategy: 'quality' },
  { strategy: 'price' },
  { name: 'V = $0.1', value_of_quality_usd: 0.1, value_of_second_usd: 0 },
  { name: '$0.50 per 1k', strategy: 'quality', budget_usd_per_1k_requests: 0.5 },
];

type Row = Stated & { readonly log: string };

if (!existsSync(options.data)) command.error(`error: there is no ${options.data}. Name a table with --data.`);
const loaded = loadTable({ data: options.data, prompts: undefined, models: undefined });
const bar = new SingleBar(
  { noTTYOutput: true, notTTYSchedule: 10_000, hideCursor: true },
  Presets.shades_classic,
);
bar.start(STRATEGIES.length * options.seeds, 0);
const rows: Row[] = [];
for (let seed = options.firstSeed; seed < options.firstSeed + options.seeds; seed += 1) {
  for (const log of STRATEGIES) {
    const { stated } = await proveSavings(loaded, {
      requests: options.requests,
      seed,
      strategy: BUILT_IN_STRATEGIES[log],
      policies: POLICIES,
    });
    rows.push(...stated.map((one) => ({ ...one, log })));
    bar.increment();
  }
}
bar.stop();
if (options.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else {
  const subjects = [...new Set(rows.map(({ subject, measure }) => `${subject}: ${measure}`))];
  for (const about of subjects) {
    const cells = STRATEGIES.map((log) =>
      summaryOf(rows.filter((row) => row.log === log && `${row.subject}: ${row.measure}` === about)),
    );
    process.stdout.write(`${about.padEnd(28)} ${cells.map((cell) => cell.padEnd(36)).join(' ')}\n`);
  }
  const saved = rows.filter(({ measure, doublyRobust }) => measure === 'saved_usd' && doublyRobust);
  process.stdout.write(`\nof ${saved.length} savings that were told ${saved.filter(holds).length} hold\n`);
}

function holds({ doublyRobust: interval, truth }: Stated): boolean {
  return interval !== undefined && interval.low_90 <= truth && truth <= interval.high_90;
}

function summaryOf(cell: readonly Row[]): string {
  const told = cell.filter(({ doublyRobust }) => doublyRobust !== undefined);
  if (told.length === 0) return 'none told';
  const error =
    told.reduce(
      (sum, { doublyRobust, truth }) =>
        sum + Math.abs((doublyRobust?.mean ?? truth) - truth) / Math.max(1e-12, Math.abs(truth)),
      0,
    ) / told.length;
  return `${told.length} told, ${told.filter(holds).length} hold, ${(100 * error).toFixed(1)} % off`;
}
