/** The head of a table: the names of its columns, those of numbers to the right. */
export function Columns(props: { names: readonly (string | { readonly number: string })[] }) {
  return (
    <thead>
      <tr>
        {props.names.map((name) =>
          typeof name === 'string' ? (
            <th key={name} scope="col">
              {name === '' ? <span class="sr">What can be done</span> : name}
            </th>
          ) : (
            <th key={name.number} scope="col" class="right">
              {name.number}
            </th>
          ),
        )}
      </tr>
    </thead>
  );
}
