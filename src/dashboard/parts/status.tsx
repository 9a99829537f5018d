import { count } from '../format.ts';

const STATUS_TO_TONE: Readonly<Record<string, string>> = {
  healthy: 'good',
  closed: 'good',
  ready: 'good',
  completed: 'good',
  degraded: 'warn',
  half_open: 'warn',
  waking: 'warn',
  cooling: 'warn',
  pending: 'warn',
  down: 'bad',
  open: 'bad',
  disabled: 'bad',
  paused: 'warn',
};

/** A word for how something is; the colour only repeats it. */
export function Status(props: { status: string }) {
  return <span class={`tag ${STATUS_TO_TONE[props.status] ?? ''}`}>{props.status.replace('_', ' ')}</span>;
}

/** How far a belief rests on what was seen here. */
export function Evidence(props: { evidence: string; samples: number }) {
  const words =
    props.evidence === 'prior'
      ? 'Nothing was observed here yet: leaderboards, price and size'
      : `Worth ${Math.max(1, Math.round(props.samples))} labelled outcomes`;
  return (
    <span class={`tag ${props.evidence === 'observed' ? 'good' : ''}`} title={words}>
      {props.evidence}
      {props.samples >= 0.5 ? ` · ${count(props.samples)}` : ''}
    </span>
  );
}
