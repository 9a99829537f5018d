import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { type Column, Columns, nameOfColumn } from './columns.tsx';

/**
 * A table. Where the screen is too narrow for it each row becomes a card, in which every cell bears the name of its column
 * (style.css), or two lines; columns that `isMinor` are left out already where it is tight.
 */
export function DataTable(props: {
  /** For those who do not see it; shown where `isCaptionShown`. */
  caption: string;
  isCaptionShown?: boolean;
  /** On a phone two lines a row instead of a card, for long lists: the first cell and the numbers say what they are. */
  isLines?: boolean;
  columns: readonly Column[];
  children: ComponentChildren;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  // After each drawing: rows come and go.
  useLayoutEffect(() => {
    for (const row of body.current?.rows ?? []) {
      for (const [place, cell] of [...row.cells].entries()) {
        const column = props.columns[place];
        if (column === undefined) continue;
        cell.dataset.label = nameOfColumn(column);
        cell.classList.toggle('minor', typeof column === 'object' && column.isMinor === true);
      }
    }
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it nobody without a mouse sees the right half
    <section class="scroll" tabIndex={0} aria-label={props.caption}>
      <table class={props.isLines ? 'data lines' : 'data'}>
        <caption class={props.isCaptionShown ? '' : 'sr'}>{props.caption}</caption>
        <Columns names={props.columns} />
        <tbody ref={body}>{props.children}</tbody>
      </table>
    </section>
  );
}
