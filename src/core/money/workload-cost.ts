import { randomNormal } from 'd3-random';
import { quantile } from 'simple-statistics';
import type { Random } from '../learning/random.ts';

/** Up to so many requests are drawn one by one; more of them as one sum. */
const DRAWN_SINGLY = 16;
/** Draws of one step, each over all models: a third of a millisecond for fourteen. */
const DRAWS_AT_ONCE = 200;

/**
 * ω: how far an estimate of tokens, its split into prompt and answer and what a task's prompts ask for are off together,
 * in ln(cost); set so that 80 % intervals hold on recorded outcomes (docs/benchmarks.md).
 */
const ESTIMATE_DEVIATION = 0.3;

/** One model as far as it is expected to do a part of some work. */
export interface WorkloadArm {
  /** Of the requests, 0–1; over all arms they sum to 1. */
  readonly share: number;
  /** What the prompt of one request costs, micro-USD. */
  readonly promptMicroUsd: number;
  readonly microUsdPerOutputToken: number;
  /** Of ln(output tokens of one request). */
  readonly logMean: number;
  readonly logVariance: number;
  /** How uncertain `logMean` itself is. */
  readonly logMeanVariance: number;
}

/** Requests of one kind, and who will probably serve them. */
export interface Workload {
  /** Whole, at least 1. */
  readonly requests: number;
  readonly arms: readonly WorkloadArm[];
  /** λ of `shareDecidedByOutcomes`, 0–1. */
  readonly decidedByOutcomes: number;
}

/** E[cost] of one request at this arm, micro-USD: prompt + price · exp(μ + σ²/2). */
export function expectedMicroUsd(arm: WorkloadArm): number {
  return arm.promptMicroUsd + arm.microUsdPerOutputToken * Math.exp(arm.logMean + arm.logVariance / 2);
}

/**
 * λ: how far the outcomes of the work itself decide who serves it. After l labels a belief that is worth K outcomes
 * rests on them by l/(l + K), its conjugate weight; over labels 0 … L that is on average
 *
 *     λ = 1/L · ∫₀ᴸ l/(l + K) dl = 1 − (K/L)·ln(1 + L/K)
 *
 * @param labels L, expected of all requests of the work
 * @param strength K, pseudo-outcomes, above 0
 */
export function shareDecidedByOutcomes(labels: number, strength: number): number {
  if (!(labels > 0) || !(strength > 0)) return 0;
  const ratio = labels / strength;
  // Below, the difference of two nearly equal numbers; ln(1 + x)/x = 1 − x/2 + …
  return ratio < 1e-6 ? ratio / 2 : 1 - Math.log1p(ratio) / ratio;
}

/**
 * Draws of what some work costs, micro-USD. What is uncertain, in each draw anew:
 *
 * - the mean of ln(tokens) per model, e^ε with ε ~ N(−τ²/2, τ²), so that E[e^ε] = 1;
 * - who wins as outcomes come in: a winner w ~ π (in Thompson sampling π is the probability of being the best), the mix
 *   being (1 − λ)·π + λ·1[m = w], whose mean is π again;
 * - the estimate itself: e^η on all of it, η ~ N(−ω²/2, ω²);
 * - the requests: each goes to a model by the mix and has its own length. Up to 16 are drawn one by one. More have, by
 *   the mixture m with mean aₘ and variance vₘ of one request, the moments
 *
 *       E = n·Σ pₘaₘ        Var = n·(Σ pₘ(vₘ + aₘ²) − (Σ pₘaₘ)²),   vₘ = (price·e^ε·e^(μ+σ²/2))²·(e^σ² − 1)
 *
 *   and the sum is drawn as the log-normal of these moments (Fenton 1960, Wilkinson): σ_F² = ln(1 + Var/E²).
 *
 * Some draws at a time: what is done between two steps is the caller's.
 *
 * @param beliefRandom for what two pieces of work of one kind have in common: equally seeded they share it
 * @param noiseRandom  for the requests
 */
export function* drawWorkloadCosts(
  { requests, arms, decidedByOutcomes }: Workload,
  drawCount: number,
  beliefRandom: Random,
  noiseRandom: Random,
): Generator<void, Float64Array> {
  const beliefNormal = randomNormal.source(beliefRandom)();
  const normal = randomNormal.source(noiseRandom)();
  const costs = new Float64Array(drawCount);
  const mix = new Float64Array(arms.length);
  const scales = new Float64Array(arms.length);
  const shares = Float64Array.from(arms, ({ share }) => share);
  const prompts = Float64Array.from(arms, ({ promptMicroUsd }) => promptMicroUsd);
  const answers = Float64Array.from(arms, (arm) => expectedMicroUsd(arm) - arm.promptMicroUsd);
  /** e^σ² − 1 */
  const spreads = Float64Array.from(arms, ({ logVariance }) => Math.expm1(logVariance));
  const meanVariances = Float64Array.from(arms, ({ logMeanVariance }) => logMeanVariance);
  const meanDeviations = meanVariances.map(Math.sqrt);
  for (let draw = 0; draw < drawCount; draw += 1) {
    const off = Math.exp(ESTIMATE_DEVIATION * beliefNormal() - ESTIMATE_DEVIATION ** 2 / 2);
    const winner = pick(shares, beliefRandom());
    for (let index = 0; index < shares.length; index += 1) {
      scales[index] = Math.exp(
        (meanDeviations[index] as number) * beliefNormal() - (meanVariances[index] as number) / 2,
      );
      mix[index] =
        (1 - decidedByOutcomes) * (shares[index] as number) + (index === winner ? decidedByOutcomes : 0);
    }
    costs[draw] = off * (requests > DRAWN_SINGLY ? drawSum() : drawSingly());
    if (draw % DRAWS_AT_ONCE === DRAWS_AT_ONCE - 1) yield;
  }
  return costs;

  function drawSingly(): number {
    let total = 0;
    for (let request = 0; request < requests; request += 1) {
      const index = pick(mix, noiseRandom());
      const arm = arms[index];
      if (arm === undefined) continue;
      const tokens = (scales[index] ?? 1) * Math.exp(arm.logMean + Math.sqrt(arm.logVariance) * normal());
      total += arm.promptMicroUsd + arm.microUsdPerOutputToken * tokens;
    }
    return total;
  }

  function drawSum(): number {
    let mean = 0;
    let square = 0;
    for (let index = 0; index < mix.length; index += 1) {
      const share = mix[index] as number;
      const answer = (scales[index] as number) * (answers[index] as number);
      const one = (prompts[index] as number) + answer;
      mean += share * one;
      square += share * (one * one + answer * answer * (spreads[index] as number));
    }
    if (!(mean > 0)) return 0;
    const logVariance = Math.log1p(Math.max(0, square - mean * mean) / (requests * mean * mean));
    return requests * mean * Math.exp(Math.sqrt(logVariance) * normal() - logVariance / 2);
  }
}

/** The 10 % and the 90 % quantile: bounds of the central 80 % interval. */
export function quantilesOf(draws: Float64Array): { readonly p10: number; readonly p90: number } {
  const [p10 = 0, p90 = 0] = draws.length === 0 ? [] : quantile(Array.from(draws), [0.1, 0.9]);
  return { p10, p90 };
}

/** An index by its share; shares sum to 1 up to rounding. */
function pick(shares: Float64Array, uniform: number): number {
  let remaining = uniform;
  let last = 0;
  for (let index = 0; index < shares.length; index += 1) {
    const share = shares[index] as number;
    if (share <= 0) continue;
    if (remaining < share) return index;
    remaining -= share;
    last = index;
  }
  return last;
}
