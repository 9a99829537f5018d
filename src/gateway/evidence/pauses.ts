import type { Refusal } from '../../core/choice/choice-input.ts';
import type { Store } from '../../store/contract.ts';
import { unknownModel } from '../catalog.ts';
import type { GatewayDeps } from '../deps.ts';
import { createTurns } from './in-turn.ts';
import { createKeptDocument } from './kept-document.ts';

/** Models that an operator has taken out of service: nobody is sent there, by name or by `auto`, until they are resumed. */
export interface Pauses {
  has(modelId: string): boolean;
  /** Ids of all, whether they are configured or not. */
  all(): readonly string[];
  /** For the choice; undefined for a model in service. */
  refusalOf(modelId: string): Refusal | undefined;
  /** Stored before it resolves; other processes hear of it at their next `refresh`. */
  set(modelId: string, isPaused: boolean): Promise<void>;
  /** Reads again what is stored. */
  refresh(): Promise<void>;
}

const STATE = 'paused_models';
const PAUSED: Refusal = Object.freeze({ reason: 'paused' });

export function createPauses(store: Pick<Store, 'loadState' | 'exchangeState'>): Pauses {
  const kept = createKeptDocument(store, STATE, idsOf, (ids) => JSON.stringify([...ids]));
  let paused: ReadonlySet<string> = new Set();
  const inTurn = createTurns();
  return {
    has: (modelId) => paused.has(modelId),
    all: () => [...paused],
    refusalOf: (modelId) => (paused.size > 0 && paused.has(modelId) ? PAUSED : undefined),
    set: (modelId, isPaused) =>
      inTurn(async () => {
        paused = await kept.change((ids) => {
          const next = new Set(ids);
          if (isPaused) next.add(modelId);
          else next.delete(modelId);
          return next;
        });
      }),
    refresh: () =>
      inTurn(async () => {
        paused = await kept.read();
      }),
  };
}

function idsOf(text: string | undefined): ReadonlySet<string> {
  try {
    const ids: unknown = JSON.parse(text ?? '[]');
    return new Set(Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []);
  } catch {
    return new Set();
  }
}

/**
 * Takes a model out of service, or back in; the same again changes nothing. One that is paused and not configured any more
 * can be taken back: it would be out of service when it comes again.
 *
 * @throws GatewayError 404 for an unknown model, 503 when it cannot be stored; nothing is changed then.
 */
export async function pauseModel(deps: GatewayDeps, id: string, isPaused: boolean): Promise<object> {
  const model = deps.live.catalog.model(id);
  // Another process may have paused it just now.
  if (model === undefined) await deps.pauses.refresh();
  const wasPaused = deps.pauses.has(id);
  if (model === undefined && (isPaused || !wasPaused)) throw unknownModel(id);
  await deps.pauses.set(id, isPaused);
  if (wasPaused !== isPaused) {
    deps.log.warn({ model: id }, isPaused ? 'taken out of service by an operator' : 'back in service');
  }
  const others = deps.live.catalog.models.filter(
    (one) => one.type === model?.type && one.id !== id && !deps.pauses.has(one.id),
  );
  return {
    object: 'model_service',
    model: id,
    paused: isPaused,
    others_in_service: model === undefined ? null : others.length,
  };
}
