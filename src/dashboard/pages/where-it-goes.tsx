import type { UsageGroup, UsageReport } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, percent, usd, words } from '../format.ts';
import { moneyFlow } from '../money-flow.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Flow } from '../parts/flow.tsx';
import { keyNameOf } from './split.tsx';

const MOST_USES = 6;

/** Who spends it, for which work, on which models: in a sentence, as a picture, and the dearest uses. */
export function WhereItGoes({ report }: { report: UsageReport }) {
  const { data, total } = report;
  const flow = moneyFlow(
    data.map((row) => ({
      path: [keyNameOf(row), words(row.task ?? ''), row.model ?? ''],
      usd: row.cost_usd,
    })),
    total.cost_usd,
  );
  if (flow === undefined) return null;
  return (
    <section class="card stack" data-field="where-it-goes">
      <h2>Where the money goes</h2>
      <Lead rows={data} total={total} />
      <Flow flow={flow} titles={['Key', 'Task', 'Model']} colourOf={colourOf} />
      <DataTable
        caption="The dearest uses"
        isCaptionShown
        isLines
        columns={[
          'Key and task',
          'Model',
          { number: 'Of all' },
          { number: 'Spent' },
          { number: 'Requests', isMinor: true },
          { number: 'Per 1,000', isMinor: true },
        ]}
      >
        {[...data]
          .sort((one, other) => other.cost_usd - one.cost_usd)
          .slice(0, MOST_USES)
          .map((row) => (
            <tr key={`${row.key_id} ${row.task} ${row.model}`}>
              <th scope="row" class="name">
                {keyNameOf(row)}
                <span class="quiet">, {words(row.task ?? '').toLowerCase()}</span>
              </th>
              <td>
                <span class="swatch" style={{ background: colourOf(row.model ?? '') }} />
                {row.model}
              </td>
              <td class="right">{percent(row.cost_usd / total.cost_usd)}</td>
              <td class="right">{usd(row.cost_usd)}</td>
              <td class="right">{count(row.requests)}</td>
              <td class="right">{usd(row.requests > 0 ? (1_000 * row.cost_usd) / row.requests : null)}</td>
            </tr>
          ))}
      </DataTable>
    </section>
  );
}

/** What one would tell a colleague. */
function Lead(props: { rows: readonly UsageGroup[]; total: UsageReport['total'] }) {
  const { rows, total } = props;
  const model = dearest(rows, ({ model }) => model ?? '');
  const key = dearest(rows, keyNameOf);
  const task = dearest(
    rows.filter((row) => keyNameOf(row) === key.name),
    (row) => row.task ?? '',
  );
  const isOneKey = rows.every((row) => keyNameOf(row) === key.name);
  return (
    <p class="lead">
      <span class="swatch" style={{ background: colourOf(model.name) }} />
      <strong>{model.name}</strong> takes {percent(model.usd / total.cost_usd)} of the money for{' '}
      {percent(model.requests / total.requests)} of the requests.{' '}
      {isOneKey ? (
        <>
          {percent(task.usd / total.cost_usd)} of it is spent on {words(task.name).toLowerCase()}.
        </>
      ) : (
        <>
          <strong>{key.name}</strong> spends the most, {percent(key.usd / total.cost_usd)}, above all on{' '}
          {words(task.name).toLowerCase()}.
        </>
      )}
    </p>
  );
}

function dearest(
  rows: readonly UsageGroup[],
  nameOf: (row: UsageGroup) => string,
): { readonly name: string; readonly usd: number; readonly requests: number } {
  const nameToSum = new Map<string, { name: string; usd: number; requests: number }>();
  for (const row of rows) {
    const name = nameOf(row);
    const sum = nameToSum.get(name) ?? { name, usd: 0, requests: 0 };
    sum.usd += row.cost_usd;
    sum.requests += row.requests;
    nameToSum.set(name, sum);
  }
  const [first] = [...nameToSum.values()].sort((one, other) => other.usd - one.usd);
  return first ?? { name: '', usd: 0, requests: 0 };
}
