import { gammaln } from 'simple-statistics';

/** Halvings alone would need thirty; Newton's steps take five or six. */
const MOST_STEPS = 60;
/** Of the quantile itself. */
const PRECISION = 1e-9;

/**
 * The quantile of Beta(alpha, beta), 1e−9 exact, in some microseconds: Newton's steps on its distribution function,
 * x' = x − (I_x(α, β) − p)/f(x), from the mean and deviation on; halving where one would leave what is known of the root.
 *
 * @param probability in (0, 1)
 */
export function betaQuantile(probability: number, alpha: number, beta: number): number {
  const logBeta = logBetaOf(alpha, beta);
  let low = 0;
  let high = 1;
  const mean = alpha / (alpha + beta);
  const deviation = Math.sqrt((mean * (1 - mean)) / (alpha + beta + 1));
  // About the quantile of a normal of these, where that is between 0 and 1.
  let x = inside(mean + 3.3 * (probability - 0.5) * deviation, low, high);
  for (let steps = 0; steps < MOST_STEPS && high - low > PRECISION; steps += 1) {
    const error = cdf(x, alpha, beta, logBeta) - probability;
    if (error < 0) low = x;
    else high = x;
    const density = Math.exp((alpha - 1) * Math.log(x) + (beta - 1) * Math.log1p(-x) - logBeta);
    const step = error / density;
    if (Math.abs(step) < PRECISION / 10) return x - step;
    x = inside(x - step, low, high);
  }
  return x;
}

/** The value where it is between the two, their middle else (also for what is no number). */
function inside(value: number, low: number, high: number): number {
  return value > low && value < high ? value : (low + high) / 2;
}

/** The regularised incomplete beta function I_x(alpha, beta) (Numerical Recipes §6.4). */
export function betaCdf(x: number, alpha: number, beta: number): number {
  return cdf(x, alpha, beta, logBetaOf(alpha, beta));
}

function logBetaOf(alpha: number, beta: number): number {
  return gammaln(alpha) + gammaln(beta) - gammaln(alpha + beta);
}

function cdf(x: number, alpha: number, beta: number, logBeta: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(alpha * Math.log(x) + beta * Math.log1p(-x) - logBeta);
  // The fraction converges fast only on this side of the mean.
  if (x < (alpha + 1) / (alpha + beta + 2)) return (front * betaFraction(x, alpha, beta)) / alpha;
  return 1 - (front * betaFraction(1 - x, beta, alpha)) / beta;
}

/** The continued fraction by Lentz's method. */
function betaFraction(x: number, alpha: number, beta: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((alpha + beta) * x) / (alpha + 1));
  let fraction = d;
  for (let m = 1; m <= 300; m += 1) {
    const even = (m * (beta - m) * x) / ((alpha + 2 * m - 1) * (alpha + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(alpha + m) * (alpha + beta + m) * x) / ((alpha + 2 * m) * (alpha + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-10) break;
  }
  return fraction;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}
