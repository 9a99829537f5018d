import { asc, desc, inArray } from 'drizzle-orm';
import { type BeliefDelta, type BeliefKind, EVIDENCE_SOURCES } from '../core/learning/delta.ts';
import { anyTaskNamed } from '../core/task/operation-task.ts';
import type { EndpointEpoch, LoadedBeliefs, ModelEpoch } from './contract.ts';
import { ask, type Database, type Queryable, type Tables, write } from './database.ts';
import { addBelief } from './statements.ts';
import { sumDeltas } from './sums.ts';

/** What sums may be negative: logarithms of less than one; everything else is a count or a square. */
const KIND_TO_HAS_NEGATIVE_B: Record<BeliefKind, boolean> = {
  quality: false,
  verdicts: false,
  agreement: false,
  agreement_squares: false,
  tokens: true,
  ttft: true,
  token_time: true,
  availability: false,
};
/** A retraction leaves up to this much of nothing behind, by rounding. */
const ROUNDING = 1e-6;

export async function loadBeliefs({ db, tables: { beliefSums } }: Queryable): Promise<LoadedBeliefs> {
  const beliefs: BeliefDelta[] = [];
  let skipped = 0;
  for (const row of await db.select().from(beliefSums)) {
    const belief = toBelief(row);
    if (belief === undefined) skipped += 1;
    else beliefs.push(belief);
  }
  return { beliefs, skipped };
}

export async function addBeliefs(database: Database, deltas: readonly BeliefDelta[]): Promise<void> {
  await database.transact(function* () {
    yield* write(addBelief, sumDeltas(deltas));
  });
}

export async function loadEpochs({ db, tables: { modelEpochs } }: Queryable): Promise<readonly ModelEpoch[]> {
  return db.select().from(modelEpochs).orderBy(asc(modelEpochs.modelId), asc(modelEpochs.epoch));
}

export async function latestEpochs(
  { db, tables: { modelEpochs } }: Queryable,
  modelIds: readonly string[],
  limit: number,
): Promise<readonly ModelEpoch[]> {
  const { openedAtMs, modelId, epoch } = modelEpochs;
  return db
    .select()
    .from(modelEpochs)
    .where(inArray(modelId, [...modelIds]))
    .orderBy(desc(openedAtMs), asc(modelId), desc(epoch))
    .limit(limit);
}

export function openEpoch(database: Database, epoch: ModelEpoch): Promise<boolean> {
  return database.transact(function* ({ db, tables: { modelEpochs } }) {
    const insert = db.insert(modelEpochs).values(epoch).onConflictDoNothing();
    const opened = yield* ask(insert.returning({ epoch: modelEpochs.epoch }));
    return opened.length > 0;
  });
}

export async function loadEndpointEpochs({
  db,
  tables: { endpointEpochs },
}: Queryable): Promise<readonly EndpointEpoch[]> {
  return db.select().from(endpointEpochs).orderBy(asc(endpointEpochs.endpointId), asc(endpointEpochs.epoch));
}

export async function latestEndpointEpochs(
  { db, tables: { endpointEpochs } }: Queryable,
  endpointIds: readonly string[],
  limit: number,
): Promise<readonly EndpointEpoch[]> {
  const { openedAtMs, endpointId, epoch } = endpointEpochs;
  return db
    .select()
    .from(endpointEpochs)
    .where(inArray(endpointId, [...endpointIds]))
    .orderBy(desc(openedAtMs), asc(endpointId), desc(epoch))
    .limit(limit);
}

export function openEndpointEpoch(database: Database, epoch: EndpointEpoch): Promise<boolean> {
  return database.transact(function* ({ db, tables: { endpointEpochs } }) {
    const insert = db.insert(endpointEpochs).values(epoch).onConflictDoNothing();
    const opened = yield* ask(insert.returning({ epoch: endpointEpochs.epoch }));
    return opened.length > 0;
  });
}

function toBelief(row: Tables['beliefSums']['$inferSelect']): BeliefDelta | undefined {
  const kind = (Object.keys(KIND_TO_HAS_NEGATIVE_B) as BeliefKind[]).find((one) => one === row.kind);
  const task = anyTaskNamed(row.task);
  if (kind === undefined || task === undefined || row.subject === '') return undefined;
  if (!isSourceOf(kind, row.source)) return undefined;
  if (!Number.isInteger(row.epoch) || row.epoch < 0) return undefined;
  const a = sum(row.a);
  const b = KIND_TO_HAS_NEGATIVE_B[kind] ? row.b : sum(row.b);
  const c = sum(row.c);
  if (!Number.isFinite(a + b + c)) return undefined;
  return { kind, subject: row.subject, task, source: row.source, epoch: row.epoch, a, b, c };
}

/** Verdicts of judges are summed by name, the rest of quality by class. */
function isSourceOf(kind: BeliefKind, source: string): boolean {
  if (kind === 'verdicts') return source !== '';
  return source === '' || EVIDENCE_SOURCES.some((one) => one === source);
}

/** NaN for what cannot be a sum of counts, 0 for what rounding left below it. */
function sum(value: unknown): number {
  if (typeof value !== 'number' || value < -ROUNDING) return Number.NaN;
  return Math.max(0, value);
}
