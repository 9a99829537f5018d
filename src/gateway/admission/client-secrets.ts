import type { Model } from '../../core/catalog/model.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { SECRET_PREFIX } from '../../core/wire/client-secret.ts';
import { type Catalog, unknownModel } from '../catalog.ts';
import { isPermitted } from './key-permits.ts';
import type { Caller } from './keyring.ts';

/** Longer ones are none of ours. */
const MAX_SECRET_LENGTH = 1024;
const DEFAULT_SECONDS = 600;

/** HMAC of a text under the secret that keys are hashed with: the same in every process on one database. */
export type Hash = (text: string) => string;

/** What a secret says: it is all in its text, and nothing of it is stored. */
export interface ClientSecret {
  /** Of the key that made it; `''` while there was none. */
  readonly keyId: string;
  /** The one model that it opens sessions with; undefined for all of its key. */
  readonly modelId: string | undefined;
  readonly expiresAtMs: number;
}

/**
 * A text with which a browser can open realtime sessions for a short time, in the name of the key that asked for it: whatever it does
 * counts against that key's permits, limits and budgets, and it dies with that key.
 *
 * @throws GatewayError 400 a model that holds no sessions, 404 one that there is not (for this key)
 */
export function createClientSecret(
  deps: {
    readonly catalog: Catalog;
    readonly hash: Hash;
    readonly nowMs: () => number;
    readonly newSessionId: () => string;
  },
  caller: Caller,
  wishes: { readonly model: string | undefined; readonly seconds: number | undefined },
): object {
  const { model = 'auto', seconds = DEFAULT_SECONDS } = wishes;
  const expiresAt = Math.floor(deps.nowMs() / 1000) + seconds;
  const modelId = model === 'auto' ? undefined : modelNamed(deps.catalog, caller, model).id;
  return {
    value: writeSecret(deps.hash, { keyId: caller.keyId, modelId, expiresAtMs: expiresAt * 1000 }),
    expires_at: expiresAt,
    session: {
      type: 'realtime',
      object: 'realtime.session',
      id: deps.newSessionId(),
      model: modelId ?? 'auto',
      expires_at: 0,
    },
  };
}

function modelNamed(catalog: Catalog, caller: Caller, name: string): Model {
  const model = catalog.model(name);
  const isKnown = model?.endpoints.some(({ provider }) => isPermitted(caller, model.id, provider));
  if (model === undefined || !isKnown) throw unknownModel(name);
  if (model.type !== 'realtime') {
    throw badRequest(
      `'${model.id}' is of the type ${model.type} and holds no sessions. Name a realtime model, or 'auto'.`,
      'session.model',
      'wrong_model_type',
    );
  }
  return model;
}

function writeSecret(hash: Hash, { keyId, modelId, expiresAtMs }: ClientSecret): string {
  const said = Buffer.from(JSON.stringify([keyId, Math.floor(expiresAtMs / 1000), modelId ?? null]));
  const text = said.toString('base64url');
  return `${SECRET_PREFIX}${text}.${macOf(hash, text)}`;
}

/** Undefined for a text that this gateway did not make. Whether its time is over is not looked at. */
export function readSecret(hash: Hash, secret: string): ClientSecret | undefined {
  if (!secret.startsWith(SECRET_PREFIX) || secret.length > MAX_SECRET_LENGTH) return undefined;
  const [text = '', mac = '', ...rest] = secret.slice(SECRET_PREFIX.length).split('.');
  // Hashed once more before they are compared: how far two texts agree shows in the time that it takes.
  if (rest.length > 0 || hash(mac) !== hash(macOf(hash, text))) return undefined;
  const [keyId, seconds, modelId] = JSON.parse(Buffer.from(text, 'base64url').toString());
  return { keyId, modelId: modelId ?? undefined, expiresAtMs: seconds * 1000 };
}

/** No key begins like this: what is told here is the hash of none. */
function macOf(hash: Hash, text: string): string {
  return hash(`client secret\n${text}`);
}
