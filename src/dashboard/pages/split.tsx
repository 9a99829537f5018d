import { useState } from 'preact/hooks';
import type { UsageGroup, UsageReport } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, NONE, percent, usd, words } from '../format.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Share } from '../parts/interval.tsx';
import { useData } from '../use-data.ts';

/** The rest is cents, and a long way down on a phone. */
const FIRST_SHOWN = 8;

export function keyNameOf({ key_name, key_id }: UsageGroup): string {
  return key_name ?? key_id ?? 'without a key';
}

/** The spending of the window, divided by one thing; the dearest first. */
export function Split(props: {
  title: string;
  group: 'model' | 'task' | 'key';
  from: string;
  nameOf: (row: UsageGroup) => string;
}) {
  const [isWhole, setWhole] = useState(false);
  const { answer } = useData<UsageReport>(`usage?group_by=${props.group}&from=${props.from}&limit=1000`, {
    everyMs: 30_000,
    isWhole: true,
  });
  if (answer === undefined || answer.total.requests === 0) return null;
  const all = [...answer.data].sort((one, other) => other.cost_usd - one.cost_usd);
  const rows = isWhole ? all : all.slice(0, FIRST_SHOWN);
  return (
    <section class="card">
      <h2>{props.title}</h2>
      <DataTable
        caption={`Spending ${props.title.toLowerCase()}`}
        isLines
        columns={[
          words(props.group),
          { number: 'Spent' },
          { number: 'Of all' },
          { number: 'Per 1,000', isMinor: true },
        ]}
      >
        {rows.map((row) => {
          const share = answer.total.cost_usd > 0 ? row.cost_usd / answer.total.cost_usd : 0;
          const name = props.nameOf(row) || NONE;
          return (
            <tr key={row.key_id ?? name}>
              <th scope="row" class="name">
                {name}
                <Share share={share} colour={props.group === 'model' ? colourOf(name) : 'var(--accent)'} />
              </th>
              <td class="right" title={`${count(row.requests)} requests`}>
                {usd(row.cost_usd)}
              </td>
              <td class="right">{percent(share)}</td>
              <td class="right">{usd(row.requests > 0 ? (1_000 * row.cost_usd) / row.requests : null)}</td>
            </tr>
          );
        })}
      </DataTable>
      {all.length > FIRST_SHOWN ? (
        <button type="button" class="button small" onClick={() => setWhole(!isWhole)}>
          {isWhole ? `The ${FIRST_SHOWN} dearest` : `All ${all.length} ${props.group}s`}
        </button>
      ) : null}
    </section>
  );
}
