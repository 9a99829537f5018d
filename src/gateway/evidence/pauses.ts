import type { Refusal } from '../../core/choice/choice-input.ts';
import type { Store } from '../../store/contract.ts';
import { unknownModel } from '../catalog.ts';
import type { GatewayDeps } from '../deps.ts';

/** Models that an operator has taken out of service: nobody is sent there, by name or by `auto`, until they are resumed. */
export interface Pauses {
  has(modelId: string): boolean;
  /** For the choice; undefined for a model in service. */
  refusalOf(modelId: string): Refusal | undefined;
  /** Stored before it resolves; other processes hear of it at their next `refresh`. */
  set(modelId: string, isPaused: boolean): Promise<void>;
  /** Reads again what is stored. */
  refresh(): Promise<void>;
}

const STATE = 'paused_models';
const PAUSED: Refusal = Object.freeze({ reason: 'paused' });

export function createPauses(store: Pick<Store, 'loadState' | 'saveState'>): Pauses {
  let paused: ReadonlySet<string> = new Set();
  let last: Promise<void> = Promise.resolve();
  const read = async () => {
    paused = idsOf((await store.loadState(STATE)) ?? '[]');
  };
  /** One after the other: of two who pause at once neither overwrites the other. */
  const inTurn = (work: () => Promise<void>) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
  return {
    has: (modelId) => paused.has(modelId),
    refusalOf: (modelId) => (paused.size > 0 && paused.has(modelId) ? PAUSED : undefined),
    set: (modelId, isPaused) =>
      inTurn(async () => {
        await read();
        const next = new Set(paused);
        if (isPaused) next.add(modelId);
        else next.delete(modelId);
        await store.saveState(STATE, JSON.stringify([...next]));
        paused = next;
      }),
    refresh: () => inTurn(read),
  };
}

function idsOf(text: string): ReadonlySet<string> {
  try {
    const ids: unknown = JSON.parse(text);
    return new Set(Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []);
  } catch {
    return new Set();
  }
}

/**
 * Takes a model out of service, or back in; the same again changes nothing.
 *
 * @throws GatewayError 404 for an unknown model, 503 when it cannot be stored; nothing is changed then.
 */
export async function pauseModel(deps: GatewayDeps, id: string, isPaused: boolean): Promise<object> {
  const model = deps.live.catalog.model(id);
  if (model === undefined) throw unknownModel(id);
  const wasPaused = deps.pauses.has(id);
  await deps.pauses.set(id, isPaused);
  if (wasPaused !== isPaused) {
    deps.log.warn({ model: id }, isPaused ? 'taken out of service by an operator' : 'back in service');
  }
  const others = deps.live.catalog.models.filter(
    (one) => one.type === model.type && one.id !== id && !deps.pauses.has(one.id),
  );
  return { object: 'model_service', model: id, paused: isPaused, others_in_service: others.length };
}
