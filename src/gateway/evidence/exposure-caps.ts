import type { ShareCaps } from '../../core/choice/cap-shares.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { AnyTask } from '../../core/task/operation-task.ts';
import { anyTaskNamed, tasksOfType, typeOfTask } from '../../core/task/operation-task.ts';
import { workNamed } from '../../core/task/work-named.ts';
import type { Store } from '../../store/contract.ts';
import { unknownModel } from '../catalog.ts';
import type { GatewayDeps } from '../deps.ts';
import { createTurns } from './in-turn.ts';
import { createKeptDocument } from './kept-document.ts';

/** What an operator allows a model at most of what is left to the router, of one task or (undefined) of each. */
export interface ExposureCap {
  readonly modelId: string;
  readonly task: AnyTask | undefined;
  /** 0–1. */
  readonly maxShare: number;
}

/** Kept in the store, and shared by all processes as pauses are. */
export interface ExposureCaps {
  /** For the choice; undefined where nobody is capped, which is nearly always. Of two caps the smaller holds. */
  capsFor(task: AnyTask): ShareCaps | undefined;
  of(modelId: string): readonly ExposureCap[];
  /** Of models that are configured, and of those that are not any more. */
  all(): readonly ExposureCap[];
  /** Stored before it resolves; undefined takes the cap away. */
  set(modelId: string, task: AnyTask | undefined, maxShare: number | undefined): Promise<void>;
  /** Reads again what is stored. */
  refresh(): Promise<void>;
}

const STATE = 'exposure_caps';

export function createExposureCaps(store: Pick<Store, 'loadState' | 'exchangeState'>): ExposureCaps {
  const kept = createKeptDocument(store, STATE, capsIn, (all) =>
    JSON.stringify(all.map((cap) => [cap.modelId, cap.task ?? null, cap.maxShare])),
  );
  let caps: readonly ExposureCap[] = [];
  /** Made when they change: every choice looks here. */
  let taskToCaps = new Map<AnyTask | undefined, ShareCaps>();
  const inTurn = createTurns();

  function use(next: readonly ExposureCap[]): void {
    caps = next;
    taskToCaps = new Map();
    for (const task of new Set([undefined, ...next.map((cap) => cap.task)])) {
      const modelToCap = new Map<string, number>();
      for (const cap of next) {
        if (cap.task !== undefined && cap.task !== task) continue;
        modelToCap.set(cap.modelId, Math.min(cap.maxShare, modelToCap.get(cap.modelId) ?? 1));
      }
      if (modelToCap.size > 0) taskToCaps.set(task, modelToCap);
    }
  }
  return {
    capsFor: (task) => (caps.length === 0 ? undefined : (taskToCaps.get(task) ?? taskToCaps.get(undefined))),
    of: (modelId) => caps.filter((cap) => cap.modelId === modelId),
    all: () => caps,
    set: (modelId, task, maxShare) =>
      inTurn(async () => {
        const next = await kept.change((stored) => {
          const others = stored.filter((cap) => cap.modelId !== modelId || cap.task !== task);
          return maxShare === undefined ? others : [...others, { modelId, task, maxShare }];
        });
        use(next);
      }),
    refresh: () => inTurn(async () => use(await kept.read())),
  };
}

/** What makes no sense in it is left out. */
function capsIn(text: string | undefined): readonly ExposureCap[] {
  try {
    const rows: unknown = JSON.parse(text ?? '[]');
    return (Array.isArray(rows) ? rows : []).flatMap((row): ExposureCap[] => {
      const [modelId, name, maxShare] = Array.isArray(row) ? (row as unknown[]) : [];
      const task = typeof name === 'string' ? anyTaskNamed(name) : undefined;
      const isTask = name === null || task !== undefined;
      const isShare = typeof maxShare === 'number' && maxShare >= 0 && maxShare <= 1;
      return typeof modelId === 'string' && isTask && isShare ? [{ modelId, task, maxShare }] : [];
    });
  } catch {
    return [];
  }
}

/**
 * Caps a model's share of the choices of one task or of every one, or takes such a cap away; the same again changes nothing.
 * Of a model that is not configured any more a cap can be taken away: it would hold again when it comes again.
 *
 * @param maxShare null: no cap
 * @throws GatewayError 404 for an unknown model, 400 for a task that there is not or that models of its type do not do, 503
 *   when it cannot be stored; nothing is changed then.
 */
export async function capExposure(
  deps: GatewayDeps,
  id: string,
  wish: { readonly max_share: number | null; readonly task?: string },
): Promise<object> {
  const model = deps.live.catalog.model(id);
  // Another process may have capped it just now.
  if (model === undefined) await deps.exposure.refresh();
  if (model === undefined && (wish.max_share !== null || deps.exposure.of(id).length === 0)) {
    throw unknownModel(id);
  }
  const task = wish.task === undefined ? undefined : workNamed(wish.task);
  if (model !== undefined && task !== undefined && typeOfTask(task) !== model.type) {
    throw badRequest(
      `'${id}' is of type ${model.type}, which does ${tasksOfType(model.type).join(', ')}, not ${task}.`,
      'task',
    );
  }
  const before = capsOf(deps, id);
  await deps.exposure.set(id, task, wish.max_share ?? undefined);
  const caps = capsOf(deps, id);
  if (JSON.stringify(before) !== JSON.stringify(caps)) {
    deps.log.warn({ model: id, caps }, "the caps on this model's share were changed by an operator");
  }
  return { object: 'model_exposure', model: id, caps };
}

/**
 * What operators have set: the models that are paused or capped, by name, with those that are not configured any more.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all
 */
export function listExposure(deps: GatewayDeps, visibleModels: ReadonlySet<string> | undefined): object {
  const ids = new Set([...deps.pauses.all(), ...deps.exposure.all().map(({ modelId }) => modelId)]);
  return {
    object: 'list',
    data: [...ids]
      .filter((id) => visibleModels?.has(id) !== false)
      .sort()
      .map((id) => ({
        model: id,
        configured: deps.live.catalog.model(id) !== undefined,
        paused: deps.pauses.has(id),
        caps: capsOf(deps, id),
      })),
  };
}

function capsOf({ exposure }: GatewayDeps, id: string): { task: AnyTask | null; max_share: number }[] {
  return exposure
    .of(id)
    .map(({ task, maxShare }) => ({ task: task ?? null, max_share: maxShare }))
    .sort((one, other) => ((one.task ?? '') < (other.task ?? '') ? -1 : 1));
}
