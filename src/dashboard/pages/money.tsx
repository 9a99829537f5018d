import type { SpendForecast, UsageGroup, UsageReport } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, NONE, percent, usd, words } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { Columns } from '../parts/columns.tsx';
import { Figure } from '../parts/figure.tsx';
import { Share } from '../parts/interval.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { seriesOf } from '../series.ts';
import { useData } from '../use-data.ts';

const DAY_MS = 86_400_000;
const DAYS = 30;

/** What it costs, by whom and for what. */
export function MoneyPage() {
  const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const from = new Date(todayMs - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const days = useData<UsageReport>(`usage?group_by=day,model&from=${from}&limit=1000`, 15_000);
  return (
    <>
      <PageHead
        title="Money"
        about="What was spent in the last 30 days: on which models, for which tasks, by which keys."
      />
      <Loaded data={days}>
        {(report) =>
          report.total.requests === 0 ? (
            <Empty title="Nothing spent yet">
              <p>
                Every attempt is charged at its endpoint's price, from the usage that the provider states.
              </p>
            </Empty>
          ) : (
            <Spent report={report} todayMs={todayMs} />
          )
        }
      </Loaded>
      <Budgets />
      <div class="two">
        <Split title="By model" group="model" from={from} nameOf={({ model }) => model ?? ''} />
        <Split title="By task" group="task" from={from} nameOf={({ task }) => words(task ?? '')} />
        <Split
          title="By key"
          group="key"
          from={from}
          nameOf={({ key_name, key_id }) => key_name ?? key_id ?? 'without a key'}
        />
      </div>
    </>
  );
}

function Spent(props: { report: UsageReport; todayMs: number }) {
  const { report, todayMs } = props;
  const { answer } = useData<SpendForecast>('intelligence/cost-forecast?until=month', 60_000);
  // Without a history it says nothing but what is spent.
  const forecast = answer !== undefined && answer.history_hours > 0 ? answer : undefined;
  const times = Array.from({ length: DAYS }, (_, index) => todayMs - (DAYS - 1 - index) * DAY_MS);
  const models = [...new Set(report.data.map(({ model }) => model ?? ''))];
  const series = seriesOf(times, report.data, models, ({ cost_usd }) => cost_usd);
  const today = series.reduce((sum, { values }) => sum + (values.at(-1) ?? 0), 0);
  const yesterday = series.reduce((sum, { values }) => sum + (values.at(-2) ?? 0), 0);
  const { total } = report;
  return (
    <>
      <div class="cards">
        <Figure label="In 30 days" value={usd(total.cost_usd)}>
          {count(total.requests)} requests
        </Figure>
        <Figure label="Today" value={usd(today)}>
          {usd(yesterday)} yesterday
        </Figure>
        {forecast ? (
          <Figure label="By the end of the month" value={usd(forecast.expected_usd)}>
            {usd(forecast.p10_usd)} to {usd(forecast.p90_usd)} in four of five cases;{' '}
            {usd(forecast.spent_usd)} so far
          </Figure>
        ) : null}
        <Figure label="Per 1,000 requests" value={usd((1_000 * total.cost_usd) / total.requests)}>
          {count((total.input_tokens + total.output_tokens) / total.requests)} tokens a request
        </Figure>
      </div>
      <section class="card stack">
        <h2>Spent a day, by model</h2>
        <Chart
          kind="stacked"
          label={`Spending a day by model over thirty days, ${usd(total.cost_usd)} in all`}
          times={times.map((time) => time / 1_000)}
          series={series.map(({ name, values }) => ({ label: name, values, colour: colourOf(name, models) }))}
          format={(value) => usd(value)}
        />
      </section>
    </>
  );
}

/** How much of each budget is used, and when it will be. */
function Budgets() {
  const { answer } = useData<SpendForecast>('intelligence/cost-forecast?until=month', 60_000);
  if (answer === undefined || answer.budgets.length === 0) return null;
  // Of the first hours nothing can be told.
  const isKnown = answer.history_hours > 0;
  return (
    <section class="card">
      <h2>Budgets</h2>
      <div class="scroll">
        <table>
          <caption class="sr">Budgets, how much of each is used, and how long it lasts</caption>
          <Columns
            names={[
              'Whose',
              'For a',
              'Used',
              { number: 'Spent' },
              { number: 'Limit' },
              { number: 'By its end' },
              'Lasts',
              'Begins anew',
            ]}
          />
          <tbody>
            {answer.budgets.map((budget) => {
              const share = budget.limit_usd > 0 ? budget.spent_usd / budget.limit_usd : 0;
              const colour = share >= 0.95 ? 'var(--bad)' : share >= 0.8 ? 'var(--warn)' : 'var(--good)';
              return (
                <tr key={`${budget.budget} ${budget.window}`}>
                  <th scope="row" class="name">
                    {budget.key_name ?? budget.budget}
                  </th>
                  <td>{budget.window}</td>
                  <td>
                    <div class="row center">
                      <span class="number">{percent(share)}</span>
                      <Share share={share} colour={colour} label={`${percent(share)} used`} />
                    </div>
                  </td>
                  <td class="right">{usd(budget.spent_usd)}</td>
                  <td class="right">{usd(budget.limit_usd)}</td>
                  <td class="right">{isKnown ? usd(budget.expected_usd) : NONE}</td>
                  <td>{isKnown ? lasting(budget) : NONE}</td>
                  <td class="nowrap">{new Date(budget.resets_at).toLocaleDateString('en-GB')}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function lasting({ exhausted_at: at }: SpendForecast['budgets'][number]): string {
  return at
    ? `until ${new Date(at).toLocaleString('en-GB', { dateStyle: 'short', timeStyle: 'short' })}`
    : 'to its end';
}

/** The spending of the window, divided by one thing; the dearest first. */
function Split(props: {
  title: string;
  group: 'model' | 'task' | 'key';
  from: string;
  nameOf: (row: UsageGroup) => string;
}) {
  const data = useData<UsageReport>(`usage?group_by=${props.group}&from=${props.from}&limit=100`, 30_000);
  const { answer } = data;
  if (answer === undefined || answer.total.requests === 0) return null;
  const rows = [...answer.data].sort((one, other) => other.cost_usd - one.cost_usd);
  const names = rows.map(props.nameOf);
  return (
    <section class="card">
      <h2>{props.title}</h2>
      <div class="scroll">
        <table>
          <caption class="sr">Spending {props.title.toLowerCase()}</caption>
          <Columns
            names={[
              words(props.group),
              'Share',
              { number: 'Spent' },
              { number: 'Requests' },
              { number: 'Per 1,000' },
            ]}
          />
          <tbody>
            {rows.map((row, index) => {
              const share = answer.total.cost_usd > 0 ? row.cost_usd / answer.total.cost_usd : 0;
              const name = names[index] ?? NONE;
              return (
                <tr key={name}>
                  <th scope="row" class="name">
                    {name}
                  </th>
                  <td>
                    <Share
                      share={share}
                      colour={props.group === 'model' ? colourOf(name, names) : 'var(--accent)'}
                      label={percent(share)}
                    />
                  </td>
                  <td class="right">{usd(row.cost_usd)}</td>
                  <td class="right">{count(row.requests)}</td>
                  <td class="right">
                    {usd(row.requests > 0 ? (1_000 * row.cost_usd) / row.requests : null)}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
