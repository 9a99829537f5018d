/** Whole micro-USD as plain decimal USD: `1234500` → `1.2345`, `-20` → `-0.00002`. Exact, never an exponent. */
export function formatUsd(microUsd: number): string {
  const whole = Math.round(Math.abs(microUsd));
  const sign = microUsd < 0 && whole > 0 ? '-' : '';
  const dollars = Math.floor(whole / 1_000_000);
  const fraction = String(whole % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${sign}${dollars}` : `${sign}${dollars}.${fraction}`;
}
