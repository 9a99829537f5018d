import type { Rankings, Recommendations } from '../answers.ts';
import { betaDensity, QUALITY_AXIS } from '../beta-density.ts';
import { colourOf } from '../colours.ts';
import { exactPercent, hundredths, milliseconds, percent, usd, words } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { Command } from '../parts/command.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Interval, Share } from '../parts/interval.tsx';
import { Evidence, Status } from '../parts/status.tsx';
import { useData } from '../use-data.ts';

type Task = Rankings['data'][number];

/** Of more curves nobody tells one from another. */
const MOST_CURVES = 6;

/** What is believed of each model on one task, and why they stand in this order. */
export function TaskBeliefs(props: { task: Task; strategy: string }) {
  const { task, strategy } = props;
  const why = useData<Recommendations>(
    `intelligence/recommendations?task=${task.task}&strategy=${encodeURIComponent(strategy)}&limit=100`,
    { everyMs: 15_000 },
  );
  const [first, ...others] = why.answer?.data ?? [];
  return (
    <section class="card stack">
      <h2>{words(task.task)}</h2>
      {first ? <Why task={task} first={first} /> : null}
      {task.models.every(({ evidence }) => evidence === 'prior') ? <NothingSeen /> : null}
      <p class="small quiet">What is believed of each model's quality: the narrower the curve, the surer.</p>
      <Densities task={task} />
      <DataTable
        caption={`The likeliest best first, by '${strategy}'. The bar is the range that holds the true quality with 90 % probability.`}
        isCaptionShown
        columns={[
          'Model',
          'Quality, 0 to 1',
          'Best with probability',
          { number: 'Share of traffic' },
          { number: 'Per 1,000' },
          { number: 'Time, p50' },
          'Known from',
        ]}
      >
        {task.models.map((row) => (
          <Row key={row.model} row={row} />
        ))}
      </DataTable>
      {others.length > 0 ? (
        <details>
          <summary>What the others would give and take</summary>
          <ul class="plain small reasons">
            {others.map(({ model, reason }) => (
              <li key={model}>
                <strong>{model}.</strong> {reason}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  );
}

/** The likeliest best and the one worth most on average are mostly the same; where they are not, both are told. */
function Why(props: { task: Task; first: Recommendations['data'][number] }) {
  const { task, first } = props;
  const likeliest = task.models.find(({ model }) => model === task.best);
  return (
    <p data-field="why">
      <span class="swatch" style={{ background: colourOf(first.model) }} />
      <strong>{first.model}</strong> is expected to be worth the most here. {first.reason}
      {likeliest === undefined || likeliest.model === first.model ? null : (
        <>
          {' '}
          The likeliest to be the best is <strong>{likeliest.model}</strong>, with{' '}
          {percent(likeliest.probability_best)}: close, or still unsure.
        </>
      )}
    </p>
  );
}

function Row({ row }: { row: Task['models'][number] }) {
  const colour = colourOf(row.model);
  return (
    <tr data-model={row.model}>
      <th scope="row" class="name">
        <span class="swatch" style={{ background: colour }} />
        {row.model}
        {row.trial ? <span class="tag warn">on trial, {row.trial.remaining} left</span> : null}
        {row.exposure ? <span class="tag warn">at most {exactPercent(row.exposure.max_share)}</span> : null}
        {row.paused ? <Status status="paused" /> : null}
      </th>
      <td>
        <div class="measure">
          <span class="number" data-field="quality">
            {hundredths(row.quality.mean)}
          </span>
          <Interval
            mean={row.quality.mean}
            low={row.quality.low_90}
            high={row.quality.high_90}
            colour={colour}
          />
        </div>
      </td>
      <td>
        <div class="measure">
          <span class="number">{percent(row.probability_best)}</span>
          <Share
            share={row.probability_best}
            colour={colour}
            label={`Best with probability ${percent(row.probability_best)}`}
          />
        </div>
      </td>
      <td class="right">{percent(row.traffic_share)}</td>
      <td class="right">{usd(row.cost_usd_per_1k_requests)}</td>
      <td class="right">{milliseconds(row.latency_ms.p50)}</td>
      <td>
        <Evidence evidence={row.evidence} samples={row.samples} />
      </td>
    </tr>
  );
}

/** The beliefs as curves: the narrower, the surer. */
function Densities({ task }: { task: Task }) {
  const shown = [...task.models]
    .sort(
      (one, other) =>
        other.probability_best - one.probability_best || other.traffic_share - one.traffic_share,
    )
    .slice(0, MOST_CURVES);
  return (
    <Chart
      kind="areas"
      label={`What is believed of the quality of ${shown.map(({ model }) => model).join(', ')}: the table below tells each mean and interval`}
      times={QUALITY_AXIS}
      formatAt={hundredths}
      series={shown.map(({ model, quality }) => ({
        label: model,
        colour: colourOf(model),
        values: betaDensity(quality.alpha, quality.beta),
      }))}
      format={hundredths}
      height={170}
      hasNoScale
      hasNoTable
    />
  );
}

function NothingSeen() {
  return (
    <div class="notice stack">
      <p>
        Nothing was observed here for this task yet: what stands below comes from public leaderboards, price
        and size, and gives way to outcomes within a few hundred requests. Tell how good an answer was, by its{' '}
        <code>x-request-id</code>:
      </p>
      <Command
        text={`curl ${location.origin}/v1/feedback/REQUEST_ID \\
  -H "authorization: Bearer $OUTRIDER_KEY" \\
  -H 'content-type: application/json' -d '{"score": 1}'`}
      />
      <p>Or bring the results of your own evaluation:</p>
      <Command text="npx outrider import results.csv --name my-evaluation" />
    </div>
  );
}
