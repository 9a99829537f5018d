import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import type { Store } from '../../store/contract.ts';
import { describeKey, type KeyWishes, type KnownNames, settingsOf } from './key-settings.ts';
import type { Caller, Keyring } from './keyring.ts';
import type { RateSettings } from './rate-limits.ts';

export interface AdminKeysDeps {
  readonly store: Pick<Store, 'createKey' | 'listKeys' | 'findKey' | 'updateKey' | 'revokeKey' | 'hasKeys'>;
  /** Told of every change, which holds at once in this process. */
  readonly keyring: Pick<Keyring, 'forget'>;
  readonly known: () => KnownNames;
  readonly plans: () => RateSettings['plans'];
  /** Whether only this machine can reach the gateway. */
  readonly isLoopback: boolean;
  readonly log: { info(fields: object, message: string): void };
  readonly nowMs: () => number;
}

/**
 * Makes a key and shows it, this once.
 *
 * @throws GatewayError 400 a name that there is not, a time that is over; 403 who may make none
 */
export async function createKey(
  deps: AdminKeysDeps,
  caller: Caller,
  wishes: KeyWishes & { readonly name: string; readonly scopes: NonNullable<KeyWishes['scopes']> },
): Promise<object> {
  const isFirst = caller.key === undefined;
  if (isFirst) await refuseUnlessFirst(deps, wishes.scopes);
  const settings = settingsOf(wishes, deps.known());
  if (settings.expiresAtMs !== undefined && settings.expiresAtMs <= deps.nowMs()) {
    throw badRequest('expires_at: is over already.', 'expires_at', 'invalid_value');
  }
  const { key, record } = await deps.store.createKey({
    ...settings,
    name: wishes.name,
    scopes: wishes.scopes,
  });
  changed(
    deps,
    caller,
    record.id,
    isFirst ? 'the first key was made: it closes this gateway' : 'a key was made',
  );
  return { ...describeKey(record, deps.plans(), deps.nowMs()), key };
}

/** @throws GatewayError 400 when no key has the id `after` */
export async function listKeys(
  deps: AdminKeysDeps,
  caller: Caller,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<object> {
  await refuseKeyless(deps, caller);
  const after = page.after === undefined ? undefined : await deps.store.findKey(page.after);
  if (page.after !== undefined && after === undefined) {
    throw badRequest(`after: there is no key '${page.after.slice(0, 64)}'.`, 'after', 'invalid_value');
  }
  const found = await deps.store.listKeys({ after, limit: page.limit + 1 });
  const data = found.slice(0, page.limit).map((record) => describeKey(record, deps.plans(), deps.nowMs()));
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: found.length > page.limit,
  };
}

/** @throws GatewayError 404 `key_not_found` */
export async function showKey(deps: AdminKeysDeps, caller: Caller, id: string): Promise<object> {
  await refuseKeyless(deps, caller);
  const record = await deps.store.findKey(id);
  if (record === undefined) throw keyNotFound(id);
  return describeKey(record, deps.plans(), deps.nowMs());
}

/** @throws GatewayError 400 a name that there is not, 404 `key_not_found`, 409 `key_revoked` */
export async function changeKey(
  deps: AdminKeysDeps,
  caller: Caller,
  id: string,
  wishes: KeyWishes,
): Promise<object> {
  await refuseKeyless(deps, caller);
  const record = await deps.store.updateKey(id, settingsOf(wishes, deps.known()));
  if (record === undefined) {
    if ((await deps.store.findKey(id)) === undefined) throw keyNotFound(id);
    throw new GatewayError({
      status: 409,
      code: 'key_revoked',
      message: 'This key is revoked, which cannot be undone. Make a new one.',
    });
  }
  changed(deps, caller, id, 'a key was changed');
  return describeKey(record, deps.plans(), deps.nowMs());
}

/** Revoking one again changes nothing, its time included. @throws GatewayError 404 `key_not_found` */
export async function revokeKey(deps: AdminKeysDeps, caller: Caller, id: string): Promise<object> {
  await refuseKeyless(deps, caller);
  if (await deps.store.revokeKey(id)) changed(deps, caller, id, 'a key was revoked');
  return showKey(deps, caller, id);
}

function changed({ keyring, log }: AdminKeysDeps, caller: Caller, keyId: string, what: string): void {
  keyring.forget();
  log.info({ key: keyId, by: caller.keyId }, what);
}

/**
 * On an open gateway anybody on this machine may make the first key. It has to be one that can make others: the gateway is
 * closed from then on, and would have nobody to open it.
 */
async function refuseUnlessFirst(
  deps: AdminKeysDeps,
  scopes: NonNullable<KeyWishes['scopes']>,
): Promise<void> {
  if (!deps.isLoopback) throw needsAdminKey();
  await refuseKeyless(deps, undefined);
  if (scopes.includes('admin')) return;
  throw badRequest(
    "scopes: the first key closes this gateway to all who have none, so it needs the scope 'admin', with which it can make others.",
    'scopes',
    'invalid_value',
  );
}

/** Where no key is asked for, though there are some, everybody is an admin for all else; not for keys. */
async function refuseKeyless(deps: AdminKeysDeps, caller: Caller | undefined): Promise<void> {
  if (caller?.key === undefined && (await deps.store.hasKeys())) throw needsAdminKey();
}

function needsAdminKey(): GatewayError {
  return new GatewayError({
    status: 403,
    code: 'admin_key_required',
    message:
      "Keys are managed with a key of the scope 'admin', or with 'outrider keys' where the gateway runs.",
  });
}

export function keyNotFound(id: string): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'key_not_found',
    message: `There is no key '${id.slice(0, 64)}'. GET /v1/keys lists those there are.`,
  });
}
