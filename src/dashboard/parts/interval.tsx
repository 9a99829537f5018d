import { hundredths } from '../format.ts';

/** A mean with its 90 % interval on a scale from 0 to 1. */
export function Interval(props: { mean: number; low: number; high: number; colour: string }) {
  const { mean, low, high, colour } = props;
  const words = `${hundredths(mean)}, 90 % between ${hundredths(low)} and ${hundredths(high)}`;
  return (
    <div class="track interval" role="img" aria-label={words} title={words}>
      <span class="range" style={{ left: at(low), width: `${100 * (high - low)}%`, background: colour }} />
      <span class="mean" style={{ left: `calc(${at(mean)} - 1.5px)`, background: colour }} />
    </div>
  );
}

/** A share of a whole as a bar; slim and for the eye alone where no label says it. */
export function Share(props: { share: number; colour: string; label?: string }) {
  const { label } = props;
  const bar = <span style={{ width: at(props.share), background: props.colour }} />;
  if (label === undefined) return <div class="track slim">{bar}</div>;
  return (
    <div class="track" role="img" aria-label={label} title={label}>
      {bar}
    </div>
  );
}

function at(share: number): string {
  return `${100 * Math.min(1, Math.max(0, share))}%`;
}
