import { z } from 'zod';
import { CAPABILITIES, MODEL_TYPES } from '../core/catalog/model.ts';
import { BUILT_IN_STRATEGIES } from '../core/choice/strategy.ts';
import { parseAddress } from './address.ts';
import { isReservedModelId, RESERVED_STRATEGY_NAMES } from './reserved-names.ts';

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
  const environmentName = z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, {
      // Upper case only, and no further check after this one: the next would print a key pasted here by mistake.
      error: 'must be the name of an environment variable in capitals, not its value',
      abort: true,
    })
    .refine((name) => (env[name] ?? '').trim() !== '', {
      error: (issue) => `the environment variable ${String(issue.input)} is not set`,
    });

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
    max_requests_per_minute: count.default(600),
    max_tokens_per_minute: count.default(1_000_000),
    cors_enabled: z.boolean().default(false),
    cors_origins: z
      .array(z.string().refine(isOrigin, 'must be an origin, such as "http://localhost:3000", or "*"'))
      .default(['http://localhost:3000']),
    public_models: z.boolean().default(false),
    body_limit_bytes: z
      .int()
      .min(1024)
      .max(1024 ** 3)
      .default(10 * 1024 ** 2),
    drain_seconds: z.number().min(0).max(3600).default(30),
    api_key: forbidden(
      'keys are not kept in this file; run `outrider keys create`, which shows a new one once',
    ).optional(),
    models: z.record(modelId, model(providerNames)).default({}),
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

  const provider = z.strictObject({
    kind: z.enum(['openai', 'simulated'], { error: explainKind }).default('openai'),
    base_url: z
      .string()
      .refine(isHttpUrl, 'must be an http:// or https:// URL without credentials')
      .optional(),
    api_key_env: environmentName.optional(),
    api_key: forbidden(
      'secrets do not stand in this file; put the key into an environment variable and name it in api_key_env',
    ).optional(),
    headers: z
      .record(
        headerName.refine(
          (name) => !isSecretHeader(name),
          'is a secret; name an environment variable in headers_env',
        ),
        z.string(),
      )
      .default({}),
    headers_env: z.record(headerName, environmentName).default({}),
    stream_usage: z.boolean().optional(),
    max_connections: z.int().min(1).max(10_000).default(128),
  });

  return z.strictObject({
    api: api.prefault({}),
    store: store.prefault({}),
    plans: z.record(name, plan).default({}),
    routing: z
      .strictObject({
        default_strategy: z.enum(strategyNames).default('balanced'),
        max_extra_attempts: z.int().min(0).max(10).default(2),
        exploration: z.number().min(0).max(0.5).default(0.02),
        timeouts: timeouts.prefault({}),
        breaker: breaker.prefault({}),
      })
      .prefault({}),
    strategies: z.record(strategyName, strategy).default({}),
    providers: z.record(name, provider).default({}),
  });
}

const count = z.int().min(1);
const usdPerMillion = z.number().min(0).max(1_000_000);
const milliseconds = z.int().min(1).max(3_600_000);
const limit = z.union([count, z.literal('none')], {
  error: 'must be a whole number of at least 1, or "none"',
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
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name for an HTTP header');
const modelId = z
  .string()
  .regex(/^[^\s\p{Cc}]{1,200}$/u, 'a model id is 1 to 200 characters without spaces')
  .refine((id) => !isReservedModelId(id), 'clients use this name to ask for routing; choose another');

const plan = z.strictObject({
  requests_per_minute: limit.optional(),
  tokens_per_minute: limit.optional(),
});

const strategy = z.strictObject({
  kind: z.enum(['bandit', 'priority', 'cascade']).optional(),
  value_of_quality_usd: z.number().min(0).optional(),
  value_of_second_usd: z.number().min(0).optional(),
  generation_time_weight: z.number().min(0).max(1).optional(),
  min_quality: z.number().min(0).max(1).optional(),
});

const timeouts = z.strictObject({
  connect_ms: milliseconds.default(5_000),
  headers_ms: milliseconds.default(120_000),
  first_token_ms: milliseconds.default(60_000),
  idle_ms: milliseconds.default(30_000),
  total_ms: milliseconds.default(600_000),
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

function model(providerNames: readonly string[]) {
  const endpoint = z.strictObject({
    provider: z.string().refine((text) => providerNames.includes(text), {
      error: (issue) => unknownProvider(String(issue.input), providerNames),
    }),
    model: z.string().min(1),
    input_usd_per_million: usdPerMillion.optional(),
    output_usd_per_million: usdPerMillion.optional(),
    cached_input_usd_per_million: usdPerMillion.optional(),
  });
  return z.strictObject({
    type: z.enum(MODEL_TYPES).default('chat'),
    name: z.string().min(1).optional(),
    context_length: count.optional(),
    max_output_tokens: count.optional(),
    capabilities: z.array(z.enum(CAPABILITIES)).optional(),
    default_temperature: z.number().min(0).max(2).optional(),
    dimensions: count.optional(),
    endpoints: z.array(endpoint).min(1, 'a model needs at least one endpoint'),
    path: forbidden(
      'model files are not run here; serve them with a local server and name it in endpoints',
    ).optional(),
  });
}

/** A key that belongs to other programs' files: present at all, it is a mistake with an explanation. */
function forbidden(explanation: string) {
  return z.never({ error: explanation });
}

function unknownProvider(text: string, providerNames: readonly string[]): string {
  return providerNames.length === 0
    ? `there is no [providers.${text}]; this file has no providers at all`
    : `there is no [providers.${text}]; there are ${providerNames.join(', ')}`;
}

const KIND_TO_OPENAI_URL: Readonly<Record<string, string>> = {
  anthropic: 'https://api.anthropic.com/v1',
  google: 'https://generativelanguage.googleapis.com/v1beta/openai',
  bedrock: 'https://bedrock-runtime.REGION.amazonaws.com/openai/v1',
};

function explainKind(issue: { input?: unknown }): string {
  const url = KIND_TO_OPENAI_URL[String(issue.input)];
  if (url === undefined) return 'must be "openai" (any server that speaks OpenAI\'s API) or "simulated"';
  return `"${String(issue.input)}" is not yet supported; reach it through its OpenAI-compatible address: kind = "openai", base_url = "${url}"`;
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text);
}

function hasNoPassword(text: string): boolean {
  return !URL.canParse(text) || new URL(text).password === '';
}

function isSecretHeader(header: string): boolean {
  return /^(authorization|proxy-authorization|cookie|x-api-key|api-key)$/i.test(header);
}

/** The names a strategy can be asked for by: the built-in ones and the file's own. */
export function strategyNamesOf(own: readonly string[]): string[] {
  return [...new Set([...Object.keys(BUILT_IN_STRATEGIES), ...own])];
}
