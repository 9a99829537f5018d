import type { SpendForecast } from '../answers.ts';
import { NONE, percent, usd } from '../format.ts';
import { Command } from '../parts/command.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { Share } from '../parts/interval.tsx';

type Budget = SpendForecast['budgets'][number];

/** How much of each budget is used, and when it will be. */
export function Budgets({ forecast }: { forecast: SpendForecast }) {
  if (forecast.budgets.length === 0) return <NoBudget />;
  // Of the first hours nothing can be told.
  const isKnown = forecast.history_hours > 0;
  return (
    <section class="card">
      <h2>Budgets</h2>
      <DataTable
        caption="Budgets, how much of each is used, and how long it lasts"
        columns={[
          'Whose',
          'For a',
          'Used',
          { number: 'Spent' },
          { number: 'By its end' },
          'Lasts',
          { text: 'Begins anew', isMinor: true },
        ]}
      >
        {forecast.budgets.map((budget) => (
          <Row key={`${budget.budget} ${budget.window}`} budget={budget} isKnown={isKnown} />
        ))}
      </DataTable>
      {forecast.budgets_left_out > 0 ? (
        <p class="small quiet">{forecast.budgets_left_out} of further keys, used less, are left out.</p>
      ) : null}
    </section>
  );
}

function Row({ budget, isKnown }: { budget: Budget; isKnown: boolean }) {
  const share = budget.limit_usd > 0 ? budget.spent_usd / budget.limit_usd : 0;
  const colour = share >= 0.95 ? 'var(--bad)' : share >= 0.8 ? 'var(--warn)' : 'var(--good)';
  return (
    <tr>
      <th scope="row" class="name">
        {budget.key_name ?? (budget.budget === 'total' ? 'All together' : budget.budget)}
      </th>
      <td>{budget.window}</td>
      <td>
        <div class="measure">
          <span class="number">{percent(share)}</span>
          <Share share={share} colour={colour} label={`${percent(share)} used`} />
        </div>
      </td>
      <td class="right">
        {usd(budget.spent_usd)} <span class="quiet">of {usd(budget.limit_usd)}</span>
      </td>
      <td class="right">{isKnown ? usd(budget.expected_usd) : NONE}</td>
      <td>{isKnown ? <Lasting budget={budget} /> : NONE}</td>
      <td class="nowrap">
        {new Date(budget.resets_at).toLocaleDateString('en-GB', {
          day: 'numeric',
          month: 'short',
          timeZone: 'UTC',
        })}
      </td>
    </tr>
  );
}

/** As expected, and the bounds of the interval where the budget is used up in any of them. */
function Lasting({ budget }: { budget: Budget }) {
  const { exhausted_at: at, exhausted_at_earliest: earliest, exhausted_at_latest: latest } = budget;
  if (earliest === null && at === null) return <span class="good">to its end</span>;
  return (
    <>
      {at === null ? <span>to its end</span> : <strong class="warn">until {when(at)}</strong>}
      <div class="small quiet">
        {earliest === null ? '' : `${when(earliest)} at the earliest`}
        {at === null ? '' : latest === null ? ', perhaps to its end' : `, ${when(latest)} at the latest`}
      </div>
    </>
  );
}

function when(at: string): string {
  return new Date(at).toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
}

function NoBudget() {
  return (
    <section class="card stack">
      <h2>Budgets</h2>
      <p class="quiet small">
        There is none. A key that has one is refused, or answered by cheaper models, when it is used up; and
        this page tells when that will be. For all together, <code>[budgets]</code> in{' '}
        <code>outrider.toml</code> sets one.
      </p>
      <Command text="npx outrider keys create --name bot --scope inference --budget-usd-per-month 50" />
    </section>
  );
}
