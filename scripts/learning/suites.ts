import type { PolicyName } from './make-policy.ts';
import { type RunMeasures, SHARE_WINDOW } from './measure.ts';
import { type Feedback, PLAIN_FEEDBACK } from './replay.ts';
import type { Job } from './run-job.ts';
import type { ScenarioName } from './scenario.ts';
import { type MeanAndError, meanAndError } from './summarize.ts';
import type { PriorName } from './table-prior.ts';

/** Requests before a change over which a share counts as the usual one. */
const USUAL_REQUESTS = 2000;
/** Requests over which the share after a change is averaged (over the seeds too). */
const MOVING_REQUESTS = 50;
/** The same for a share that comes back slowly. */
const RETURNING_REQUESTS = 500;

export const SUITES = ['drift', 'newcomers', 'feedback'] as const;
export type SuiteName = (typeof SUITES)[number];

export interface SuiteCase {
  readonly suite: SuiteName;
  readonly name: string;
  readonly scenario: ScenarioName;
  readonly feedback: Feedback;
}

export const SUITE_CASES: readonly SuiteCase[] = [
  ...(['none', 'drop-50', 'drop-20', 'recovery', 'slow', 'price-tenth', 'price-tenfold'] as const).map(
    (name) => driftCase('drift', name),
  ),
  driftCase('newcomers', 'newcomer-good'),
  driftCase('newcomers', 'newcomer-bad'),
  ...[1, 0.3, 0.1, 0.03, 0.01].map((labelRate) =>
    feedbackCase(`labels on ${labelRate * 100} %`, { labelRate }),
  ),
  ...[100, 1000].map((labelDelay) => feedbackCase(`labels ${labelDelay} requests late`, { labelDelay })),
  ...[0.1, 0.2, 0.3].map((judgeFlip) => feedbackCase(`judge wrong on ${judgeFlip * 100} %`, { judgeFlip })),
  ...[0.1, 0.25].map((taskNoise) => feedbackCase(`task random on ${taskNoise * 100} %`, { taskNoise })),
];

export function jobsOf(
  suiteCase: SuiteCase,
  run: {
    readonly policy: PolicyName;
    readonly lambda: number;
    readonly requests: number;
    readonly seeds: number;
    readonly prior?: PriorName;
  },
): Job[] {
  const { scenario, feedback } = suiteCase;
  const { seeds, ...rest } = run;
  return Array.from({ length: seeds }, (_, index) => ({ ...rest, seed: index + 1, feedback, scenario }));
}

/** What became of the model a scenario is about. */
export interface ShareShift {
  /** Mean share before the change and in the last quarter after it. */
  readonly before: number;
  readonly after: number;
  /** Requests after the change until the share, averaged over 50 of them, was half of what it had been; null: never. */
  readonly halvedAfter: number | null;
  /** Requests after the change was undone until the share was half of what it had been again; null: never. */
  readonly returnedAfter: number | null;
  /** Requests after the change until the first alarm, over the seeds that had one within 3,000. */
  readonly alarmAfter: MeanAndError | null;
  readonly alarmShare: number;
}

export function shareShift(
  runs: readonly RunMeasures[],
  change: { readonly changeAt: number; readonly backAt?: number; readonly requests: number },
): ShareShift {
  const { changeAt, backAt, requests } = change;
  const windowCount = Math.floor(requests / SHARE_WINDOW);
  const shares = Array.from(
    { length: windowCount },
    (_, window) => meanAndError(runs.map((run) => run.subjectShares[window] ?? 0)).mean,
  );
  const mean = (from: number, to: number) =>
    meanAndError(shares.slice(Math.floor(from / SHARE_WINDOW), Math.floor(to / SHARE_WINDOW))).mean;
  const before = mean(Math.max(0, changeAt - USUAL_REQUESTS), changeAt);
  const firstAfter = (from: number, width: number, isIt: (share: number) => boolean): number | null => {
    for (let end = from + width; end <= requests; end += SHARE_WINDOW) {
      if (isIt(mean(end - width, end))) return end - from;
    }
    return null;
  };
  const delays = runs.flatMap((run) => {
    const alarm = run.alarmTimes.find((time) => time > changeAt && time <= changeAt + 3000);
    return alarm === undefined ? [] : [alarm - changeAt];
  });
  return {
    before,
    after: mean(requests - (requests - changeAt) / 4, requests),
    halvedAfter: before > 0 ? firstAfter(changeAt, MOVING_REQUESTS, (share) => share <= before / 2) : null,
    returnedAfter:
      backAt === undefined ? null : firstAfter(backAt, RETURNING_REQUESTS, (share) => share >= before / 2),
    alarmAfter: delays.length > 0 ? meanAndError(delays) : null,
    alarmShare: delays.length / runs.length,
  };
}

function driftCase(suite: SuiteName, scenario: ScenarioName): SuiteCase {
  return { suite, name: scenario, scenario, feedback: PLAIN_FEEDBACK };
}

function feedbackCase(name: string, feedback: Partial<Feedback>): SuiteCase {
  return { suite: 'feedback', name, scenario: 'none', feedback: { ...PLAIN_FEEDBACK, ...feedback } };
}
