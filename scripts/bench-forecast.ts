import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { createRandom } from '../src/core/learning/random.ts';
import { TRAFFIC_KINDS } from './forecast/generated-spend.ts';
import { type Score, scoreOf, type Trial } from './forecast/score.ts';
import { DAYS_AHEAD, HORIZONS, type SpendTrial, spendTrial } from './forecast/spend-trials.ts';
import { workTrials } from './forecast/work-trials.ts';
import { loadTable } from './learning/run-job.ts';
import { wholeNumber } from './number-options.ts';

const folder = process.env.OUTRIDER_DATA ?? '../shared/data';
const command = new Command('bench:forecast')
  .description(
    'Back-tests both forecasts: of planned work on a table of outcomes, of spend on generated traffic.',
  )
  .option('--data <file>', 'outcome table, CSV or CSV.gz', join(folder, 'outcomes_panel12.csv.gz'))
  .option('--series <count>', 'of each kind of traffic and horizon', wholeNumber(1, 10_000), 100)
  .option('--streams <count>', 'through the router, 20 forecasts each', wholeNumber(1, 10_000), 20)
  .option('--seed <number>', 'another one: other traffic', wholeNumber(0, 1_000_000), 1)
  .option('--json', 'nothing but the result on stdout')
  .parse();
const options = command.opts<{ data: string; series: number; streams: number; seed: number; json?: true }>();
if (!existsSync(options.data)) {
  command.error(`There is no ${options.data}. Name the table with --data, or its folder with OUTRIDER_DATA.`);
}

const kinds = TRAFFIC_KINDS.flatMap((kind) =>
  (Object.keys(HORIZONS) as (keyof typeof HORIZONS)[]).map((horizon) => ({ kind, horizon })),
);
const bar = new SingleBar({
  format: '{bar} {percentage} % · {what} · {eta_formatted} left',
  stream: process.stderr,
  clearOnComplete: true,
});
bar.start(options.streams * 10 + kinds.length * options.series, 0, { what: 'reading' });

const loaded = loadTable({ data: options.data });
const work: Trial[] = [];
for (let stream = 0; stream < options.streams; stream += 1) {
  work.push(...(await workTrials(loaded, 1000 * options.seed + stream)));
  bar.increment(10, { what: 'planned work' });
}
const scores: Score[] = [scoreOf('planned work', work)];
const months: SpendTrial[] = [];
for (const { kind, horizon } of kinds) {
  const random = createRandom(options.seed);
  const trials: SpendTrial[] = [];
  for (let series = 0; series < options.series; series += 1) {
    trials.push(spendTrial(kind, horizon, random));
    bar.increment(1, { what: `${kind}, ${horizon}` });
  }
  scores.push(scoreOf(`${kind}, to the end of the ${horizon}`, trials));
  // What begins within the hours ahead is foreseen by none, at any distance.
  if (horizon === 'month' && kind !== 'launch ahead') months.push(...trials);
}
bar.stop();
const daysAhead = DAYS_AHEAD.map((days) => {
  const looked = months.flatMap(({ byDay }) => byDay.filter((one) => one.days === days));
  const own = scoreOf(
    `${days}`,
    looked.map((one) => one.own),
  );
  return {
    days,
    own,
    ofTheEnd: scoreOf(
      `${days}`,
      looked.map((one) => one.ofTheEnd),
    ),
  };
});

if (options.json) process.stdout.write(`${JSON.stringify({ scores, daysAhead }, null, 2)}\n`);
else {
  process.stdout.write('| | forecasts | in the 80 % interval | below, above | median error | naive |\n');
  process.stdout.write('| --- | --- | --- | --- | --- | --- |\n');
  for (const { name, trials, coverage, below, above, error, naiveError, errorBesideNaive } of scores) {
    const besides =
      errorBesideNaive !== null && errorBesideNaive !== error
        ? ` (ours there ${percent(errorBesideNaive)})`
        : '';
    process.stdout.write(
      `| ${name} | ${trials} | ${percent(coverage)} | ${percent(below)}, ${percent(above)} | ${percent(error)} | ${naiveError === null ? 'none' : percent(naiveError)}${besides} |\n`,
    );
  }
  process.stdout.write(
    '\n| days ahead | forecasts | in the 80 % interval | below, above | by the band of the end | error |\n',
  );
  process.stdout.write('| --- | --- | --- | --- | --- | --- |\n');
  for (const { days, own, ofTheEnd } of daysAhead) {
    process.stdout.write(
      `| ${days} | ${own.trials} | ${percent(own.coverage)} | ${percent(own.below)}, ${percent(own.above)} | ${percent(ofTheEnd.coverage)} | ${percent(own.error)} |\n`,
    );
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
