import type { Savings } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, hundredths, NONE, percent, usd } from '../format.ts';
import { DataTable } from '../parts/data-table.tsx';
import { signed } from '../parts/saved.tsx';
import { useData } from '../use-data.ts';

type Comparison = Savings['comparisons'][number];

const AGAINST_TO_WORDS: Readonly<Record<Comparison['against'], string>> = {
  best: 'Always the best',
  dearest: 'Always the dearest',
  cheapest: 'Always the cheapest',
  baseline: 'Always the baseline',
};

/** What the same requests would have cost, and how good their answers would have been, had one model answered all. */
export function SavingsTable() {
  const { answer } = useData<Savings>('intelligence/savings?window=30d', { everyMs: 60_000 });
  if (answer === undefined || answer.comparisons.length === 0) return null;
  const { logged } = answer;
  const untold = answer.comparisons.flatMap(({ against, cost_usd, quality }) =>
    quality.refusal && quality.refusal.code !== cost_usd.refusal?.code
      ? [{ against, message: quality.refusal.message }]
      : [],
  );
  return (
    <section class="card stack" data-field="savings">
      <h2>What routing saves</h2>
      <p class="small quiet">
        {count(logged.requests)} requests of 30 days that were chosen freely cost {usd(logged.cost_usd)}
        {logged.quality === null
          ? '. How good their answers were, nobody has told yet.'
          : ` at quality ${hundredths(logged.quality.mean)}, told by ${count(logged.rated)} of them.`}{' '}
        Had one model answered them all:
      </p>
      <DataTable
        caption="What routing saved against one model for everything"
        columns={[
          'Instead',
          { number: 'Would have cost' },
          { number: 'Saved' },
          { number: 'Quality gained' },
        ]}
      >
        {answer.comparisons.map((comparison) => (
          <Row key={comparison.against} comparison={comparison} />
        ))}
      </DataTable>
      {untold.length > 0 ? (
        <details class="small">
          <summary>Why quality is not told</summary>
          <ul class="plain reasons">
            {untold.map(({ against, message }) => (
              <li key={against}>
                <strong>{AGAINST_TO_WORDS[against]}.</strong> {message}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      <p class="small quiet">
        Estimated from logged choices and their probabilities, with 90 % intervals. Where a choice was too
        rarely drawn to tell, there is no number.
      </p>
    </section>
  );
}

function Row({ comparison }: { comparison: Comparison }) {
  const { against, model, cost_usd: cost, quality, saved_usd: saved, saved_share: share } = comparison;
  const { quality_gain: gain, expected_cost_usd: expected } = comparison;
  return (
    <tr>
      <th scope="row" class="name">
        {AGAINST_TO_WORDS[against]}
        <div class="small quiet name-line">
          <span class="swatch" style={{ background: colourOf(model) }} />
          {model}
        </div>
      </th>
      <td class="right">
        {cost.doubly_robust ? (
          <>
            {usd(cost.doubly_robust.mean)}
            <Range low={usd(cost.doubly_robust.low_90)} high={usd(cost.doubly_robust.high_90)} />
          </>
        ) : (
          <>
            {NONE}
            <div class="small quiet wrap">
              {cost.refusal?.message}
              {expected === null ? '' : ` By list prices it would be about ${usd(expected)}.`}
            </div>
          </>
        )}
      </td>
      <td class="right">
        {saved ? (
          <>
            <strong class={saved.low_90 > 0 ? 'good' : saved.high_90 < 0 ? 'warn' : ''}>
              {usd(saved.mean)}
              {share ? ` (${shareOf(share.mean)})` : ''}
            </strong>
            <Range low={usd(saved.low_90)} high={usd(saved.high_90)} />
          </>
        ) : (
          NONE
        )}
      </td>
      <td class="right">
        {gain ? (
          <>
            <strong class={gain.low_90 > 0 ? 'good' : gain.high_90 < 0 ? 'warn' : ''}>
              {signed(gain.mean)}
            </strong>
            <Range low={signed(gain.low_90)} high={signed(gain.high_90)} />
          </>
        ) : (
          <>
            {NONE}
            {quality.refusal ? <div class="small quiet">not to be told yet</div> : null}
          </>
        )}
      </td>
    </tr>
  );
}

/** What cost more than twice as much is told as a factor: −1476 % says nothing to anybody. */
function shareOf(share: number): string {
  return share < -1 ? `${(1 - share).toFixed(1)}× the cost` : percent(share);
}

function Range(props: { low: string; high: string }) {
  return (
    <div class="small quiet">
      {props.low} to {props.high}
    </div>
  );
}
