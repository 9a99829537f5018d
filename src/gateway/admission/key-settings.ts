import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { KeyRecord, KeyScope, KeySettings, OnExhausted } from '../../store/contract.ts';
import { limitsOf, type RateSettings } from './rate-limits.ts';

const MAX_NAMED = 50;

/** What can be asked of a key. In a change null takes a setting away, and what is not named stays. */
export interface KeyWishes {
  readonly name?: string;
  readonly scopes?: readonly KeyScope[];
  readonly allowed_models?: readonly string[] | null;
  readonly allowed_providers?: readonly string[] | null;
  /** IP addresses and CIDR blocks. */
  readonly allowed_addresses?: readonly string[] | null;
  readonly plan?: string | null;
  readonly requests_per_minute?: number | null;
  readonly tokens_per_minute?: number | null;
  readonly budget_usd_per_day?: number | null;
  readonly budget_usd_per_month?: number | null;
  readonly on_exhausted?: OnExhausted;
  readonly hold_back?: boolean;
  /** ISO 8601. */
  readonly expires_at?: string | null;
}

/** The names there are, for the wishes that name something. */
export interface KnownNames {
  readonly models: Iterable<string>;
  readonly providers: Iterable<string>;
  readonly plans: Iterable<string>;
}

/**
 * As the store has them. A member that the wishes name is there, and undefined where it is taken away.
 *
 * @param wishes that `http/keys/key-schema.ts` has checked.
 * @throws GatewayError 400 for a model, provider or plan that there is not: a misspelt one would shut its key out.
 */
export function settingsOf(wishes: KeyWishes, known: KnownNames): Partial<KeySettings> {
  for (const model of wishes.allowed_models ?? [])
    refuseUnknown('allowed_models', 'model', model, known.models);
  for (const provider of wishes.allowed_providers ?? []) {
    refuseUnknown('allowed_providers', 'provider', provider, known.providers);
  }
  if (wishes.plan != null) refuseUnknown('plan', 'plan', wishes.plan, known.plans);
  const settings: { -readonly [Name in keyof KeySettings]?: KeySettings[Name] } = {};
  if (wishes.name !== undefined) settings.name = wishes.name;
  if (wishes.scopes !== undefined) settings.scopes = [...new Set(wishes.scopes)];
  if (wishes.allowed_models !== undefined) settings.allowedModels = wishes.allowed_models ?? undefined;
  if (wishes.allowed_providers !== undefined)
    settings.allowedProviders = wishes.allowed_providers ?? undefined;
  if (wishes.allowed_addresses !== undefined)
    settings.allowedAddresses = wishes.allowed_addresses ?? undefined;
  if (wishes.plan !== undefined) settings.plan = wishes.plan ?? '';
  if (wishes.requests_per_minute !== undefined) {
    settings.requestsPerMinute = wishes.requests_per_minute ?? undefined;
  }
  if (wishes.tokens_per_minute !== undefined)
    settings.tokensPerMinute = wishes.tokens_per_minute ?? undefined;
  if (wishes.budget_usd_per_day !== undefined) {
    settings.budgetMicroUsdPerDay = microUsdOf(wishes.budget_usd_per_day);
  }
  if (wishes.budget_usd_per_month !== undefined) {
    settings.budgetMicroUsdPerMonth = microUsdOf(wishes.budget_usd_per_month);
  }
  if (wishes.on_exhausted !== undefined) settings.onExhausted = wishes.on_exhausted;
  if (wishes.hold_back !== undefined) settings.holdBack = wishes.hold_back;
  if (wishes.expires_at !== undefined) {
    settings.expiresAtMs = wishes.expires_at === null ? undefined : Date.parse(wishes.expires_at);
  }
  return settings;
}

/**
 * A key as the admin API and the terminal show it: never its text, of which only the prefix is kept. `limits` are those that
 * hold, by itself or by its plan.
 */
export function describeKey(record: KeyRecord, plans: RateSettings['plans'], nowMs: number) {
  const limits = limitsOf(record, plans);
  return {
    object: 'key',
    id: record.id,
    name: record.name,
    prefix: record.prefix,
    state: stateOf(record, nowMs),
    scopes: record.scopes,
    allowed_models: record.allowedModels ?? null,
    allowed_providers: record.allowedProviders ?? null,
    allowed_addresses: record.allowedAddresses ?? null,
    plan: record.plan === '' ? null : record.plan,
    requests_per_minute: record.requestsPerMinute ?? null,
    tokens_per_minute: record.tokensPerMinute ?? null,
    limits: {
      requests_per_minute: limits.requestsPerMinute ?? null,
      tokens_per_minute: limits.tokensPerMinute ?? null,
    },
    budget_usd_per_day: usdOf(record.budgetMicroUsdPerDay),
    budget_usd_per_month: usdOf(record.budgetMicroUsdPerMonth),
    on_exhausted: record.onExhausted,
    hold_back: record.holdBack,
    created_at: timeOf(record.createdAtMs),
    expires_at: timeOf(record.expiresAtMs),
    revoked_at: timeOf(record.revokedAtMs),
  } as const;
}

function stateOf({ revokedAtMs, expiresAtMs }: KeyRecord, nowMs: number): 'active' | 'revoked' | 'expired' {
  if (revokedAtMs !== undefined) return 'revoked';
  return expiresAtMs !== undefined && expiresAtMs <= nowMs ? 'expired' : 'active';
}

function refuseUnknown(param: string, kind: string, name: string, known: Iterable<string>): void {
  const names = [...known];
  if (names.includes(name)) return;
  const shown = names.slice(0, MAX_NAMED).join(', ');
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  const message = `There is no ${kind} '${name.slice(0, 200)}'. There are: ${shown}${more}.`;
  throw badRequest(message, param, 'unknown_option');
}

function microUsdOf(usd: number | null): number | undefined {
  return usd === null ? undefined : Math.round(usd * 1_000_000);
}

function usdOf(microUsd: number | undefined): number | null {
  return microUsd === undefined ? null : microUsd / 1_000_000;
}

function timeOf(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}
