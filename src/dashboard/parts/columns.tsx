/** A name, or one of numbers, which stand to the right; `''`: what can be done with a row. */
export type Column =
  | string
  | { readonly number: string; readonly isMinor?: boolean }
  | { readonly text: string; readonly isMinor?: boolean };

export function nameOfColumn(column: Column): string {
  if (typeof column === 'string') return column;
  return 'number' in column ? column.number : column.text;
}

function classOf(column: Column): string {
  if (typeof column === 'string') return '';
  return `${'number' in column ? 'right' : ''} ${column.isMinor ? 'minor' : ''}`.trim();
}

/** The head of a table: the names of its columns, those of numbers to the right. */
export function Columns(props: { names: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {props.names.map((column) => {
          const name = nameOfColumn(column);
          return (
            <th key={name} scope="col" class={classOf(column)}>
              {name === '' ? <span class="sr">What can be done</span> : name}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}
