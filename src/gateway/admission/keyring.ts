import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { KeyRecord, KeyScope, Store } from '../../store/contract.ts';
import { readSecret } from './client-secrets.ts';

export type { KeyScope };

/** Who asks. */
export interface Caller {
  /** `''` for everybody while the gateway is open. */
  readonly keyId: string;
  readonly scopes: ReadonlySet<KeyScope>;
  /** Ids of the models that it may use, at a provider that may serve it; undefined for all. */
  readonly allowedModels: ReadonlySet<string> | undefined;
  /** Names of providers; undefined for all. */
  readonly allowedProviders: ReadonlySet<string> | undefined;
  /** What else is said of the key; undefined for everybody while the gateway is open. */
  readonly key: KeyRecord | undefined;
}

/** Finds out who a key belongs to: from memory, or from the store at most once in `REMEMBERED_MS` per key. */
export interface Keyring {
  /**
   * @param token what stood behind `Bearer`; undefined when nothing did.
   * @returns the caller, at once when the key was seen lately; a promise otherwise.
   * @throws GatewayError 401 unknown, revoked or expired; 403 with neither the scope nor `admin`, which includes all;
   *   the promise rejects with the same.
   */
  callerOf(token: string | undefined, scope: KeyScope): Caller | Promise<Caller>;
  /**
   * Who a client secret stands for, as far as realtime sessions go: the key that made it, with the model that it was made for.
   *
   * @throws GatewayError 401 not made here, or its time or its key's is over; 403 its key may not `inference`
   */
  callerOfSecret(secret: string): Promise<Caller>;
  /** Looks everybody up anew: for whoever changes a key in this process. */
  forget(): void;
}

/** What a token turned out to be. */
type Standing =
  | { readonly kind: 'key'; readonly record: KeyRecord; readonly caller: Caller }
  | { readonly kind: 'open' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'missing' };

/** Revocation takes effect within this. */
const REMEMBERED_MS = 4_000;
const REMEMBERED_KEYS = 10_000;
/** A key longer than this is none of ours and is not worth hashing. */
const MAX_KEY_LENGTH = 256;

export const EVERYBODY: Caller = {
  keyId: '',
  scopes: new Set<KeyScope>(['inference', 'feedback', 'intelligence', 'admin']),
  allowedModels: undefined,
  allowedProviders: undefined,
  key: undefined,
};

/**
 * Without any key the gateway is open (on loopback: `serve.ts` refuses to listen elsewhere); the first key closes it.
 *
 * @param options.isRequired `api.require_auth`; false opens the gateway for good.
 */
export function createKeyring(options: {
  readonly store: Pick<Store, 'hashKey' | 'findKeyByHash' | 'findKey' | 'hasKeys'>;
  readonly isRequired: () => boolean;
  /** Ids of the models that there are at any of these providers. */
  readonly modelsAt: (providers: ReadonlySet<string>) => Iterable<string>;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}): Keyring {
  const { store, monotonicMs } = options;
  const tokenToStanding = new Map<string, { standing: Standing; untilMs: number }>();
  /** Goes up with each `forget`: what was looked up before is not remembered after. */
  let epoch = 0;

  const look = async (token: string | undefined): Promise<Standing> => {
    if (token !== undefined && token.length <= MAX_KEY_LENGTH) {
      const record = await store.findKeyByHash(store.hashKey(token));
      if (record) return { kind: 'key', record, caller: callerOfRecord(record, options.modelsAt) };
    }
    // While no key exists SDKs still send the one they cannot do without: any will do.
    if (!options.isRequired() || !(await store.hasKeys())) return { kind: 'open' };
    return token === undefined ? { kind: 'missing' } : { kind: 'unknown' };
  };

  /** A browser's session begins once: what its secret says is looked up each time. */
  const lookAtSecret = async (text: string): Promise<Standing> => {
    const secret = readSecret((one) => store.hashKey(one), text);
    const record = secret && (await store.findKey(secret.keyId));
    if (secret === undefined || record === undefined) {
      const isOpen = !options.isRequired() || !(await store.hasKeys());
      return { kind: isOpen ? 'open' : 'unknown' };
    }
    const caller = callerOfRecord(record, options.modelsAt);
    const { modelId } = secret;
    const ofKey = caller.allowedModels;
    const allowedModels =
      modelId === undefined ? ofKey : new Set(ofKey?.has(modelId) === false ? [] : [modelId]);
    return {
      kind: 'key',
      record: {
        ...record,
        expiresAtMs: Math.min(secret.expiresAtMs, record.expiresAtMs ?? secret.expiresAtMs),
      },
      caller: { ...caller, allowedModels },
    };
  };

  return {
    async callerOfSecret(secret) {
      return admit(await lookAtSecret(secret), 'inference', options.nowMs());
    },
    callerOf(token, scope) {
      // A longer one is unknown whatever it says, and ten thousand of them are not to fill the memory.
      const name = (token?.length ?? 0) > MAX_KEY_LENGTH ? '-' : (token ?? '');
      const remembered = tokenToStanding.get(name);
      if (remembered && monotonicMs() < remembered.untilMs) {
        return admit(remembered.standing, scope, options.nowMs());
      }
      const askedIn = epoch;
      // Counted from the question: what a slow database says was true then.
      const untilMs = monotonicMs() + REMEMBERED_MS;
      return look(token).then((standing) => {
        if (tokenToStanding.size >= REMEMBERED_KEYS) tokenToStanding.clear();
        if (askedIn === epoch) tokenToStanding.set(name, { standing, untilMs });
        return admit(standing, scope, options.nowMs());
      });
    },
    forget() {
      epoch += 1;
      tokenToStanding.clear();
    },
  };
}

function callerOfRecord(
  record: KeyRecord,
  modelsAt: (providers: ReadonlySet<string>) => Iterable<string>,
): Caller {
  const allowedProviders = record.allowedProviders && new Set(record.allowedProviders);
  const own = record.allowedModels && new Set(record.allowedModels);
  const atProviders = allowedProviders && [...modelsAt(allowedProviders)];
  return {
    keyId: record.id,
    scopes: new Set(record.scopes),
    allowedModels: atProviders ? new Set(atProviders.filter((id) => own?.has(id) !== false)) : own,
    allowedProviders,
    key: record,
  };
}

function admit(standing: Standing, scope: KeyScope, nowMs: number): Caller {
  if (standing.kind === 'open') return EVERYBODY;
  if (standing.kind === 'missing') throw unauthorized("No API key. Send it as 'Authorization: Bearer or-…'.");
  if (standing.kind === 'unknown') throw unauthorized('This API key is not known here.');
  const { record, caller } = standing;
  if (record.revokedAtMs !== undefined) throw unauthorized('This API key has been revoked.');
  if (record.expiresAtMs !== undefined && record.expiresAtMs <= nowMs) {
    throw unauthorized('This API key has expired.');
  }
  if (caller.scopes.has(scope) || caller.scopes.has('admin')) return caller;
  throw new GatewayError({
    status: 403,
    code: 'missing_scope',
    message: `This API key lacks the scope '${scope}'; it has ${record.scopes.join(', ') || 'none'}.`,
  });
}

function unauthorized(message: string): GatewayError {
  return new GatewayError({ status: 401, code: 'invalid_api_key', message });
}
