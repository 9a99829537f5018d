import { percent } from '../format.ts';

const DIRECTION_TO_SIGN: Readonly<Record<string, string>> = {
  rising: '↗',
  falling: '↘',
  new: '+',
  gone: '−',
};

/** Whether something has become more or less, beyond chance. */
export function Trend(props: { direction: string; change?: number | null }) {
  const { direction } = props;
  // What is within chance is no change, whatever its number.
  const change = direction === 'rising' || direction === 'falling' ? (props.change ?? null) : null;
  return (
    <span class={direction === 'steady' ? 'small nowrap quiet' : 'small nowrap'}>
      <span aria-hidden="true">{DIRECTION_TO_SIGN[direction] ?? ''}</span> {direction}
      {change === null ? '' : ` ${amountOf(change)}`}
    </span>
  );
}

/** `+64 %`; what is more than three times as much as a factor. */
function amountOf(change: number): string {
  if (change >= 2) return `×${(1 + change).toFixed(change >= 9 ? 0 : 1)}`;
  return `${change > 0 ? '+' : '−'}${percent(Math.abs(change))}`;
}
