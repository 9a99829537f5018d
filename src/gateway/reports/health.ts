import { DAY_MS } from '../../core/durations.ts';
import type { EndpointWindow } from '../../core/health/endpoint-watch.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { GatewayDeps } from '../deps.ts';
import { catalogFilter } from './catalog-filter.ts';
import { openRankPages, rankPageOf } from './rank-page.ts';

export interface HealthQuery {
  readonly provider?: string;
  readonly model?: string;
  readonly status?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

const WINDOWS = { '5m': 300_000, '30m': 1_800_000, '1d': DAY_MS } as const;

/**
 * Per provider and endpoint: how it is, how it was lately, what its breaker does. Reads memory only: of several processes on
 * one store each has breakers of its own, and has seen what it sent itself.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all.
 * @throws GatewayError 400 for a provider, status or page that is none, 404 for an unknown model
 */
export function reportHealth(
  deps: GatewayDeps,
  query: HealthQuery,
  visibleModels: ReadonlySet<string> | undefined,
): object {
  const { catalog } = deps.live;
  const models = catalog.models.filter(({ id }) => visibleModels?.has(id) !== false);
  const filter = catalogFilter(models, query);
  const wanted = query.status === undefined ? undefined : statusNamed(query.status);
  const pages = openRankPages(
    rankPageOf(query, Number.POSITIVE_INFINITY),
    models.flatMap((model) => model.endpoints.map(({ id }) => id)),
  );
  const all = models.flatMap((model) =>
    model.endpoints
      .filter((endpoint) => filter.isWanted(model, endpoint))
      .map((endpoint) => {
        const breaker = deps.guard.snapshot(endpoint.id);
        const windows = {
          '5m': deps.watch.read(endpoint.id, WINDOWS['5m']),
          '30m': deps.watch.read(endpoint.id, WINDOWS['30m']),
          '1d': deps.watch.read(endpoint.id, WINDOWS['1d']),
        };
        return {
          endpoint: endpoint.id,
          provider: endpoint.provider,
          model: model.id,
          status: statusOf(breaker, windows['5m']),
          uptime: {
            '5m': uptimeOf(windows['5m']),
            '30m': uptimeOf(windows['30m']),
            '1d': uptimeOf(windows['1d']),
          },
          requests: {
            '5m': windows['5m'].attempts,
            '30m': windows['30m'].attempts,
            '1d': windows['1d'].attempts,
          },
          latency_ms: windows['30m'].latencyMs ?? null,
          ttft_ms: windows['30m'].ttftMs ?? null,
          errors: errorRates(windows['30m']),
          breaker: {
            state: breaker.state,
            consecutive_failures: breaker.consecutiveFailures,
            opened_times: breaker.openedTimes,
            next_probe_at: timeOf(breaker.nextProbeAtMs),
          },
          cooling_until: timeOf(breaker.coolingUntilMs),
          disabled: breaker.disabled,
        };
      }),
  );
  const shown = all.filter(({ status }) => wanted === undefined || status === wanted);
  const endpoints = pages.take(0, shown, ({ endpoint }) => endpoint);
  const providers = [...new Set(endpoints.map(({ provider }) => provider))].map((provider) => {
    const own = all.filter((endpoint) => endpoint.provider === provider);
    return {
      provider,
      status: worstOrMixed(own.map(({ status }) => status)),
      endpoints: endpoints.filter((endpoint) => endpoint.provider === provider),
    };
  });
  return {
    object: 'health',
    scope: 'process',
    process: { id: deps.process.id, started_at: new Date(deps.process.startedAtMs).toISOString() },
    status: worstOrMixed(statusesOfProviders(all)),
    generated_at: new Date(deps.nowMs()).toISOString(),
    data: providers,
    ...pages.next(),
  };
}

export const HEALTH_STATUSES = ['healthy', 'degraded', 'down', 'idle'] as const;
type Status = (typeof HEALTH_STATUSES)[number];

function statusesOfProviders(
  endpoints: readonly { readonly provider: string; readonly status: Status }[],
): readonly Status[] {
  const providerToStatuses = new Map<string, Status[]>();
  for (const { provider, status } of endpoints) {
    providerToStatuses.set(provider, [...(providerToStatuses.get(provider) ?? []), status]);
  }
  return [...providerToStatuses.values()].map(worstOrMixed);
}

function statusNamed(text: string): Status {
  const status = HEALTH_STATUSES.find((one) => one === text);
  if (status !== undefined) return status;
  throw badRequest(
    `There is no status '${text.slice(0, 32)}'. There are: ${HEALTH_STATUSES.join(', ')}.`,
    'status',
  );
}

/** `down`: nothing is sent there now. `degraded`: it answers less than 95 % or is being tried again. */
function statusOf(breaker: ReturnType<GatewayDeps['guard']['snapshot']>, window: EndpointWindow): Status {
  if (breaker.state === 'open' || breaker.disabled) return 'down';
  if (breaker.state === 'half_open' || breaker.coolingUntilMs !== undefined) return 'degraded';
  if (window.attempts === 0) return 'idle';
  return window.completed / window.attempts < 0.95 ? 'degraded' : 'healthy';
}

function worstOrMixed(statuses: readonly Status[]): Status {
  const awake = statuses.filter((status) => status !== 'idle');
  if (awake.length === 0) return 'idle';
  if (statuses.every((status) => status === 'down')) return 'down';
  return awake.every((status) => status === 'healthy') ? 'healthy' : 'degraded';
}

function uptimeOf(window: EndpointWindow): number | null {
  return window.attempts === 0 ? null : Number((window.completed / window.attempts).toFixed(4));
}

function errorRates(window: EndpointWindow): object {
  const { completed: _completed, ...failures } = window.endingToCount;
  const total = Object.values(window.endingToCount).reduce((sum, count) => sum + count, 0);
  return Object.fromEntries(
    Object.entries(failures).map(([ending, count]) => [ending, Number((count / total).toFixed(4))]),
  );
}

function timeOf(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}
