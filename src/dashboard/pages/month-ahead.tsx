import type { SpendForecast, UsageReport } from '../answers.ts';
import { count, usd } from '../format.ts';
import { monthSeries } from '../month-series.ts';
import { Chart } from '../parts/chart.tsx';
import { useData } from '../use-data.ts';

/** With less the interval is mostly a guess (docs/api/cost-forecast.md). */
const ENOUGH_HOURS = 14 * 24;
const SPENT_COLOUR = '#3f6fd8';

/** This month so far and to its end, with the budget of all where there is one. */
export function MonthAhead(props: { forecast: SpendForecast }) {
  const { forecast } = props;
  const from = forecast.starts_at.slice(0, 10);
  const days = useData<UsageReport>(`usage?group_by=day&from=${from}&limit=100`, { everyMs: 60_000 });
  if (days.answer === undefined) return null;
  const dayToUsd = new Map(days.answer.data.map(({ day, cost_usd }) => [Date.parse(day ?? ''), cost_usd]));
  const { times, spent, expected, low, high } = monthSeries(forecast, dayToUsd);
  const budget = forecast.budgets.find((one) => one.budget === 'total' && one.window === 'month');
  const isKnown = forecast.history_hours > 0;
  return (
    <section class="card stack" data-field="month">
      <h2>This month, to its end</h2>
      {isKnown ? (
        <p class="small quiet">
          {count(forecast.history_hours)} hours of traffic are behind it
          {forecast.history_hours < ENOUGH_HOURS
            ? '; with less than two weeks the band is mostly a guess.'
            : `, and the errors of ${forecast.past_forecasts} forecasts of the past.`}{' '}
          Something that has not begun yet is in none of it.
        </p>
      ) : (
        <p class="small quiet">After the first whole hour of traffic, what is ahead is drawn here as well.</p>
      )}
      <Chart
        kind="lines"
        step="days"
        label={`Spent this month, ${usd(forecast.spent_usd)} so far, and expected by its end, ${usd(forecast.expected_usd)}, between ${usd(forecast.p10_usd)} and ${usd(forecast.p90_usd)}`}
        times={times}
        series={[
          { label: 'Spent', colour: SPENT_COLOUR, values: spent },
          ...(isKnown ? [{ label: 'Expected', colour: SPENT_COLOUR, values: expected, isDashed: true }] : []),
          ...(budget
            ? [
                {
                  label: 'Budget',
                  colour: '#c0392b',
                  values: times.map(() => budget.limit_usd),
                  isDashed: true,
                },
              ]
            : []),
        ]}
        band={isKnown ? { label: 'Four of five cases', low, high } : undefined}
        format={usd}
      />
    </section>
  );
}
