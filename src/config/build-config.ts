import { BUILT_IN_STRATEGIES, type Strategy } from '../core/choice/strategy.ts';
import { parseAddress } from './address.ts';
import { buildBudgets } from './build-budgets.ts';
import { buildModels } from './build-models.ts';
import { buildProvider } from './build-provider.ts';
import { camelKeys } from './camel-keys.ts';
import type { Frozen } from './deep-freeze.ts';
import type { ConfigFile } from './file-schema.ts';
import type { Offers } from './offers.ts';
import type { SimulatedModel } from './simulated-model.ts';

/** All settings of one process, deeply frozen. */
export type Config = Frozen<ReturnType<typeof buildConfig>>;

/** A checked file and what it offers → the settings in the code's own names and units. */
export function buildConfig(input: {
  readonly file: ConfigFile;
  /** The file's own providers and models, or those that were detected. */
  readonly offers: Offers;
  /** Path as the operator named it; undefined when there is none and the defaults are in force. */
  readonly source: string | undefined;
  readonly isDetected: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly simulatedModels: readonly SimulatedModel[];
  readonly nowMs: number;
}) {
  const { file, offers, env } = input;
  const { models: _models, api_key: _apiKey, address, ...api } = file.api;
  const { timeouts, breaker, sessions, ...routing } = file.routing;
  const providers = mapValues(offers.providers, (table, name) => buildProvider(name, table, env));
  return {
    source: input.source,
    /** Providers come from the environment and local servers, not from the file. */
    isDetected: input.isDetected,
    api: {
      ...camelKeys(api),
      /** Of all callers together; undefined = no limit. */
      maxRequestsPerMinute: limitOf(api.max_requests_per_minute),
      maxTokensPerMinute: limitOf(api.max_tokens_per_minute),
      maxParallelRequestsPerKey: limitOf(api.max_parallel_requests_per_key),
      address: parseAddress(address) ?? { host: '127.0.0.1', port: 8080, isLoopback: true },
    },
    store: {
      url: fromEnvironment(file.store.url_env) ?? file.store.url,
      /** `''` when there is none. */
      redisUrl: fromEnvironment(file.store.redis_url_env) ?? file.store.redis_url,
    },
    plans: buildPlans(file.plans),
    budgets: buildBudgets(file.budgets, env),
    routing: {
      ...camelKeys(routing),
      timeouts: camelKeys(timeouts),
      breaker: camelKeys(breaker),
      sessions: camelKeys(sessions),
    },
    evidence: buildEvidence(file.evidence),
    learning: camelKeys(file.learning),
    cache: camelKeys(file.cache),
    judge: camelKeys(file.judge),
    responses: camelKeys(file.responses),
    retention: buildRetention(file.retention),
    realtime: camelKeys(file.realtime),
    strategies: buildStrategies(file.strategies),
    presets: buildPresets(file.presets),
    providers,
    models: buildModels(offers.models, providers, input.simulatedModels, input.nowMs),
  };

  function fromEnvironment(variable: string | undefined): string | undefined {
    return variable === undefined ? undefined : env[variable];
  }
}

function buildEvidence(table: ConfigFile['evidence']) {
  const { max_weight_per_key_per_day: cap, ...evidence } = table;
  return {
    ...camelKeys(evidence),
    maxWeightPerKeyPerDay: cap === 'none' ? Number.POSITIVE_INFINITY : cap,
  };
}

/** Undefined: for ever. */
function buildRetention(table: ConfigFile['retention']) {
  const daysOf = (days: number | 'forever') => (days === 'forever' ? undefined : days);
  return {
    requestsDays: daysOf(table.requests_days),
    usageDays: daysOf(table.usage_days),
    accountsDays: table.accounts_days,
  };
}

/** Requests and tokens per minute of a key on this plan; undefined = no limit. */
interface Plan {
  readonly requestsPerMinute: number | undefined;
  readonly tokensPerMinute: number | undefined;
}

const BUILT_IN_PLANS: Readonly<Record<string, Plan>> = {
  free: { requestsPerMinute: 20, tokensPerMinute: 100_000 },
  pro: { requestsPerMinute: 200, tokensPerMinute: 2_000_000 },
  team: { requestsPerMinute: 1_000, tokensPerMinute: 10_000_000 },
  enterprise: { requestsPerMinute: undefined, tokensPerMinute: undefined },
};

function buildPlans(tables: ConfigFile['plans']): Record<string, Plan> {
  const own = mapValues(tables, (table, name) => {
    const base = Object.hasOwn(BUILT_IN_PLANS, name) ? BUILT_IN_PLANS[name] : undefined;
    return {
      requestsPerMinute: limitOf(table.requests_per_minute, base?.requestsPerMinute),
      tokensPerMinute: limitOf(table.tokens_per_minute, base?.tokensPerMinute),
    };
  });
  return { ...mapValues(BUILT_IN_PLANS, (plan) => ({ ...plan })), ...own };
}

function limitOf(value: number | 'none' | undefined, otherwise?: number): number | undefined {
  return value === 'none' ? undefined : (value ?? otherwise);
}

/** The built-in strategies and the file's own. One that is named like a built-in changes that one. */
function buildStrategies(tables: ConfigFile['strategies']): Record<string, Strategy> {
  const builtIn: Readonly<Record<string, Strategy>> = BUILT_IN_STRATEGIES;
  const own = mapValues(tables, (table, name): Strategy => {
    const base = (Object.hasOwn(builtIn, name) ? builtIn[name] : undefined) ?? BUILT_IN_STRATEGIES.balanced;
    return {
      name,
      kind: table.kind ?? base.kind,
      valueOfQualityUsd: table.value_of_quality_usd ?? base.valueOfQualityUsd,
      valueOfSecondUsd: table.value_of_second_usd ?? base.valueOfSecondUsd,
      generationTimeWeight: table.generation_time_weight ?? base.generationTimeWeight,
      minQuality: table.min_quality ?? base.minQuality,
      budgetUsdPer1kRequests: table.budget_usd_per_1k_requests,
    };
  });
  return { ...mapValues(builtIn, (strategy) => ({ ...strategy })), ...own };
}

function buildPresets(tables: ConfigFile['presets']) {
  return mapValues(tables, ({ model, models, system_prompt: systemPrompt, ...table }, name) => ({
    ...table,
    name,
    models: models ?? [model ?? 'auto'],
    systemPrompt,
  }));
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
