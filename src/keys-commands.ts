import { Mistake, withStore } from './command-store.ts';
import type { Config } from './config/build-config.ts';
import { namesIn } from './config/names.ts';
import { DAY_MS } from './core/durations.ts';
import { GatewayError } from './core/outcome/gateway-error.ts';
import { describeKey, type KeyWishes, settingsOf } from './gateway/admission/key-settings.ts';
import { keyChangesSchema, newKeySchema } from './http/keys/key-schema.ts';
import { KEY_SCOPES, type KeyRecord, type KeyScope, type OnExhausted } from './store/contract.ts';

type Print = (line: string) => void;
interface CommonOptions {
  readonly config?: string;
}

/** What can be said of a key at the terminal. */
export interface KeyOptions {
  readonly model?: readonly string[];
  readonly provider?: readonly string[];
  readonly address?: readonly string[];
  readonly plan?: string;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly budgetUsdPerDay?: number;
  readonly budgetUsdPerMonth?: number;
  readonly onExhausted?: OnExhausted;
  readonly holdBack?: boolean;
  readonly expiresInDays?: number;
}

/** `outrider keys create` */
export function createKeyCommand(
  options: CommonOptions & KeyOptions & { readonly name: string; readonly scope: readonly string[] },
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withKeyStore(options, env, async (store, config) => {
    const scopes = scopesNamed(options.scope);
    const wishes = newKeySchema.safeParse({ name: options.name, scopes, ...wishesOf(options) });
    if (!wishes.success) throw mistakeIn(wishes.error);
    const settings = settingsFor(wishes.data, config);
    const { key, record } = await store.createKey({ ...settings, name: wishes.data.name, scopes });
    print(key);
    process.stderr.write(
      `Key ${record.id} for '${record.name}' (${scopes.join(', ')}). It is not shown again.\n`,
    );
  });
}

/** `outrider keys list` */
export function listKeysCommand(options: CommonOptions, env: NodeJS.ProcessEnv, print: Print): Promise<void> {
  return withKeyStore(options, env, async (store, config) => {
    const keys = await store.listKeys();
    if (keys.length === 0) print("No keys. 'outrider keys create --name NAME' makes one.");
    for (const key of keys) print(lineOf(key, config));
  });
}

/** `outrider keys show`: all of it, as the admin API shows it. */
export function showKeyCommand(
  id: string,
  options: CommonOptions,
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withKeyStore(options, env, async (store, config) => {
    const record = await store.findKey(id);
    if (record === undefined) throw new Mistake(`There is no key '${id}'.`);
    print(JSON.stringify(describeKey(record, config.plans, Date.now()), null, 2));
  });
}

/** `outrider keys update` */
export function updateKeyCommand(
  id: string,
  options: CommonOptions &
    KeyOptions & {
      readonly name?: string;
      readonly scope?: readonly string[];
      /** Settings that are taken away, as options are called. */
      readonly clear?: readonly string[];
    },
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withKeyStore(options, env, async (store, config) => {
    const said = {
      name: options.name,
      scopes: options.scope && scopesNamed(options.scope),
      ...wishesOf(options),
      ...Object.fromEntries((options.clear ?? []).map((setting) => [clearable(setting), null])),
    };
    const named = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
    const wishes = keyChangesSchema.safeParse(named);
    if (!wishes.success) throw mistakeIn(wishes.error);
    const record = await store.updateKey(id, settingsFor(wishes.data, config));
    if (record === undefined) throw new Mistake(`There is no key '${id}' that could be changed.`);
    print(lineOf(record, config));
    process.stderr.write('Running gateways go by it within five seconds.\n');
  });
}

/** `outrider keys revoke` */
export function revokeKeyCommand(
  id: string,
  options: CommonOptions,
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withKeyStore(options, env, async (store) => {
    if (!(await store.revokeKey(id))) throw new Mistake(`There is no key '${id}' that could be revoked.`);
    print(`Key ${id} is revoked; running gateways refuse it within five seconds.`);
  });
}

/** Keys need the store and the names of models, not a look around for local servers. */
function withKeyStore(
  options: CommonOptions,
  env: NodeJS.ProcessEnv,
  work: Parameters<typeof withStore>[2],
): Promise<void> {
  return withStore(options, { ...env, OUTRIDER_DETECT: env.OUTRIDER_DETECT ?? 'keys' }, work);
}

function wishesOf(options: KeyOptions): KeyWishes {
  return {
    allowed_models: options.model,
    allowed_providers: options.provider,
    allowed_addresses: options.address,
    plan: options.plan,
    requests_per_minute: options.requestsPerMinute,
    tokens_per_minute: options.tokensPerMinute,
    budget_usd_per_day: options.budgetUsdPerDay,
    budget_usd_per_month: options.budgetUsdPerMonth,
    on_exhausted: options.onExhausted,
    hold_back: options.holdBack,
    expires_at:
      options.expiresInDays === undefined
        ? undefined
        : new Date(Date.now() + options.expiresInDays * DAY_MS).toISOString(),
  };
}

/** @throws Mistake */
function settingsFor(wishes: KeyWishes, config: Config) {
  try {
    return settingsOf(wishes, namesIn(config));
  } catch (error) {
    throw error instanceof GatewayError ? new Mistake(error.message) : error;
  }
}

function mistakeIn({
  issues,
}: {
  issues: readonly { path: readonly PropertyKey[]; message: string }[];
}): Mistake {
  return new Mistake(issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** What can be taken away from a key, as options are called. */
const CLEARABLE: Readonly<Record<string, keyof KeyWishes>> = {
  model: 'allowed_models',
  provider: 'allowed_providers',
  address: 'allowed_addresses',
  plan: 'plan',
  'requests-per-minute': 'requests_per_minute',
  'tokens-per-minute': 'tokens_per_minute',
  'budget-usd-per-day': 'budget_usd_per_day',
  'budget-usd-per-month': 'budget_usd_per_month',
  expiry: 'expires_at',
};
export const CLEARABLE_SETTINGS = Object.keys(CLEARABLE);

function clearable(setting: string): keyof KeyWishes {
  const wish = Object.hasOwn(CLEARABLE, setting) ? CLEARABLE[setting] : undefined;
  if (wish) return wish;
  throw new Mistake(`There is no '${setting}' to clear. There are: ${CLEARABLE_SETTINGS.join(', ')}.`);
}

function scopesNamed(texts: readonly string[]): KeyScope[] {
  return texts.flatMap((text) => text.split(',')).map(scopeNamed);
}

function scopeNamed(text: string): KeyScope {
  const scope = KEY_SCOPES.find((known) => known === text.trim());
  if (scope) return scope;
  throw new Mistake(`There is no scope '${text}'. There are: ${KEY_SCOPES.join(', ')}.`);
}

function lineOf(record: KeyRecord, config: Config): string {
  const key = describeKey(record, config.plans, Date.now());
  const told = {
    models: key.allowed_models?.join(','),
    providers: key.allowed_providers?.join(','),
    from: key.allowed_addresses?.join(','),
    plan: key.plan,
    'requests/min': key.requests_per_minute,
    'tokens/min': key.tokens_per_minute,
    'USD/day': key.budget_usd_per_day,
    'USD/month': key.budget_usd_per_month,
    'when used up': key.on_exhausted === 'downgrade' ? 'downgrade' : undefined,
    streams: key.hold_back ? 'held back' : undefined,
    expires: key.expires_at?.slice(0, 10),
    revoked: key.revoked_at?.slice(0, 10),
  };
  const limits = Object.entries(told).flatMap(([name, value]) => (value == null ? [] : [`${name} ${value}`]));
  return [key.id, `${key.prefix}…`, key.name, key.scopes.join(','), key.state, ...limits].join('  ');
}
