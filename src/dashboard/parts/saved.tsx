import type { Savings } from '../answers.ts';
import { usd } from '../format.ts';
import { Figure } from './figure.tsx';

/** What routing saved, or spent more for better answers, against always the model that is believed best. */
export function Saved({ savings }: { savings: Savings }) {
  const best = savings.comparisons.find(({ against }) => against === 'best');
  if (best === undefined) return null;
  const { saved_usd: saved, quality_gain: gain } = best;
  const against = `against always ${best.model}`;
  if (saved === null) {
    return (
      <Figure label="Saved in 30 days" value="–">
        {against}: {best.cost_usd.refusal?.message ?? 'not to be told yet'}
      </Figure>
    );
  }
  const [less, more] = saved.mean >= 0 ? [saved.low_90, saved.high_90] : [-saved.high_90, -saved.low_90];
  return (
    <Figure
      label={saved.mean >= 0 ? 'Saved in 30 days' : 'Spent more in 30 days'}
      value={usd(Math.abs(saved.mean))}
      tone={saved.low_90 > 0 ? 'good' : undefined}
    >
      {usd(less)} to {usd(more)} {against}
      {gain === null
        ? ''
        : `; quality ${signed(gain.mean)} (${signed(gain.low_90)} to ${signed(gain.high_90)})`}
    </Figure>
  );
}

/** Hundredths with their sign. */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return text === '0.00' ? '±0.00' : `${value > 0 ? '+' : '−'}${text}`;
}
