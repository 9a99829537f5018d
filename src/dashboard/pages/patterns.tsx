import { useState } from 'preact/hooks';
import type { Patterns } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, hundredths, language, NONE, percent, usd, words } from '../format.ts';
import { Command } from '../parts/command.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { Trend } from '../parts/trend.tsx';
import { hrefOf } from '../route.ts';
import { useData } from '../use-data.ts';

type Pattern = Patterns['data'][number];

const WINDOWS = { '24h': 'day', '7d': 'week', '30d': 'month' } as const;
/** Kinds that are shown at first, and at most. */
const FEW = 20;
const MANY = 100;
/** Of each kind of request; the rest is counted. */
const MOST_MODELS = 4;

/** What the traffic here looks like: kinds of requests, who answers them, and what is new. */
export function PatternsPage() {
  const [window, setWindow] = useState<keyof typeof WINDOWS>('7d');
  const [limit, setLimit] = useState<number>(FEW);
  const patterns = useData<Patterns>(`intelligence/patterns?window=${window}&limit=${limit}`, {
    everyMs: 30_000,
  });
  return (
    <>
      <PageHead
        title="Patterns"
        about="Which kinds of requests come here, who answers each kind, and what has become more or less. No prompt is kept: a kind is its task, size, tools, turns and language."
      >
        <label>
          Over the last
          <select
            value={window}
            onChange={(event) => setWindow(event.currentTarget.value as keyof typeof WINDOWS)}
          >
            {Object.entries(WINDOWS).map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </PageHead>
      <Loaded data={patterns}>
        {(answer) =>
          answer.total.requests === 0 ? (
            <NoTraffic />
          ) : (
            <Kinds
              patterns={answer}
              isWhole={limit > FEW}
              onMore={answer.has_more || limit > FEW ? () => setLimit(limit > FEW ? FEW : MANY) : undefined}
            />
          )
        }
      </Loaded>
    </>
  );
}

function Kinds(props: { patterns: Patterns; isWhole: boolean; onMore: (() => void) | undefined }) {
  const { data, trending, suppressed, min_requests: least } = props.patterns;
  return (
    <>
      {trending.length > 0 ? (
        <section class="card stack">
          <h2>By task, against the time before</h2>
          <DataTable
            caption="Tasks: how many requests, and which models they go to more or less than before"
            columns={['Task', { number: 'Requests' }, 'Trend', 'Models']}
          >
            {trending.map((row) => (
              <tr key={row.task}>
                <th scope="row" class="name">
                  <a href={hrefOf('learning', row.task)}>{words(row.task)}</a>
                </th>
                <td class="right">{count(row.requests)}</td>
                <td>
                  {row.trend ? <Trend direction={row.trend.direction} change={row.trend.change} /> : NONE}
                </td>
                <td>
                  <ul class="chips">
                    {row.models.filter(isWorthTelling).map((one) => (
                      <li key={one.model} class="small">
                        <span class="swatch" style={{ background: colourOf(one.model) }} />
                        {one.model} {percent(one.share)}{' '}
                        {one.direction && one.direction !== 'steady' ? (
                          <Trend direction={one.direction} />
                        ) : null}
                      </li>
                    ))}
                  </ul>
                </td>
              </tr>
            ))}
          </DataTable>
        </section>
      ) : null}
      <section class="card stack">
        <h2>Kinds of requests, the busiest first</h2>
        {data.length === 0 ? (
          <p class="quiet small">No kind came {least} times or more, so none is shown.</p>
        ) : (
          <DataTable
            caption="Kinds of requests, with the models that answered them"
            columns={[
              'Kind',
              { number: 'Requests' },
              'Trend',
              { number: 'Per 1,000' },
              'Answered by, with quality',
            ]}
          >
            {data.map((row) => (
              <Row key={kindOf(row)} row={row} />
            ))}
          </DataTable>
        )}
        {props.onMore ? (
          <div>
            <button type="button" class="button" onClick={props.onMore}>
              {props.isWhole ? `The ${FEW} busiest` : 'More kinds'}
            </button>
          </div>
        ) : null}
        {suppressed.requests > 0 ? (
          <p class="small quiet">
            {count(suppressed.requests)} requests of {count(suppressed.buckets)} rarer kinds are counted, not
            shown.
          </p>
        ) : null}
      </section>
    </>
  );
}

function Row({ row }: { row: Pattern }) {
  // Who is gone has answered none of them.
  const answering = row.models.filter(({ share }) => share > 0);
  const shown = answering.filter(isWorthTelling).slice(0, MOST_MODELS);
  const left = answering.length - shown.length + row.other_models.models;
  return (
    <tr>
      <th scope="row" class="name">
        {words(row.task)}
        <div class="small quiet">{kindOf(row)}</div>
      </th>
      <td class="right">
        {count(row.requests)} <span class="quiet small">{percent(row.share)}</span>
      </td>
      <td>{row.trend ? <Trend direction={row.trend.direction} change={row.trend.change} /> : NONE}</td>
      <td class="right">{usd(row.cost_usd_per_1k_requests)}</td>
      <td>
        <ul class="chips">
          {shown.map(({ model, share, quality }) => (
            <li
              key={model}
              class="small"
              title={`90 % between ${hundredths(quality.low_90)} and ${hundredths(quality.high_90)}, ${quality.evidence}`}
            >
              <span class="swatch" style={{ background: colourOf(model) }} />
              {model} {percent(share)} · {hundredths(quality.mean)}
            </li>
          ))}
          {left > 0 ? <li class="small quiet">and {left} more</li> : null}
        </ul>
      </td>
    </tr>
  );
}

/** Below one in two hundred it is noise in a list. */
function isWorthTelling({ share, direction }: { share: number; direction: string | null }): boolean {
  return share >= 0.005 || direction === 'gone';
}

function kindOf({ task, size, tools, turns, language: tongue }: Pattern): string {
  const parts = [
    `${size} prompt`,
    tools ? 'with tools' : '',
    turns === '1' ? 'first turn' : `${turns} turns`,
    tongue === 'und' ? '' : language(tongue),
  ];
  return parts.filter((part) => part !== '').join(', ') || task;
}

function NoTraffic() {
  return (
    <Empty title="No pattern yet">
      <p>
        Kinds of requests appear here once some were made, and a week later what has become more or less. To
        see it at once, fill a folder of its own with two weeks of invented traffic, and look at that:
      </p>
      <Command text={'npm run demo -- --history --folder demo\nnpm start -- --config demo/outrider.toml'} />
    </Empty>
  );
}
