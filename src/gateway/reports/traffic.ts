import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { ModelTraffic } from '../../store/contract.ts';

/** The windows that reports can be asked for, in milliseconds. */
const WINDOW_TO_MS: Readonly<Record<string, number>> = {
  '1h': 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
  '30d': 30 * 24 * 3_600_000,
};

/** @throws GatewayError 400 naming the windows there are. */
export function windowMs(name: string): number {
  const found = Object.hasOwn(WINDOW_TO_MS, name) ? WINDOW_TO_MS[name] : undefined;
  if (found !== undefined) return found;
  throw badRequest(
    `There is no window '${name.slice(0, 32)}'. There are: ${Object.keys(WINDOW_TO_MS).join(', ')}.`,
    'window',
  );
}

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
export function sumTraffic(
  rows: readonly ModelTraffic[],
  keyOf: (row: ModelTraffic) => string,
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
