/** What is expected of one model for one kind of request. */
export interface Recommended {
  readonly model: string;
  readonly quality: { readonly mean: number; readonly low90: number; readonly high90: number };
  readonly evidence: 'prior' | 'mixed' | 'observed';
  readonly samples: number;
  readonly costUsd: number;
  readonly latencyMs: number;
}

/** Below these differences nobody would notice: quality points, and ratios of cost and time. */
const QUALITY_STEP = 0.01;
const RATIO_STEP = 1.1;

/** One sentence on why a model stands first, in numbers that a reader can hold against the answer. */
export function reasonOfFirst(first: Recommended, strategy: string): string {
  const { quality } = first;
  const known =
    first.evidence === 'prior'
      ? 'by leaderboards and price alone, for nothing was observed here yet'
      : `from ${count(first.samples)} here`;
  return `The most value under '${strategy}': quality ${hundredths(quality.mean)} (90 %: ${hundredths(quality.low90)}–${hundredths(quality.high90)}, ${known}) for ${dollars(first.costUsd)} and ${seconds(first.latencyMs)} a request.`;
}

/** One sentence on what a model gives and takes against the first. */
export function reasonOfOther(other: Recommended, first: Recommended): string {
  const gain = other.quality.mean - first.quality.mean;
  const parts = [
    Math.abs(gain) < QUALITY_STEP
      ? 'as good'
      : `quality ${hundredths(Math.abs(gain))} ${gain > 0 ? 'higher' : 'lower'}`,
    ratio(other.costUsd, first.costUsd, 'the price', 'as dear'),
    ratio(other.latencyMs, first.latencyMs, 'the time', 'as slow'),
  ];
  const isUncertain = other.quality.high90 > first.quality.low90 && gain < 0;
  const doubt = isUncertain ? '; it may still turn out as good' : '';
  const evidence = other.evidence === 'prior' ? '; nothing was observed of it yet' : doubt;
  return `Against ${first.model}: ${parts.join(', ')}${evidence}.`;
}

function ratio(value: number, base: number, noun: string, same: string): string {
  if (!(base > 0)) return value > 0 ? `${noun} of ${dollars(value)} against nothing` : same;
  const times = value / base;
  if (times < RATIO_STEP && times > 1 / RATIO_STEP) return same;
  return `${times >= 10 ? Math.round(times) : times.toFixed(times < 1 ? 2 : 1)}× ${noun}`;
}

function count(samples: number): string {
  const whole = Math.max(1, Math.round(samples));
  return whole === 1 ? 'one outcome' : `${whole} outcomes`;
}

function hundredths(value: number): string {
  return value.toFixed(2);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Two digits that count, without an exponent. */
function dollars(usd: number): string {
  if (!(usd > 0)) return '$0';
  const digits = Math.min(10, Math.max(2, 1 - Math.floor(Math.log10(usd))));
  return `$${usd.toFixed(digits)}`;
}
