/** Sums of the roll-up. */
export interface Traffic {
  requests: number;
  completed: number;
  failures: number;
  costMicroUsd: number;
  outputTokens: number;
  latencyMsSum: number;
}

/** Adds rows up by whatever `keyOf` says. */
export function sumTraffic<Row extends Readonly<Traffic>>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): Map<string, Traffic> {
  const sums = new Map<string, Traffic>();
  for (const row of rows) {
    const key = keyOf(row);
    let sum = sums.get(key);
    if (!sum) {
      sum = { requests: 0, completed: 0, failures: 0, costMicroUsd: 0, outputTokens: 0, latencyMsSum: 0 };
      sums.set(key, sum);
    }
    sum.requests += row.requests;
    sum.completed += row.completed;
    sum.failures += row.failures;
    sum.costMicroUsd += row.costMicroUsd;
    sum.outputTokens += row.outputTokens;
    sum.latencyMsSum += row.latencyMsSum;
  }
  return sums;
}
