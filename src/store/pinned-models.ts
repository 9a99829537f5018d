import { and, asc, eq } from 'drizzle-orm';
import { MODEL_TYPES } from '../core/catalog/model.ts';
import { whole } from './attempt-rows.ts';
import type { PinnedModel } from './contract.ts';
import { ask, type Database, type Queryable } from './database.ts';

type Place = Pick<PinnedModel, 'keyId' | 'type'>;

export async function pinnedModel({ db, tables }: Queryable, place: Place): Promise<string | undefined> {
  const { pinnedModels } = tables;
  const [row] = await db
    .select({ modelId: pinnedModels.modelId })
    .from(pinnedModels)
    .where(at(tables, place));
  return row?.modelId;
}

/** Whoever comes first decides: @returns the model in force. */
export function pinModel(database: Database, pin: PinnedModel): Promise<string> {
  return database.transact(function* ({ db, tables }) {
    const { pinnedModels } = tables;
    yield* ask(db.insert(pinnedModels).values(rowOf(pin)).onConflictDoNothing());
    const [row] = yield* ask(
      db.select({ modelId: pinnedModels.modelId }).from(pinnedModels).where(at(tables, pin)),
    );
    return row?.modelId ?? pin.modelId;
  });
}

export async function movePin(database: Database, pin: PinnedModel): Promise<void> {
  await database.transact(function* ({ db, tables: { pinnedModels } }) {
    const { modelId, pinnedAtMs } = rowOf(pin);
    yield* ask(
      db
        .insert(pinnedModels)
        .values(rowOf(pin))
        .onConflictDoUpdate({
          target: [pinnedModels.keyId, pinnedModels.type],
          set: { modelId, pinnedAtMs },
        }),
    );
  });
}

/** @returns false when nothing was pinned there */
export function removePin(database: Database, place: Place): Promise<boolean> {
  return database.transact(function* ({ db, tables }) {
    const { pinnedModels } = tables;
    const removed = yield* ask(
      db.delete(pinnedModels).where(at(tables, place)).returning({ modelId: pinnedModels.modelId }),
    );
    return removed.length > 0;
  });
}

export async function listPins({ db, tables: { pinnedModels } }: Queryable): Promise<PinnedModel[]> {
  const rows = await db.select().from(pinnedModels).orderBy(asc(pinnedModels.type), asc(pinnedModels.keyId));
  return rows.flatMap(({ keyId, type: label, modelId, pinnedAtMs }) => {
    const type = MODEL_TYPES.find((one) => one === label);
    return type === undefined ? [] : [{ keyId, type, modelId, pinnedAtMs }];
  });
}

function at({ pinnedModels }: Queryable['tables'], { keyId, type }: Place) {
  return and(eq(pinnedModels.keyId, keyId), eq(pinnedModels.type, type));
}

function rowOf({ keyId, type, modelId, pinnedAtMs }: PinnedModel): PinnedModel {
  return { keyId, type, modelId, pinnedAtMs: whole(pinnedAtMs) };
}
