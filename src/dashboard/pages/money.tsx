import type { SpendForecast, UsageReport } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, usd, words } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { Command } from '../parts/command.tsx';
import { Figure } from '../parts/figure.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { seriesOf } from '../series.ts';
import { useData } from '../use-data.ts';
import { Budgets } from './budgets.tsx';
import { MonthAhead } from './month-ahead.tsx';
import { SavingsTable } from './savings.tsx';
import { keyNameOf, Split } from './split.tsx';
import { WhatIf } from './what-if.tsx';
import { WhereItGoes } from './where-it-goes.tsx';

const DAY_MS = 86_400_000;
const DAYS = 30;

/** What it costs, by whom and for what, and what it will. */
export function MoneyPage() {
  const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const from = new Date(todayMs - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const days = useData<UsageReport>(`usage?group_by=day,model&from=${from}&limit=1000`, {
    isLive: true,
    isWhole: true,
  });
  const uses = useData<UsageReport>(`usage?group_by=key,task,model&from=${from}&limit=1000`, {
    everyMs: 60_000,
  });
  const forecast = useData<SpendForecast>('intelligence/cost-forecast?until=month', { everyMs: 60_000 });
  const hasSpent = (days.answer?.total.requests ?? 0) > 0;
  return (
    <>
      <PageHead
        title="Money"
        about="What was spent in the last 30 days, on which models, for which tasks, by which keys; and what this month will have cost."
      />
      <Loaded data={days}>
        {(report) =>
          report.total.requests === 0 ? (
            <NothingSpent />
          ) : (
            <Spent report={report} uses={uses.answer} forecast={forecast.answer} todayMs={todayMs} />
          )
        }
      </Loaded>
      {hasSpent ? (
        <div class="three">
          <Split title="By key" group="key" from={from} nameOf={keyNameOf} />
          <Split title="By task" group="task" from={from} nameOf={({ task }) => words(task ?? '')} />
          <Split title="By model" group="model" from={from} nameOf={({ model }) => model ?? ''} />
        </div>
      ) : null}
      {hasSpent && forecast.answer ? <MonthAhead forecast={forecast.answer} /> : null}
      {forecast.answer ? <Budgets forecast={forecast.answer} /> : null}
      {hasSpent ? <SavingsTable /> : null}
      {hasSpent ? <WhatIf /> : null}
    </>
  );
}

function NothingSpent() {
  return (
    <Empty title="Nothing spent yet">
      <p>
        Every attempt is charged at its endpoint's price, from the usage that the provider states. What your
        traffic will cost can be asked before there is any:
      </p>
      <Command
        text={`curl ${location.origin}/v1/intelligence/cost-forecast \\
  -H "authorization: Bearer $OUTRIDER_KEY" -H 'content-type: application/json' \\
  -d '{"tasks": [{"type": "code_generation", "estimated_tokens": 50000}]}'`}
      />
    </Empty>
  );
}

function Spent(props: {
  report: UsageReport;
  uses: UsageReport | undefined;
  forecast: SpendForecast | undefined;
  todayMs: number;
}) {
  const { report, todayMs } = props;
  // Without a history it says nothing but what is spent.
  const forecast = props.forecast && props.forecast.history_hours > 0 ? props.forecast : undefined;
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
            {usd(forecast.p10_usd)} to {usd(forecast.p90_usd)} in four of five cases
          </Figure>
        ) : null}
        <Figure label="Per 1,000 requests" value={usd((1_000 * total.cost_usd) / total.requests)}>
          {count((total.input_tokens + total.output_tokens) / total.requests)} tokens a request
        </Figure>
      </div>
      {props.uses ? <WhereItGoes report={props.uses} /> : null}
      <section class="card stack">
        <h2>Spent a day, by model</h2>
        <Chart
          kind="stacked"
          step="days"
          label={`Spending a day by model over thirty days, ${usd(total.cost_usd)} in all`}
          times={times.map((time) => time / 1_000)}
          series={series.map(({ name, values }) => ({ label: name, values, colour: colourOf(name) }))}
          format={usd}
        />
      </section>
    </>
  );
}
