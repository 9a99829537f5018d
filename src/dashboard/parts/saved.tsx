import type { Savings } from '../answers.ts';
import { usd } from '../format.ts';
import { Figure } from './figure.tsx';

/** What routing saved, or spent more for better answers, against always the model that is believed best. */
export function Saved({ savings }: { savings: Savings }) {
  const best = savings.comparisons.find(({ against }) => against === 'best');
  if (best === undefined) return null;
  const { saved_usd: saved, quality_gain: gain } = best;
  const label = `Against always ${best.model}, 30 days`;
  if (saved === null) {
    return (
      <Figure label={label} value="–">
        {best.cost_usd.refusal?.message ?? 'not to be told yet'}
      </Figure>
    );
  }
  const [less, more] = saved.mean >= 0 ? [saved.low_90, saved.high_90] : [-saved.high_90, -saved.low_90];
  return (
    <Figure
      label={label}
      value={`${usd(Math.abs(saved.mean))} ${saved.mean >= 0 ? 'saved' : 'more'}`}
      tone={saved.low_90 > 0 ? 'good' : undefined}
    >
      {gain === null
        ? ''
        : `quality ${signed(gain.mean)} (${signed(gain.low_90)} to ${signed(gain.high_90)}); `}
      {usd(less)} to {usd(more)}
    </Figure>
  );
}

/** Hundredths with their sign. */
export function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return text === '0.00' ? '±0.00' : `${value > 0 ? '+' : '−'}${text}`;
}
