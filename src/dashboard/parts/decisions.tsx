import type { Decision, RequestList } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { ago, NONE, percent, usd, words } from '../format.ts';
import { useLive } from '../live.ts';
import { hrefOf } from '../route.ts';
import { useData } from '../use-data.ts';

const MOST_SHOWN = 10;

type Line = Pick<Decision, 'at' | 'request_id' | 'reason' | 'model' | 'probability'> & {
  readonly task: string;
  readonly cost_usd: number | null;
};

/** Decisions as they are made, and below them the latest from before the page was opened. */
export function Decisions() {
  const { state, decisions } = useLive();
  const before = useData<RequestList>(`requests?limit=${MOST_SHOWN}`, { everyMs: 60_000 });
  const nowMs = Date.now();
  const live = decisions.map(
    ({ expected_cost_usd, ...one }): Line => ({ ...one, cost_usd: expected_cost_usd }),
  );
  const seen = new Set(live.map(({ request_id }) => request_id));
  const earlier = (before.answer?.data ?? [])
    .filter(({ request_id }) => !seen.has(request_id))
    .map((one): Line => ({ ...one, at: one.created_at, probability: null }));
  const lines = [...live, ...earlier].slice(0, MOST_SHOWN);
  return (
    <section class="card stack" aria-label="Decisions as they are made">
      <h2>As they are made</h2>
      {lines.length === 0 ? (
        <p class="quiet small">
          {state === 'closed'
            ? 'This key may not watch decisions.'
            : 'The next decision appears here by itself, with whom it chose and why.'}
        </p>
      ) : (
        <ol class="plain decisions" data-field="decisions">
          {lines.map((one) => (
            <li key={one.request_id}>
              <span class="swatch" style={{ background: colourOf(one.model ?? '') }} />
              <a
                href={hrefOf('requests', one.request_id)}
                aria-label={`${one.model ?? 'nobody'} for ${words(one.task).toLowerCase()}: why`}
              >
                {one.model ?? 'nobody'}
              </a>
              <span class="small">{words(one.task)}</span>
              <span class="small quiet">
                {one.reason}
                {one.probability !== null && (one.reason === 'auto' || one.reason === 'explore')
                  ? `, ${percent(one.probability)} likely`
                  : ''}
              </span>
              <span class="small quiet number">{one.cost_usd === null ? NONE : usd(one.cost_usd)}</span>
              <time class="small quiet" dateTime={one.at}>
                {ago(one.at, nowMs)}
              </time>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
