import type { ComponentChildren } from 'preact';

/** What may be wider than the screen: the keyboard moves it as well. */
export function Scroll(props: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it nobody without a mouse sees the right half
    <section class="scroll" tabIndex={0} aria-label={props.label}>
      {props.children}
    </section>
  );
}
