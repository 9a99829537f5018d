import { z } from 'zod';
import { BUILT_IN_STRATEGIES } from '../core/choice/strategy.ts';
import { parseAddress } from './address.ts';
import { budgetsSchema } from './budgets-schema.ts';
import { judgeSchema } from './judge-schema.ts';
import { modelIdSchema, modelSchema } from './model-schema.ts';
import { presetSchema } from './preset-schema.ts';
import { providerSchema } from './provider-schema.ts';
import { RESERVED_STRATEGY_NAMES } from './reserved-names.ts';
import {
  addressRange,
  count,
  environmentNameSchema,
  forbidden,
  limit,
  milliseconds,
} from './value-schema.ts';

/** What the checks of single values need to know of the rest of the file and of the process. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly providerNames: readonly string[];
  readonly strategyNames: readonly string[];
}

export type ConfigFile = z.infer<ReturnType<typeof fileSchema>>;

/**
 * `outrider.toml` as it is typed, in its own `snake_case`, with every default. Checks across sections are made at
 * the single value that is wrong, so that one mistake never hides another.
 */
export function fileSchema({ env, providerNames, strategyNames }: Surroundings) {
  const environmentName = environmentNameSchema(env);

  const api = z.strictObject({
    enabled: z.boolean().default(true),
    address: z
      .string()
      .refine(
        (text) => parseAddress(text) !== undefined,
        'must be host:port, such as "127.0.0.1:8080" or "[::1]:8080"',
      )
      .default('127.0.0.1:8080'),
    require_auth: z.boolean().default(true),
    max_requests_per_minute: limit.default(60_000),
    max_tokens_per_minute: limit.default(100_000_000),
    max_parallel_requests_per_key: limit.default(1_000),
    cors_enabled: z.boolean().default(false),
    cors_origins: z
      .array(z.string().refine(isOrigin, 'must be an origin, such as "http://localhost:3000", or "*"'))
      .default(['http://localhost:3000']),
    public_models: z.boolean().default(false),
    trusted_proxies: z.array(addressRange).default([]),
    body_limit_bytes: z
      .int()
      .min(1024)
      .max(1024 ** 3)
      .default(10 * 1024 ** 2),
    unready_seconds: z.number().min(0).max(300).default(0.5),
    drain_seconds: z.number().min(0).max(3600).default(30),
    api_key: forbidden(
      'keys are not kept in this file; run `outrider keys create`, which shows a new one once',
    ).optional(),
    models: z.record(modelIdSchema, modelSchema(providerNames)).default({}),
  });

  const store = z.strictObject({
    url: z
      .string()
      .regex(/^(sqlite:.|postgres(ql)?:\/\/.)/, 'must begin with sqlite: or postgres://')
      .refine(
        hasNoPassword,
        'holds a password; put the URL into an environment variable and name it in url_env',
      )
      .default('sqlite:./outrider.db'),
    url_env: environmentName.optional(),
    redis_url: z
      .string()
      .regex(/^(rediss?:\/\/.+)?$/, 'must begin with redis:// or rediss://, or be empty')
      .refine(
        hasNoPassword,
        'holds a password; put the URL into an environment variable and name it in redis_url_env',
      )
      .default(''),
    redis_url_env: environmentName.optional(),
  });

  return z.strictObject({
    api: api.prefault({}),
    store: store.prefault({}),
    plans: z.record(name, plan).default({}),
    budgets: budgetsSchema(env).prefault({}),
    routing: z
      .strictObject({
        mode: z.enum(['route', 'observe']).default('route'),
        baseline: z.string().min(1).optional(),
        default_strategy: z.enum(strategyNames).default('balanced'),
        max_extra_attempts: z.int().min(0).max(10).default(2),
        unsupported_parameters: z.enum(['drop', 'refuse']).default('drop'),
        exploration: z.number().min(0).max(0.5).default(0.02),
        timeouts: timeouts.prefault({}),
        breaker: breaker.prefault({}),
        sessions: sessions.prefault({}),
      })
      .prefault({}),
    evidence: evidence.prefault({}),
    learning: learning.prefault({}),
    cache: cache.prefault({}),
    judge: judgeSchema.prefault({}),
    responses: responses.prefault({}),
    retention: retention.prefault({}),
    realtime: realtime.prefault({}),
    strategies: z.record(strategyName, strategy).default({}),
    presets: z.record(name, presetSchema({ providerNames, strategyNames })).default({}),
    providers: z.record(name, providerSchema(env)).default({}),
  });
}

const evidence = z.strictObject({
  re_ask_seconds: z.number().min(0).max(3600).default(60),
  max_weight_per_key_per_day: z
    .union([z.number().min(1), z.literal('none')], { error: 'must be a number of at least 1, or "none"' })
    .default(200),
});

const realtime = z.strictObject({
  max_sessions: z.int().min(0).max(10_000).default(200),
  idle_seconds: z.number().min(1).max(86_400).default(300),
  session_seconds: z.number().min(1).max(86_400).default(3_600),
});

const retention = z.strictObject({
  requests_days: daysKept(1).default(90),
  usage_days: daysKept(62).default(400),
  accounts_days: z.number().min(32).max(36_500).default(62),
});

const responses = z.strictObject({
  pin_days: z.number().min(0).max(3_650).default(30),
  retention_hours: z.number().min(0).max(87_600).default(0),
  recent_minutes: z.number().min(0).max(1_440).default(60),
});

const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]*$/,
    'a name is made of letters, digits, "-" and "_", and begins with none of the two',
  );
const strategyName = name.refine(
  (text) => !RESERVED_STRATEGY_NAMES.has(text),
  'this name has a meaning of its own in "auto:…"',
);
const plan = z.strictObject({
  requests_per_minute: limit.optional(),
  tokens_per_minute: limit.optional(),
});

const learning = z.strictObject({
  shipped_priors: z.boolean().default(true),
});

const cache = z.strictObject({
  enabled: z.boolean().default(false),
  ttl_seconds: z.int().min(1).max(2_592_000).default(300),
  max_bytes: z
    .int()
    .min(1024 ** 2)
    .max(64 * 1024 ** 3)
    .default(64 * 1024 ** 2),
});

const strategy = z.strictObject({
  kind: z.enum(['bandit', 'priority', 'cascade']).optional(),
  value_of_quality_usd: z.number().min(0).optional(),
  value_of_second_usd: z.number().min(0).optional(),
  generation_time_weight: z.number().min(0).max(1).optional(),
  min_quality: z.number().min(0).max(1).optional(),
  budget_usd_per_1k_requests: z.number().positive().optional(),
});

const timeouts = z.strictObject({
  connect_ms: milliseconds.default(5_000),
  headers_ms: milliseconds.default(120_000),
  first_token_ms: milliseconds.default(60_000),
  idle_ms: milliseconds.default(30_000),
  client_ms: milliseconds.default(60_000),
  total_ms: milliseconds.default(600_000),
});

const sessions = z.strictObject({
  cache_ttl_ms: z.int().min(0).max(86_400_000).default(300_000),
  max_sessions: z.int().min(1).max(1_000_000).default(10_000),
});

const breaker = z.strictObject({
  consecutive_failures: count.default(5),
  failure_share: z.number().min(0.01).max(1).default(0.5),
  min_outcomes: count.default(10),
  window_ms: milliseconds.default(60_000),
  open_ms: milliseconds.default(30_000),
  max_open_factor: z.int().min(1).max(1024).default(16),
  default_cool_down_ms: milliseconds.default(5_000),
  max_cool_down_ms: milliseconds.default(60_000),
  disabled_ms: milliseconds.default(600_000),
});

function daysKept(fewest: number) {
  return z.union([z.number().min(fewest).max(36_500), z.literal('forever')], {
    error: `must be a number of days of at least ${fewest}, or "forever"`,
  });
}

function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text);
}

function hasNoPassword(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { password, searchParams } = new URL(text);
  return password === '' && !searchParams.has('password');
}

/** The names a strategy can be asked for by: the built-in ones and the file's own. */
export function strategyNamesOf(own: readonly string[]): string[] {
  return [...new Set([...Object.keys(BUILT_IN_STRATEGIES), ...own])];
}
