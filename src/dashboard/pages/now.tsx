import type { Health, Savings, UsageReport } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, milliseconds, NONE, percent, usd } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { Command } from '../parts/command.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Decisions } from '../parts/decisions.tsx';
import { Figure } from '../parts/figure.tsx';
import { Illness } from '../parts/illness.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Saved } from '../parts/saved.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { seriesOf } from '../series.ts';
import { useData } from '../use-data.ts';

const HOUR_MS = 3_600_000;

/** What happens at this moment, and whether anybody is ill. */
export function NowPage() {
  const toMs = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
  const from = new Date(toMs - 24 * HOUR_MS).toISOString();
  const hours = useData<UsageReport>(`usage?group_by=hour,model&from=${from}&limit=1000`, {
    isLive: true,
    isWhole: true,
  });
  const health = useData<Health>('intelligence/health', { isLive: true });
  const savings = useData<Savings>('intelligence/savings?window=30d', { everyMs: 60_000 });
  return (
    <>
      <PageHead
        title="Now"
        about="The last 24 hours, by the hour, and how the providers are at this moment."
      />
      {health.answer ? <Illness health={health.answer} /> : null}
      <Loaded data={hours}>
        {(report) =>
          report.total.requests === 0 ? (
            <Quiet />
          ) : (
            <Traffic report={report} health={health.answer} savings={savings.answer} toMs={toMs} />
          )
        }
      </Loaded>
      <div class="two">
        <Decisions />
        <section class="card">
          <h2>Providers</h2>
          <Loaded data={health}>{(answer) => <Providers health={answer} />}</Loaded>
        </section>
      </div>
    </>
  );
}

function Quiet() {
  return (
    <Empty title="No requests in the last 24 hours">
      <p>
        Point any OpenAI SDK at this gateway and set <code>model</code> to <code>auto</code>. This page then
        shows where the requests go, what they cost and how long they take.
      </p>
      <Command
        text={`curl ${location.origin}/v1/chat/completions \\
  -H "authorization: Bearer $OUTRIDER_KEY" \\
  -H 'content-type: application/json' \\
  -d '{"model": "auto", "messages": [{"role": "user", "content": "Hello!"}]}'`}
      />
      <p>Or, with simulated models, let a demonstration send some:</p>
      <Command text={`OUTRIDER_API_KEY=$OUTRIDER_KEY npm run demo -- --url ${location.origin}`} />
    </Empty>
  );
}

function Traffic(props: {
  report: UsageReport;
  health: Health | undefined;
  savings: Savings | undefined;
  toMs: number;
}) {
  const { report, health, savings, toMs } = props;
  const { total, data } = report;
  const times = Array.from({ length: 24 }, (_, index) => toMs - (24 - index) * HOUR_MS);
  const models = [...new Set(data.map(({ model }) => model ?? ''))];
  const series = seriesOf(times, data, models, (row) => row.requests);
  const asked = total.completed + total.failures;
  const slowest = slowestOf(health);
  return (
    <>
      <div class="cards">
        <Figure label="Requests" value={count(total.requests)}>
          {count(total.input_tokens + total.output_tokens)} tokens
        </Figure>
        <Figure label="Spent" value={usd(total.cost_usd)}>
          {usd(total.requests > 0 ? (1_000 * total.cost_usd) / total.requests : null)} per 1,000
        </Figure>
        {savings ? <Saved savings={savings} /> : null}
        <Figure
          label="Calls answered"
          value={asked > 0 ? percent(total.completed / asked, 1) : NONE}
          tone={asked > 0 && total.completed / asked < 0.95 ? 'warn' : undefined}
        >
          {total.failures === 0
            ? 'none failed'
            : `${count(total.failures)} failed; others took over where they could`}
        </Figure>
        <Figure label="Slowest, p50" value={milliseconds(slowest?.p50)}>
          {slowest ? slowest.endpoint : 'nothing in 30 minutes'}
        </Figure>
      </div>
      <section class="card stack">
        <h2>Requests an hour, by model</h2>
        <Chart
          kind="stacked"
          step="hours"
          label={`Requests an hour by model over the last day, ${count(total.requests)} in all`}
          times={times.map((time) => time / 1_000)}
          series={series.map(({ name, values }) => ({ label: name, values, colour: colourOf(name) }))}
          format={count}
        />
      </section>
    </>
  );
}

function slowestOf(health: Health | undefined): { endpoint: string; p50: number } | undefined {
  const measured = health?.data.flatMap(({ endpoints }) =>
    endpoints.flatMap(({ endpoint, latency_ms }) => (latency_ms ? [{ endpoint, p50: latency_ms.p50 }] : [])),
  );
  return measured?.sort((one, other) => other.p50 - one.p50)[0];
}

function Providers(props: { health: Health }) {
  return (
    <DataTable
      caption="Providers and how they are"
      columns={[
        'Provider',
        'Status',
        { number: 'Endpoints' },
        { number: 'Calls, 30 min' },
        { number: 'Uptime, 1 d' },
      ]}
    >
      {props.health.data.map(({ provider, status, endpoints }) => {
        const seen = endpoints.filter(({ uptime }) => uptime['1d'] !== null);
        const requests = seen.reduce((sum, one) => sum + one.requests['1d'], 0);
        const up = seen.reduce((sum, one) => sum + (one.uptime['1d'] ?? 0) * one.requests['1d'], 0);
        return (
          <tr key={provider}>
            <th scope="row" class="name">
              {provider}
            </th>
            <td>
              <Status status={status} />
            </td>
            <td class="right">{endpoints.length}</td>
            <td class="right">{count(endpoints.reduce((sum, one) => sum + one.requests['30m'], 0))}</td>
            <td class="right">{requests > 0 ? percent(up / requests, 1) : NONE}</td>
          </tr>
        );
      })}
    </DataTable>
  );
}
