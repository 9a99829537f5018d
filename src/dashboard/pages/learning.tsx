import { useState } from 'preact/hooks';
import type { Rankings, Recommendations, UsageReport } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, hundredths, milliseconds, percent, usd, words } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { Columns } from '../parts/columns.tsx';
import { Interval, Share } from '../parts/interval.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { Evidence } from '../parts/status.tsx';
import { hrefOf } from '../route.ts';
import { seriesOf } from '../series.ts';
import { useData } from '../use-data.ts';

const DAY_MS = 86_400_000;
const STRATEGIES = ['', 'balanced', 'quality', 'price', 'latency', 'throughput'] as const;

/** What is believed of each model on each task, and where the traffic went because of it. */
export function LearningPage(props: { detail: string }) {
  const [strategy, setStrategy] = useState('');
  const query = strategy === '' ? '' : `&strategy=${strategy}`;
  const rankings = useData<Rankings>(`intelligence/rankings?window=7d${query}`);
  return (
    <>
      <PageHead
        title="Learning"
        about="Per task, how good each model is believed to be here (0 to 1, with its 90 % interval), and how likely it is the best once cost and waiting are taken off."
      >
        <label>
          By the values of
          <select value={strategy} onChange={(event) => setStrategy(event.currentTarget.value)}>
            {STRATEGIES.map((name) => (
              <option key={name} value={name}>
                {name === '' ? 'the default strategy' : name}
              </option>
            ))}
          </select>
        </label>
      </PageHead>
      <Loaded data={rankings}>{(answer) => <Tasks rankings={answer} wanted={props.detail} />}</Loaded>
    </>
  );
}

function Tasks(props: { rankings: Rankings; wanted: string }) {
  const { data, strategy } = props.rankings;
  const byTraffic = [...data].sort((one, other) => other.requests - one.requests);
  const task = data.find((one) => one.task === props.wanted) ?? byTraffic[0];
  if (task === undefined) {
    return (
      <Empty title="Nothing to learn about yet">
        <p>No chat model is configured.</p>
      </Empty>
    );
  }
  const models = [...new Set(data.flatMap((one) => one.models.map(({ model }) => model)))];
  return (
    <>
      <ul class="cards plain" aria-label="Tasks">
        {byTraffic.map((one) => (
          <li key={one.task} class={one === task ? 'card chosen' : 'card'}>
            <a href={hrefOf('learning', one.task)} aria-current={one === task ? 'true' : undefined}>
              {words(one.task)}
            </a>
            <div class="small">
              <span class="swatch" style={{ background: colourOf(one.best ?? '', models) }} />
              {one.best ?? 'nobody'}
            </div>
            <div class="quiet small">
              {one.requests > 0 ? `${count(one.requests)} in 7 days` : 'no traffic yet'}
            </div>
          </li>
        ))}
      </ul>
      <OneTask task={task} strategy={strategy} models={models} />
      <Shares task={task.task} models={models} />
    </>
  );
}

type Task = Rankings['data'][number];

function OneTask(props: { task: Task; strategy: string; models: readonly string[] }) {
  const { task, strategy, models } = props;
  const why = useData<Recommendations>(
    `intelligence/recommendations?task=${task.task}&strategy=${encodeURIComponent(strategy)}&limit=100`,
    15_000,
  );
  const reasons = new Map(why.answer?.data.map(({ model, reason }) => [model, reason]));
  const isAllPrior = task.models.every(({ evidence }) => evidence === 'prior');
  return (
    <section class="card stack">
      <h2>{words(task.task)}</h2>
      {isAllPrior ? (
        <p class="notice">
          Nothing was observed here for this task yet: what stands below comes from public leaderboards, price
          and size, and gives way to outcomes within a few hundred requests. Tell how good answers were with{' '}
          <code>POST /v1/feedback/&#123;request_id&#125;</code>.
        </p>
      ) : null}
      <div class="scroll">
        <table>
          <caption>Best first, by '{strategy}'</caption>
          <Columns
            names={[
              'Model',
              'Quality, 0 to 1',
              'Best with probability',
              'Share of traffic',
              { number: 'Per 1,000' },
              { number: 'p50' },
              'Known from',
            ]}
          />
          <tbody>
            {task.models.map((row) => (
              <tr key={row.model} data-model={row.model}>
                <th scope="row" class="name">
                  {row.model}
                  {row.trial ? <span class="tag warn"> on trial</span> : null}
                </th>
                <td>
                  <div class="row center">
                    <span class="number" data-field="quality">
                      {hundredths(row.quality.mean)}
                    </span>
                    <Interval
                      mean={row.quality.mean}
                      low={row.quality.low_90}
                      high={row.quality.high_90}
                      colour={colourOf(row.model, models)}
                    />
                  </div>
                </td>
                <td>
                  <div class="row center">
                    <span class="number">{percent(row.probability_best)}</span>
                    <Share
                      share={row.probability_best}
                      colour={colourOf(row.model, models)}
                      label={`Best with probability ${percent(row.probability_best)}`}
                    />
                  </div>
                </td>
                <td class="number">{percent(row.traffic_share)}</td>
                <td class="right">{usd(row.cost_usd_per_1k_requests)}</td>
                <td class="right">{milliseconds(row.latency_ms.p50)}</td>
                <td>
                  <Evidence evidence={row.evidence} samples={row.samples} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {why.answer && why.answer.data.length > 0 ? (
        <details open>
          <summary>Why this order</summary>
          <ul class="plain small">
            {why.answer.data.map(({ model }) => (
              <li key={model}>
                <strong>{model}.</strong> {reasons.get(model)}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  );
}

/** Where the requests of one task went, day by day. */
function Shares(props: { task: string; models: readonly string[] }) {
  const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const from = new Date(todayMs - 13 * DAY_MS).toISOString().slice(0, 10);
  const usage = useData<UsageReport>(`usage?group_by=day,model,task&from=${from}&limit=1000`, 30_000);
  const rows = usage.answer?.data.filter(({ task }) => task === props.task) ?? [];
  if (rows.length === 0) return null;
  const times = Array.from({ length: 14 }, (_, index) => todayMs - (13 - index) * DAY_MS);
  const models = [...new Set(rows.map(({ model }) => model ?? ''))];
  const series = seriesOf(times, rows, models, ({ requests }) => requests);
  const totals = times.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  return (
    <section class="card stack">
      <h2>Where {words(props.task).toLowerCase()} went, by the day</h2>
      <Chart
        kind="stacked"
        label={`Share of each model in the requests of ${words(props.task)}, over two weeks`}
        times={times.map((time) => time / 1_000)}
        series={series.map(({ name, values }) => ({
          label: name,
          colour: colourOf(name, props.models),
          values: values.map((value, at) => ((totals[at] ?? 0) > 0 ? value / (totals[at] ?? 1) : 0)),
        }))}
        format={(share) => percent(share)}
      />
    </section>
  );
}
