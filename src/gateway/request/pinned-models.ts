import type { ModelType } from '../../core/catalog/model.ts';
import type { Decision } from '../../core/choice/decision.ts';
import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import type { Store } from '../../store/contract.ts';
import { keyNotFound } from '../admission/admin-keys.ts';
import { unknownModel } from '../catalog.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import type { Job } from './job.ts';
import { planJob } from './plan.ts';
import type { Policy } from './policy.ts';

/** What another process moved is known here so much later at most. */
const KNOWN_FOR_MS = 5_000;
const MAX_KNOWN = 10_000;

/** Which model `auto` is for a key. */
export interface PinnedModels {
  /** Undefined while nothing was chosen for this key. */
  modelOf(keyId: string, type: ModelType): Promise<string | undefined>;
  /** @returns the model in force: another's, if somebody was faster */
  choose(keyId: string, type: ModelType, modelId: string): Promise<string>;
  /** What this process knows of the key is read again when it is next asked. */
  forget(keyId: string, type: ModelType): void;
}

export function createPinnedModels(deps: {
  readonly store: Pick<Store, 'pinnedModel' | 'pinModel'>;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}): PinnedModels {
  const known = new Map<string, { readonly modelId: string; readonly untilMs: number }>();
  const nameOf = (keyId: string, type: ModelType) => `${type}\n${keyId}`;

  function keep(keyId: string, type: ModelType, modelId: string): string {
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(nameOf(keyId, type), { modelId, untilMs: deps.monotonicMs() + KNOWN_FOR_MS });
    return modelId;
  }

  return {
    async modelOf(keyId, type) {
      const found = known.get(nameOf(keyId, type));
      if (found !== undefined && deps.monotonicMs() < found.untilMs) return found.modelId;
      const modelId = await deps.store.pinnedModel({ keyId, type });
      return modelId === undefined ? undefined : keep(keyId, type, modelId);
    },
    async choose(keyId, type, modelId) {
      return keep(keyId, type, await deps.store.pinModel({ keyId, type, modelId, pinnedAtMs: deps.nowMs() }));
    },
    forget(keyId, type) {
      known.delete(nameOf(keyId, type));
    },
  };
}

/**
 * As `planJob`, where all requests of a key have to come to one model: vectors of two models cannot be compared. The
 * first choice is the best by what is known, and written down before anything is sent; from then on only that model's endpoints
 * are candidates, and when none of them can serve nobody does.
 *
 * @throws GatewayError 409 `pinned_model_gone` when the model is no longer configured
 */
export async function planPinned(
  deps: GatewayDeps,
  live: LiveSettings,
  job: Job,
  policy: Policy,
): Promise<Decision> {
  if (policy.tiers.every(({ isExplicit }) => isExplicit)) {
    refuseSeveral(policy);
    return planJob(deps, live, job, policy);
  }
  const { type } = job.operation;
  const pinned = await deps.pins.modelOf(job.keyId, type);
  if (pinned === undefined) {
    const first = planJob(deps, live, job, withoutTrying(policy));
    const chosen = await deps.pins.choose(job.keyId, type, first.ranking[0]?.modelId ?? '');
    const ranking = first.ranking.filter(({ modelId }) => modelId === chosen);
    if (ranking[0] === first.ranking[0]) return { ...first, ranking };
    return { ...planJob(deps, live, job, onlyModel(policy, chosen, live)), reason: 'sticky' };
  }
  if (job.body.route?.models?.includes(pinned) === false) throw leftOut(pinned, 'route.models');
  return { ...planJob(deps, live, job, onlyModel(policy, pinned, live)), reason: 'sticky' };
}

/** What is chosen for good is the best by what is known, and no draw. */
function withoutTrying(policy: Policy): Policy {
  return { ...policy, tiers: policy.tiers.map((tier) => ({ ...tier, explore: false })) };
}

function onlyModel(policy: Policy, modelId: string, { catalog }: LiveSettings): Policy {
  if (catalog.model(modelId) === undefined) throw modelGone(modelId);
  const tiers = policy.tiers.map((tier) => ({
    ...tier,
    candidates: tier.candidates.filter(({ model }) => model.id === modelId),
  }));
  if (tiers.every(({ candidates }) => candidates.length === 0)) {
    throw leftOut(modelId, 'models');
  }
  return { ...policy, tiers: tiers.filter(({ candidates }) => candidates.length > 0) };
}

function leftOut(modelId: string, param: string): GatewayError {
  const message = `The vectors of this key are of the model '${modelId}', which this request leaves out.`;
  return badRequest(message, param, 'pinned_model_left_out');
}

/** A list of models to fall back on would answer with vectors of one today and of another tomorrow. */
function refuseSeveral({ tiers }: Policy): void {
  const ids = new Set(tiers.flatMap(({ candidates }) => candidates.map(({ model }) => model.id)));
  if (ids.size < 2) return;
  throw badRequest(
    `Vectors of ${[...ids].map((id) => `'${id}'`).join(' and ')} cannot be compared: name one model, or auto.`,
    'models',
    'would_mix_vectors',
  );
}

function modelGone(modelId: string): GatewayError {
  return new GatewayError({
    status: 409,
    code: 'pinned_model_gone',
    param: 'model',
    message: `The vectors of this key are of the model '${modelId}', which is no longer configured. Vectors of another cannot be compared with them: an operator moves the key to another model (PUT /v1/embedding-models/{key_id}), and all is embedded again.`,
    isRetryPointless: true,
  });
}

/** As the key of requests without one is called in the API. */
export const NO_KEY_NAME = 'none';

/** All that is pinned, for an operator. */
export async function listPinnedModels(deps: GatewayDeps): Promise<object> {
  const pins = await deps.store.listPins();
  return {
    object: 'list',
    data: pins
      .filter(({ type }) => type === 'embedding')
      .map(({ keyId, modelId, pinnedAtMs }) => ({
        object: 'embedding_model',
        key_id: keyId === '' ? NO_KEY_NAME : keyId,
        model: modelId,
        is_configured: deps.live.catalog.model(modelId) !== undefined,
        since: new Date(pinnedAtMs).toISOString(),
      })),
  };
}

/** Moves a key to another model. @throws GatewayError 404 unknown model or key, 400 a model of another type */
export async function moveEmbeddingModel(
  deps: GatewayDeps,
  keyName: string,
  modelId: string,
): Promise<object> {
  const model = deps.live.catalog.model(modelId);
  if (model === undefined) throw unknownModel(modelId);
  if (model.type !== 'embedding') {
    throw badRequest(`'${modelId}' is no embedding model.`, 'model', 'wrong_model_type');
  }
  const keyId = keyIdOf(keyName);
  // A misspelt id would move nobody, and nobody would notice.
  if (keyId !== '' && (await deps.store.findKey(keyId)) === undefined) throw keyNotFound(keyName);
  const pinnedAtMs = deps.nowMs();
  await deps.store.movePin({ keyId, type: 'embedding', modelId, pinnedAtMs });
  deps.pins.forget(keyId, 'embedding');
  return {
    object: 'embedding_model',
    key_id: keyName,
    model: modelId,
    is_configured: true,
    since: new Date(pinnedAtMs).toISOString(),
  };
}

/** The next `auto` of the key chooses anew. @throws GatewayError 404 when nothing was pinned */
export async function forgetEmbeddingModel(deps: GatewayDeps, keyName: string): Promise<object> {
  const keyId = keyIdOf(keyName);
  const wasPinned = await deps.store.removePin({ keyId, type: 'embedding' });
  deps.pins.forget(keyId, 'embedding');
  if (wasPinned) return { object: 'embedding_model', key_id: keyName, deleted: true };
  throw new GatewayError({
    status: 404,
    code: 'not_found',
    message: `No embedding model was chosen for the key '${keyName.slice(0, 64)}'.`,
  });
}

function keyIdOf(name: string): string {
  return name === NO_KEY_NAME ? '' : name;
}
