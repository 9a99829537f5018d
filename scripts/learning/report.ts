import type { proveOffPolicy } from './off-policy-proof.ts';
import type { ShareShift } from './suites.ts';
import type { MeanAndError, PolicySummary, referencesOf, summarizeBudget } from './summarize.ts';
import type { PriorName } from './table-prior.ts';

/** The whole result of a benchmark, as `--json` prints it. */
export interface BenchResult {
  readonly data: string;
  readonly promptCount: number;
  readonly incompletePrompts: number;
  readonly models: readonly string[];
  readonly tasks: readonly string[];
  readonly requests: number;
  readonly seeds: number;
  readonly lambda: number;
  readonly feedback: object;
  readonly prior: PriorName;
  readonly drift: string;
  readonly reference: ReturnType<typeof referencesOf>;
  readonly policies: Readonly<Record<string, PolicySummary>>;
  readonly budget: ReturnType<typeof summarizeBudget> | null;
  readonly offPolicy: ReturnType<typeof proveOffPolicy> | null;
  readonly suites: readonly SuiteRow[];
}

export interface SuiteRow {
  readonly suite: string;
  readonly name: string;
  readonly regretVsBestFixed: Readonly<Record<string, MeanAndError>>;
  readonly alarmsPer30k: number;
  readonly shift: ShareShift | null;
}

export function describeResult(result: BenchResult): string {
  const { reference } = result;
  const lines = [
    `${result.data}: ${result.promptCount} prompts, ${result.models.length} models, ${result.tasks.length} tasks` +
      (result.incompletePrompts > 0
        ? ` (${result.incompletePrompts} prompts without all models left out)`
        : ''),
    `${result.requests} requests, ${result.seeds} seeds, u = quality − ${result.lambda} × USD` +
      (result.drift === 'none' ? '' : `, drift: ${result.drift}`) +
      (result.prior === 'none' ? '' : `, prior: ${result.prior}`),
    '',
    `best fixed    ${reference.bestFixed.model}: quality ${reference.bestFixed.quality.toFixed(4)}, ${usd(reference.bestFixed.costUsdPer1k)} per 1k`,
    `random        quality ${reference.random.quality.toFixed(4)}, ${usd(reference.random.costUsdPer1k)}`,
    `task oracle   quality ${reference.taskOracle.quality.toFixed(4)}, ${usd(reference.taskOracle.costUsdPer1k)}`,
    `prompt oracle quality ${reference.promptOracle.quality.toFixed(4)}, ${usd(reference.promptOracle.costUsdPer1k)} (made of noise)`,
    `AIQ of mixed single models ${reference.zeroRouterAiq.toFixed(4)}`,
  ];
  const policies = Object.entries(result.policies);
  const horizons = Object.keys(policies[0]?.[1].regretVsBestFixed ?? {});
  if (policies.length > 0) {
    lines.push(
      '',
      'regret against the best fixed model: mean (standard error)',
      row('', [...horizons, 'break-even', 'of seeds', 'AIQ', '$ per 1k', 'quality']),
      ...policies.map(([name, summary]) =>
        row(name, [
          ...horizons.map((horizon) => withError(summary.regretVsBestFixed[horizon])),
          summary.breakEven === null ? '–' : String(summary.breakEven),
          percent(summary.breakEvenShare),
          summary.aiq?.toFixed(4) ?? '–',
          summary.costUsdPer1k.mean.toFixed(4),
          summary.quality.mean.toFixed(4),
        ]),
      ),
    );
    if (policies.some(([, { aiq }]) => aiq !== null))
      lines.push(
        '',
        "cost at a share of the best fixed model's quality, of its cost: last 5k / whole run",
        row('', ['100 %', '99 %', '98 %', '95 %']),
        ...policies.map(([name, { costAtQuality }]) =>
          row(
            name,
            ['100', '99', '98', '95'].map(
              (level) =>
                `${percent(costAtQuality[level]?.last5k)} / ${percent(costAtQuality[level]?.wholeRun)}`,
            ),
          ),
        ),
      );
    const outrider = result.policies.outrider;
    if (outrider !== undefined) {
      const { propensities } = outrider;
      lines.push(
        '',
        `traffic of outrider: ${Object.entries(outrider.trafficShares)
          .sort(([, one], [, other]) => other - one)
          .map(([model, share]) => `${model} ${percent(share)}`)
          .join(', ')}`,
        `propensities: largest |Σπ − 1| ${propensities.largestSumError.toExponential(1)}, largest z of choices against Σπ ${propensities.largestZ.toFixed(2)}, smallest chosen ${propensities.smallestChosen.toFixed(5)}`,
        `change alarms per 30k: ${outrider.alarmsPer30k.toFixed(1)}`,
        ...(outrider.judgedShare > 0 ? [`judged: ${percent(outrider.judgedShare)} of the answers`] : []),
      );
    }
  }
  if (result.budget !== null) {
    const { budgetUsdPer1k, spentShare, largestDeviation, quality, zeroRouterQuality } = result.budget;
    lines.push(
      '',
      `budget of ${usd(budgetUsdPer1k)} per 1k, second half: spent ${(100 * spentShare.mean).toFixed(2)} % (at most ${(100 * largestDeviation).toFixed(2)} % off), quality ${quality.mean.toFixed(4)}, single models mixed at random ${zeroRouterQuality.toFixed(4)}`,
    );
  }
  if (result.offPolicy !== null) lines.push('', ...describeOffPolicy(result.offPolicy));
  lines.push(...describeSuites(result.suites));
  return lines.join('\n');
}

function describeOffPolicy(proof: NonNullable<BenchResult['offPolicy']>): string[] {
  return [
    "off-policy estimates from the router's own logs, against the truth",
    ...proof.flatMap(({ target, refused, effectiveSampleSize, unsupportedShare, snips, doublyRobust }) => [
      `${target}: effective sample size ${effectiveSampleSize.toFixed(0)}, without support ${percent(unsupportedShare)}, refused ${refused} times`,
      ...(doublyRobust.estimates === 0
        ? []
        : [['SNIPS', snips] as const, ['doubly robust', doublyRobust] as const].map(
            ([name, kind]) =>
              `  ${name.padEnd(14)} bias ${kind.bias.mean.toFixed(4)} (${kind.bias.se.toFixed(4)}), mean error ${kind.meanAbsoluteError.toFixed(4)}, root mean square ${kind.rootMeanSquare.toFixed(4)}, 90 % interval ± ${kind.halfWidth.toFixed(4)} holds in ${kind.covered} of ${kind.estimates}`,
          )),
    ]),
  ];
}

function describeSuites(rows: readonly SuiteRow[]): string[] {
  const suites = [...new Set(rows.map(({ suite }) => suite))];
  return suites.flatMap((suite) => {
    const own = rows.filter((candidate) => candidate.suite === suite);
    const horizons = Object.keys(own[0]?.regretVsBestFixed ?? {});
    const shiftColumns =
      suite === 'feedback' ? [] : ['share', 'after', 'halved in', 'back in', 'alarm in', 'alarmed'];
    return [
      '',
      `${suite}: regret of outrider against the model that is best without any change`,
      row('', [...horizons, 'alarms/30k', ...shiftColumns]),
      ...own.map(({ name, regretVsBestFixed, alarmsPer30k, shift }) =>
        row(name, [
          ...horizons.map((horizon) => withError(regretVsBestFixed[horizon])),
          alarmsPer30k.toFixed(1),
          ...(suite === 'feedback' || shift === null
            ? []
            : [
                percent(shift.before),
                percent(shift.after),
                String(shift.halvedAfter ?? '–'),
                String(shift.returnedAfter ?? '–'),
                shift.alarmAfter === null ? '–' : withError(shift.alarmAfter),
                percent(shift.alarmShare),
              ]),
        ]),
      ),
    ];
  });
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(26) + cells.map((cell) => cell.padStart(14)).join('');
}

function withError(value: MeanAndError | undefined): string {
  return value === undefined ? '–' : `${value.mean.toFixed(1)} (${value.se.toFixed(1)})`;
}

function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '–' : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function usd(amount: number): string {
  return `$${amount.toFixed(4)}`;
}
