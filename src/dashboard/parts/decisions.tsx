import { colourOf } from '../colours.ts';
import { ago, NONE, percent, usd, words } from '../format.ts';
import { useLive } from '../live.ts';
import { hrefOf } from '../route.ts';

/** Decisions as they are made. */
export function Decisions() {
  const { state, decisions } = useLive();
  const nowMs = Date.now();
  return (
    <section class="card stack" aria-label="Decisions as they are made">
      <h2>As they are made</h2>
      {decisions.length === 0 ? (
        <p class="quiet small">
          {state === 'closed'
            ? 'This key may not watch decisions.'
            : 'The next decision appears here by itself, with whom it chose and why.'}
        </p>
      ) : (
        <ol class="plain decisions" data-field="decisions">
          {decisions.map((one) => (
            <li key={one.request_id}>
              <span class="swatch" style={{ background: colourOf(one.model ?? '') }} />
              <a href={hrefOf('requests', one.request_id)}>{one.model ?? 'nobody'}</a>
              <span class="small">{words(one.task)}</span>
              <span class="small quiet">
                {one.reason}
                {one.reason === 'auto' || one.reason === 'explore'
                  ? `, ${one.probability === null ? NONE : percent(one.probability)} likely`
                  : ''}
              </span>
              <span class="small quiet number">{usd(one.expected_cost_usd)}</span>
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
