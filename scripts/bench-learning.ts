import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { meanCostUsd, meanUtilities } from './learning/baselines.ts';
import { runJobs } from './learning/job-pool.ts';
import { indexOfLargest, POLICIES, type PolicyName, PRICED_POLICIES } from './learning/make-policy.ts';
import type { RunMeasures } from './learning/measure.ts';
import { proveOffPolicy } from './learning/off-policy-proof.ts';
import { RELIABILITIES } from './learning/outrider-policy.ts';
import { lineChart } from './learning/plot.ts';
import { type BenchResult, describeResult, type SuiteRow } from './learning/report.ts';
import { type Job, loadTable, type TableSource } from './learning/run-job.ts';
import { SCENARIOS, type ScenarioName, scenarioNamed } from './learning/scenario.ts';
import { jobsOf, SUITE_CASES, SUITES, type SuiteName, shareShift } from './learning/suites.ts';
import { referencesOf, summarizeBudget, summarizePolicy } from './learning/summarize.ts';
import { PRIORS, type PriorName } from './learning/table-prior.ts';
import { numberWithin, wholeNumber } from './number-options.ts';

/** What the mean cost of the best model is worth in a sweep, as a share of a perfect answer. */
const SWEPT_COST_WEIGHTS = [0, 0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 0.8];
const SWEEP_SEEDS = 8;

const folder = process.env.OUTRIDER_DATA ?? '../shared/data';
const command = new Command('bench:learning')
  .description('Replays a table of real outcomes through the router and through simpler policies.')
  .option('--data <file>', 'outcome table, CSV or CSV.gz', join(folder, 'outcomes_panel12.csv.gz'))
  .option('--prompts <file>', 'prompt texts, JSONL or JSONL.gz; only prompts with a text are played')
  .option('--models <list>', 'how many, or which, separated by commas', modelList)
  .option('--lambda <number>', 'u = quality − λ × cost in USD; 0: quality only', numberWithin(0, 1e9), 0)
  .option('--requests <count>', 'length of a stream', wholeNumber(100, 10_000_000), 20_000)
  .option('--seeds <count>', 'streams', wholeNumber(1, 1000), 20)
  .addOption(new Option('--policy <name>').choices([...POLICIES, 'all']).default('all'))
  .option('--label-rate <share>', 'of requests that get a label', numberWithin(0, 1), 1)
  .option(
    '--label-bias <factor>',
    'useless answers are labelled so many times as often',
    numberWithin(0.01, 100),
    1,
  )
  .option('--label-delay <requests>', 'between an answer and its label', wholeNumber(0, 1_000_000), 0)
  .option('--judge-rate <share>', 'of a judge beside the labels, as [judge] share', numberWithin(0, 1), 0)
  .addOption(
    new Option('--judge-reliability <how>', 'what the router is told of how often the judge is wrong')
      .choices([...RELIABILITIES])
      .default('learnt'),
  )
  .option(
    '--judge-flip <share>',
    'verdicts, or without a judge labels, that say the opposite',
    numberWithin(0, 0.5),
    0,
  )
  .option('--task-noise <share>', 'requests whose task is taken at random', numberWithin(0, 1), 0)
  .addOption(
    new Option('--drift <name>', 'a change of the world').choices([...SCENARIOS, 'all']).default('none'),
  )
  .addOption(new Option('--suite <name>', 'more runs of the router').choices([...SUITES, 'all']))
  .option('--budget <usd>', 'per 1,000 requests: also play the router under it', numberWithin(1e-9, 1e9))
  .option('--off-policy', "also ask the router's logs what other policies would have achieved")
  .option(
    '--exploration <share>',
    "the router's ε in those logs, as routing.exploration",
    numberWithin(0, 0.5),
  )
  .addOption(
    new Option('--prior <name>', 'what the router knows beforehand').choices([...PRIORS]).default('none'),
  )
  .option('--no-sweep', 'no cost at equal quality, no AIQ: nine times faster')
  .option('--processes <count>', 'at the same time', wholeNumber(1, 256), availableParallelism())
  .option('--plot <folder>', 'write SVG plots there')
  .option('--json', 'nothing but the result on stdout')
  .parse();
const options = command.opts<{
  data: string;
  prompts?: string;
  models?: string[] | number;
  lambda: number;
  requests: number;
  seeds: number;
  policy: PolicyName | 'all';
  labelRate: number;
  labelBias: number;
  labelDelay: number;
  judgeRate: number;
  judgeFlip: number;
  judgeReliability: (typeof RELIABILITIES)[number];
  taskNoise: number;
  drift: ScenarioName | 'all';
  suite?: SuiteName | 'all';
  budget?: number;
  offPolicy?: true;
  exploration?: number;
  prior: PriorName;
  sweep: boolean;
  processes: number;
  plot?: string;
  json?: true;
}>();

try {
  await bench();
} catch (error) {
  process.stderr.write(`bench:learning: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function bench(): Promise<void> {
  const source = tableSource();
  const loaded = loadTable(source);
  const { table } = loaded;
  const { lambda, requests, seeds } = options;
  const feedback = {
    labelRate: options.labelRate,
    labelBias: options.labelBias,
    labelDelay: options.labelDelay,
    judgeRate: options.judgeRate,
    judgeFlip: options.judgeFlip,
    judgeReliability: options.judgeReliability,
    taskNoise: options.taskNoise,
  };
  const scenario = options.drift === 'all' ? 'none' : options.drift;
  const jobs: Job[] = [];
  /** Enters jobs and gives the way to their results. */
  const enter = (entered: readonly Job[]): ((results: readonly RunMeasures[]) => RunMeasures[]) => {
    const start = jobs.length;
    jobs.push(...entered);
    return (results) => results.slice(start, start + entered.length);
  };
  const streams = (policy: PolicyName, weight: number, count: number, budgetUsd?: number) =>
    enter(
      Array.from({ length: count }, (_, index) => ({
        policy,
        lambda: weight,
        seed: index + 1,
        requests,
        feedback,
        scenario,
        budgetUsd,
        prior: options.prior,
      })),
    );

  const best = indexOfLargest(meanUtilities(table, 0));
  const swept = SWEPT_COST_WEIGHTS.map((weight) => weight / Math.max(1e-12, meanCostUsd(table, best)));
  const planned = (options.policy === 'all' ? POLICIES : [options.policy]).map((name) => ({
    name,
    runs: streams(name, lambda, seeds),
    sweep:
      options.sweep && PRICED_POLICIES.includes(name)
        ? swept.map((weight) => streams(name, weight, Math.min(seeds, SWEEP_SEEDS)))
        : [streams(name, 0, options.sweep ? Math.min(seeds, SWEEP_SEEDS) : 0)],
  }));
  const budgetUsd = options.budget === undefined ? undefined : options.budget / 1000;
  const budgeted = budgetUsd === undefined ? undefined : streams('outrider', lambda, seeds, budgetUsd);
  const suites = SUITE_CASES.filter(({ suite }) => isSuiteAsked(suite)).map((suiteCase) => ({
    suiteCase,
    runs: enter(jobsOf(suiteCase, { policy: 'outrider', lambda, requests, seeds, prior: options.prior })),
  }));

  const bar = new SingleBar({
    format: '{bar} {percentage} % of {total} streams, {eta_formatted} left',
    stream: process.stderr,
  });
  if (process.stderr.isTTY) bar.start(jobs.length, 0);
  const results = await runJobs(source, jobs, options.processes, () => bar.increment()).finally(() =>
    bar.stop(),
  );

  const result: BenchResult = {
    data: source.data,
    promptCount: table.promptIds.length,
    incompletePrompts: table.incompletePrompts,
    models: table.models,
    tasks: table.tasks,
    requests,
    seeds,
    lambda,
    feedback,
    drift: options.drift,
    prior: options.prior,
    reference: referencesOf(table, lambda),
    policies: Object.fromEntries(
      planned.map(({ name, runs, sweep }) => {
        const own = runs(results);
        const weights = sweep.map((read) => read(results)).filter((read) => read.length > 0);
        return [name, summarizePolicy(table, requests, own, weights)];
      }),
    ),
    budget:
      budgetUsd === undefined || budgeted === undefined
        ? null
        : summarizeBudget(table, budgetUsd, budgeted(results)),
    offPolicy: options.offPolicy
      ? proveOffPolicy(loaded, { lambda, requests, seeds, floorShare: options.exploration })
      : null,
    suites: suites.map(({ suiteCase, runs }): SuiteRow => {
      const own = runs(results);
      const { regretVsBestFixed, alarmsPer30k } = summarizePolicy(table, requests, own, []);
      const { changeAt, backAt, subject } = scenarioNamed(suiteCase.scenario, requests, [0], 0);
      return {
        suite: suiteCase.suite,
        name: suiteCase.name,
        regretVsBestFixed,
        alarmsPer30k,
        shift: subject < 0 ? null : shareShift(own, { changeAt, backAt, requests }),
      };
    }),
  };
  if (options.plot !== undefined) writePlots(options.plot, result);
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : `${describeResult(result)}\n`);
}

/** @throws Error that says where the data was looked for. */
function tableSource(): TableSource {
  const data = resolve(options.data);
  if (!existsSync(data)) {
    const hint =
      command.getOptionValueSource('data') === 'default'
        ? ' Set OUTRIDER_DATA to the folder of the outcome tables, or name one with --data.'
        : '';
    throw new Error(`there is no outcome table at ${options.data}.${hint}`);
  }
  // The reference numbers of panel12 rest on the prompts whose text is known.
  const texts = join(folder, 'prompts_panel12.jsonl.gz');
  const isPanel12 = /outcomes_panel12\.csv(\.gz)?$/.test(data);
  const prompts = options.prompts ?? (isPanel12 && existsSync(texts) ? texts : undefined);
  return { data, prompts: prompts === undefined ? undefined : resolve(prompts), models: options.models };
}

function isSuiteAsked(suite: SuiteName): boolean {
  if (options.suite === 'all' || options.suite === suite) return true;
  return options.drift === 'all' && suite !== 'feedback';
}

function writePlots(into: string, result: BenchResult): void {
  mkdirSync(into, { recursive: true });
  const lines = Object.entries(result.policies).map(([name, { curve }]) => ({
    name,
    points: curve.map((regret, index) => [((index + 1) * result.requests) / curve.length, regret] as const),
  }));
  const title = `Regret against the best fixed model, λ = ${result.lambda}, ${result.seeds} seeds`;
  writeFileSync(join(into, 'regret.svg'), lineChart(title, 'requests', 'regret, reward units', lines));
  const costs = Object.entries(result.policies).map(([name, { costAtQuality }]) => ({
    name,
    points: Object.entries(costAtQuality).flatMap(([level, { last5k }]) =>
      last5k === null ? [] : [[Number(level), 100 * last5k] as const],
    ),
  }));
  const costTitle = "Cost at a share of the best fixed model's quality, last 5,000 requests";
  writeFileSync(join(into, 'cost.svg'), lineChart(costTitle, '% of its quality', '% of its cost', costs));
}

function modelList(text: string): string[] | number {
  if (/^\d+$/.test(text.trim())) return wholeNumber(2, 1000)(text);
  const names = [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  if (names.length >= 2) return names;
  throw new InvalidArgumentError('Expected a number of models, or at least two names.');
}
