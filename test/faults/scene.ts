import type { BeliefDelta } from '../../src/core/learning/delta.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  MISBEHAVIOURS,
  type MisbehavingUpstream,
  startMisbehavingUpstream,
} from '../fixtures/misbehaving-upstream.ts';
import { get, type Seen } from './ask.ts';

/** A gateway whose models misbehave, and the server they live on. */
export interface Scene {
  readonly gateway: TestGateway;
  readonly upstream: MisbehavingUpstream;
  /** Calls that reached the upstream from this provider. */
  countFor(provider: string, model: string): number;
  close(): Promise<void>;
}

/** Short, so that the suite is; long enough for two busy cores. */
export const SHORT_TIMEOUTS = `[routing.timeouts]
connect_ms = 1000
headers_ms = 1000
first_token_ms = 1000
idle_ms = 1000
total_ms = 8000
`;

/** For answers that are slow and well; only what stalls in the middle is waited for. */
export const PATIENT_TIMEOUTS = `[routing.timeouts]
headers_ms = 15000
first_token_ms = 15000
idle_ms = 1500
`;

/**
 * Every misbehaviour is offered by each of `providers` under the name `<provider>.<misbehaviour>`: endpoints, and so
 * breakers and beliefs, of their own for each use. `good` and `good-dear` (450 times the price) are well, and last in order.
 */
export async function openScene(
  providers: readonly string[],
  options: { readonly routing?: string; readonly contextLength?: number } = {},
): Promise<Scene> {
  const upstream = await startMisbehavingUpstream();
  const names = MISBEHAVIOURS.filter((name) => name !== 'refuse');
  const offers = providers.flatMap((provider) => [
    providerTable(provider, upstream.baseUrl),
    providerTable(`${provider}-closed`, upstream.baseUrlOf('refuse')),
    ...names.map((name) => modelTable(`${provider}.${name}`, provider, name, options)),
    modelTable(`${provider}.refuse`, `${provider}-closed`, 'refuse', options),
  ]);
  const well = [
    providerTable('well', upstream.baseUrl),
    modelTable('good', 'well', 'good'),
    modelTable('good-dear', 'well', 'good-dear', { usdPerMillion: 900 }),
  ];
  const gateway = await startGateway([options.routing ?? SHORT_TIMEOUTS, ...offers, ...well].join('\n'), {
    env: { UPSTREAM_KEY: 'sk-upstream-0123456789' },
  });
  return {
    gateway,
    upstream,
    countFor: (provider, model) =>
      upstream.requests.filter((one) => one.headers['x-provider'] === provider && one.model === model).length,
    async close() {
      await gateway.stop();
      await upstream.close();
    },
  };
}

export function providerTable(name: string, baseUrl: string): string {
  return `[providers.${name}]\nbase_url = "${baseUrl}"\napi_key_env = "UPSTREAM_KEY"\nheaders = { x-provider = "${name}" }\n`;
}

export function modelTable(
  id: string,
  provider: string,
  upstreamModel: string,
  { contextLength = 128_000, usdPerMillion = 2 }: { contextLength?: number; usdPerMillion?: number } = {},
): string {
  return `[api.models."${id}"]
context_length = ${contextLength}
endpoints = [{ provider = "${provider}", model = "${upstreamModel}", input_usd_per_million = 1.0, output_usd_per_million = ${usdPerMillion} }]
`;
}

/** In the order of the file, so that who is tried first is no matter of chance. */
export function among(...models: string[]): object {
  return { model: 'auto', route: { strategy: 'priority', models } };
}

/** An attempt as `GET /v1/explain` tells it. */
export interface ExplainedAttempt {
  readonly number: number;
  readonly model: string;
  readonly endpoint: string;
  readonly ending: string;
  readonly error_code: string | null;
  readonly http_status: number;
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number };
  readonly cost: { readonly actual_usd: number; readonly is_estimate: boolean };
  readonly ttft_ms: number;
  readonly latency_ms: number;
}

export async function attemptsOf(
  gateway: TestGateway,
  seen: Pick<Seen, 'headers'>,
): Promise<readonly ExplainedAttempt[]> {
  const { json, status } = await get(gateway, `/v1/explain/${seen.headers['x-request-id']}`);
  if (status !== 200) throw new Error(`explain answered ${status}`);
  return json?.attempts as ExplainedAttempt[];
}

/** An endpoint in `GET /v1/intelligence/health`. */
export interface EndpointHealth {
  readonly endpoint: string;
  readonly status: string;
  readonly requests: { readonly '5m': number };
  readonly breaker: {
    readonly state: string;
    readonly consecutive_failures: number;
    readonly opened_times: number;
    readonly next_probe_at: string | null;
  };
  readonly cooling_until: string | null;
  readonly disabled: boolean;
}

export async function healthOf(gateway: TestGateway, endpointId: string): Promise<EndpointHealth> {
  const { json } = await get(gateway, '/v1/intelligence/health');
  const providers = json?.data as { endpoints: EndpointHealth[] }[];
  const found = providers
    .flatMap(({ endpoints }) => endpoints)
    .find(({ endpoint }) => endpoint === endpointId);
  if (found === undefined) throw new Error(`no endpoint ${endpointId}`);
  return found;
}

/** What the table says of an endpoint's breaker, in one word. */
export async function breakerOf(gateway: TestGateway, endpointId: string): Promise<string> {
  const { breaker, cooling_until, disabled, requests } = await healthOf(gateway, endpointId);
  if (disabled) return 'disabled';
  if (breaker.state !== 'closed') return breaker.state;
  if (cooling_until !== null) return 'cooling';
  if (breaker.consecutive_failures > 0) return `failures: ${breaker.consecutive_failures}`;
  return requests['5m'] > 0 ? 'success' : 'untouched';
}

/** The stored sums about a model or an endpoint: `availability` → [answered, failed], `quality` → [s, f], … */
export async function learntAbout(gateway: TestGateway, subject: string): Promise<Record<string, number[]>> {
  const { beliefs } = await gateway.withStore((store) => store.loadBeliefs());
  const sums: Record<string, number[]> = {};
  for (const { kind, a, b } of beliefs.filter((belief: BeliefDelta) => belief.subject === subject)) {
    const [answered = 0, failed = 0] = sums[kind] ?? [];
    sums[kind] = [answered + a, failed + b];
  }
  return sums;
}
