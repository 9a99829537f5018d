/**
 * A strategy is a price on quality and time: u = V·θ − E[cost] − T·E[seconds], in dollars (docs/learning.md).
 * `bandit` ranks by utility; `priority` follows the order of the config; `cascade` tries the cheapest first and
 * moves up when the answer fails its automatic checks.
 */
export interface Strategy {
  readonly name: string;
  readonly kind: 'bandit' | 'priority' | 'cascade';
  /** V: what a perfect answer is worth over a useless one, USD. */
  readonly valueOfQualityUsd: number;
  /** T: what one second of waiting costs, USD. */
  readonly valueOfSecondUsd: number;
  /** Weight of generation time against time to first token: 1 counts both, 0 only the first token. */
  readonly generationTimeWeight: number;
  /** Models believed below this are left out once there is evidence; 0 leaves nobody out. */
  readonly minQuality: number;
  /** What 1,000 requests may cost on average, USD (`pacer.ts`); absent: no budget. Of kind `bandit` only. */
  readonly budgetUsdPer1kRequests?: number;
}

export const BUILT_IN_STRATEGIES = {
  balanced: bandit('balanced', 0.03, 0.0003),
  quality: bandit('quality', 1, 0.0001),
  price: bandit('price', 0.003, 0.00001),
  latency: { ...bandit('latency', 0.02, 0.01), generationTimeWeight: 0.25 },
  throughput: bandit('throughput', 0.02, 0.004),
  priority: { ...bandit('priority', 0.03, 0.0003), kind: 'priority' },
  cascade: { ...bandit('cascade', 0.03, 0.0003), kind: 'cascade' },
} as const satisfies Record<string, Strategy>;

function bandit(name: string, valueOfQualityUsd: number, valueOfSecondUsd: number): Strategy {
  return {
    name,
    kind: 'bandit',
    valueOfQualityUsd,
    valueOfSecondUsd,
    generationTimeWeight: 1,
    minQuality: 0,
  };
}
