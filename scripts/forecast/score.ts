import { median } from 'simple-statistics';

/** One forecast beside what came. */
export interface Trial {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  readonly actual: number;
  /** What a naive forecast says; undefined where it can say nothing. */
  readonly naive: number | undefined;
}

export interface Score {
  readonly name: string;
  readonly trials: number;
  /** Share of the actual values within the 80 % interval; the shares below and above it. */
  readonly coverage: number;
  readonly below: number;
  readonly above: number;
  /** Median absolute error as a share of the actual value. */
  readonly error: number;
  /** The same of the naive forecast, where there was one, beside ours of the same trials. */
  readonly naiveError: number | null;
  readonly errorBesideNaive: number | null;
}

export function scoreOf(name: string, trials: readonly Trial[]): Score {
  const share = (isIn: (trial: Trial) => boolean) => trials.filter(isIn).length / trials.length;
  const paid = trials.filter(({ actual }) => actual > 0);
  const beside = paid.filter(({ naive }) => naive !== undefined);
  const errorOf = (among: readonly Trial[], guess: (trial: Trial) => number) =>
    among.length === 0 ? null : median(among.map((one) => Math.abs(guess(one) - one.actual) / one.actual));
  return {
    name,
    trials: trials.length,
    coverage: share(({ low, actual, high }) => actual >= low && actual <= high),
    below: share(({ low, actual }) => actual < low),
    above: share(({ high, actual }) => actual > high),
    error: errorOf(paid, ({ expected }) => expected) ?? Number.NaN,
    naiveError: errorOf(beside, ({ naive }) => naive ?? Number.NaN),
    errorBesideNaive: errorOf(beside, ({ expected }) => expected),
  };
}
