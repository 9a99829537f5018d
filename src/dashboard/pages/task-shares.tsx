import type { UsageReport } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { percent, words } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { seriesOf } from '../series.ts';
import { useData } from '../use-data.ts';

const DAY_MS = 86_400_000;
const DAYS = 14;

/** Where the requests of one task went, day by day. */
export function TaskShares(props: { task: string }) {
  const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const from = new Date(todayMs - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const usage = useData<UsageReport>(`usage?group_by=day,model&task=${props.task}&from=${from}&limit=1000`, {
    everyMs: 30_000,
    isWhole: true,
  });
  const rows = usage.answer?.data ?? [];
  if (rows.length === 0) return null;
  const times = Array.from({ length: DAYS }, (_, index) => todayMs - (DAYS - 1 - index) * DAY_MS);
  const models = [...new Set(rows.map(({ model }) => model ?? ''))];
  const series = seriesOf(times, rows, models, ({ requests }) => requests);
  const totals = times.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  return (
    <section class="card stack">
      <h2>Where {words(props.task).toLowerCase()} went, by the day</h2>
      <Chart
        kind="stacked"
        step="days"
        label={`Share of each model in the requests of ${words(props.task)}, over two weeks`}
        times={times.map((time) => time / 1_000)}
        series={series.map(({ name, values }) => ({
          label: name,
          colour: colourOf(name),
          values: values.map((value, at) => ((totals[at] ?? 0) > 0 ? value / (totals[at] ?? 1) : 0)),
        }))}
        format={(share) => percent(share)}
      />
    </section>
  );
}
