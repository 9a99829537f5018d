import type { Health } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { milliseconds, NONE, percent, severalMilliseconds, words } from '../format.ts';
import { DataTable } from './data-table.tsx';
import { Status } from './status.tsx';

type Endpoint = Health['data'][number]['endpoints'][number];

/** One provider's endpoints: those that are asked, and below them, folded, those that nobody asks. */
export function Endpoints(props: { endpoints: readonly Endpoint[] }) {
  const idle = props.endpoints.filter((endpoint) => endpoint.status === 'idle');
  const asked = props.endpoints.filter((endpoint) => endpoint.status !== 'idle');
  if (asked.length === 0) {
    return (
      <p class="small quiet">
        No call was measured since the start: {idle.map(({ model }) => model).join(', ')}.
      </p>
    );
  }
  return (
    <div class="endpoints stack">
      <DataTable
        caption="Endpoints: status, uptime, percentiles, breaker"
        columns={[
          'Endpoint',
          'Status',
          { number: 'Up %, 5 / 30 min / 1 d' },
          { number: 'Time, p50 / p90 / p99' },
          { number: 'First token', isMinor: true },
          { text: 'Errors, 30 min', isMinor: true },
          'Breaker',
        ]}
      >
        {asked.map((endpoint) => (
          <Row key={endpoint.endpoint} endpoint={endpoint} />
        ))}
      </DataTable>
      {idle.length > 0 ? (
        <p class="small quiet">No call measured: {idle.map(({ model }) => model).join(', ')}.</p>
      ) : null}
    </div>
  );
}

function Row({ endpoint }: { endpoint: Endpoint }) {
  const { uptime, latency_ms: latency, ttft_ms: firstToken } = endpoint;
  return (
    <tr>
      <th scope="row" class="name">
        <span class="swatch" style={{ background: colourOf(endpoint.model) }} />
        {endpoint.endpoint}
      </th>
      <td>
        <Status status={endpoint.status} />
      </td>
      <td class="right">
        {['5m', '30m', '1d'].map((window) => partOf(uptime[window as keyof typeof uptime])).join(' / ')}
      </td>
      <td class="right">{latency ? severalMilliseconds([latency.p50, latency.p90, latency.p99]) : NONE}</td>
      <td class="right">{milliseconds(firstToken?.p50)}</td>
      <td class="small">
        {Object.entries(endpoint.errors)
          .map(([ending, share]) => `${words(ending)} ${percent(share)}`)
          .join(', ') || NONE}
      </td>
      <td>
        <Breaker endpoint={endpoint} />
      </td>
    </tr>
  );
}

/** Three in a row need no sign each. */
function partOf(share: number | null): string {
  return share === null ? NONE : String(Math.round(100 * share));
}

function Breaker({ endpoint: { breaker, cooling_until: cooling } }: { endpoint: Endpoint }) {
  const until = cooling ?? breaker.next_probe_at;
  return (
    <>
      <Status status={cooling ? 'cooling' : breaker.state} />{' '}
      {until ? <span class="quiet small">tries at {new Date(until).toLocaleTimeString('en-GB')}</span> : null}
    </>
  );
}
