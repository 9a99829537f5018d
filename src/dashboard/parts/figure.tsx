import type { ComponentChildren } from 'preact';

/** One number, large, with what it is above and what to make of it below. */
export function Figure(props: {
  label: string;
  value: string;
  tone?: 'good' | 'warn' | 'bad';
  children?: ComponentChildren;
}) {
  return (
    <section class="card figure" aria-label={props.label}>
      <span class="quiet">{props.label}</span>
      <strong class={props.tone}>{props.value}</strong>
      <span class="quiet">{props.children}</span>
    </section>
  );
}
