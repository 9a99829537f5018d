import type { Health } from '../answers.ts';
import { percent, words } from '../format.ts';
import { hrefOf } from '../route.ts';
import { Status } from './status.tsx';

type Endpoint = Health['data'][number]['endpoints'][number];

/** Who is ill, and what of; nothing while nobody is. */
export function Illness(props: { health: Health }) {
  const ill = props.health.data.flatMap(({ endpoints }) =>
    endpoints.filter(({ status }) => status === 'down' || status === 'degraded'),
  );
  if (ill.length === 0) return null;
  return (
    <section class="notice bad stack" role="alert" data-field="ill">
      <h2>{ill.length === 1 ? 'One endpoint is ill' : `${ill.length} endpoints are ill`}</h2>
      <ul class="plain">
        {ill.slice(0, 5).map((endpoint) => (
          <li key={endpoint.endpoint}>
            <Status status={endpoint.status} /> <strong>{endpoint.endpoint}</strong>{' '}
            <span class="small">{reasonOf(endpoint)}</span>
          </li>
        ))}
      </ul>
      <p class="small">
        Requests go to others meanwhile, where others can answer them.{' '}
        <a href={hrefOf('models')}>Everything about them</a>
      </p>
    </section>
  );
}

function reasonOf({ errors, uptime, breaker, cooling_until: cooling, disabled }: Endpoint): string {
  const [worst] = Object.entries(errors).sort(([, one], [, other]) => other - one);
  const parts = [
    uptime['30m'] === null ? '' : `${percent(uptime['30m'])} answered in 30 minutes`,
    worst ? `mostly ${words(worst[0]).toLowerCase()}` : '',
    disabled ? 'its provider says that there is no such model' : '',
    breaker.state === 'open' ? 'breaker open' : '',
    timeOf(cooling ?? breaker.next_probe_at),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function timeOf(at: string | null): string {
  return at === null ? '' : `tried again at ${new Date(at).toLocaleTimeString('en-GB')}`;
}
