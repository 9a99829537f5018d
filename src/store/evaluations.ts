import { asc, eq } from 'drizzle-orm';
import type { Evaluation, EvaluationScore } from '../core/evaluation/evaluation.ts';
import { anyTaskNamed } from '../core/task/operation-task.ts';
import { finite, whole } from './attempt-rows.ts';
import { ask, type Database, type Queryable, type Steps, write } from './database.ts';
import { insertEvaluationScore } from './statements.ts';

/** See `Store.saveEvaluation`. */
export async function saveEvaluation(database: Database, evaluation: Evaluation): Promise<void> {
  const { name, scores, pushedAtMs } = evaluation;
  await database.transact(function* (queryable) {
    yield* lockEvaluations(queryable);
    const { db, tables } = queryable;
    yield* ask(db.delete(tables.evaluationScores).where(eq(tables.evaluationScores.name, name)));
    yield* write(
      insertEvaluationScore,
      scores.map(({ modelId, task, score, samples }) => ({
        name,
        modelId,
        task,
        score: finite(score),
        samples: whole(samples),
        pushedAtMs: whole(pushedAtMs),
      })),
    );
  });
}

export function deleteEvaluation(database: Database, name: string): Promise<boolean> {
  return database.transact(function* (queryable) {
    yield* lockEvaluations(queryable);
    const { db, tables } = queryable;
    const { evaluationScores } = tables;
    const removed = yield* ask(
      db
        .delete(evaluationScores)
        .where(eq(evaluationScores.name, name))
        .returning({ modelId: evaluationScores.modelId }),
    );
    return removed.length > 0;
  });
}

export async function listEvaluations({
  db,
  tables: { evaluationScores },
}: Queryable): Promise<Evaluation[]> {
  const rows = await db
    .select()
    .from(evaluationScores)
    .orderBy(asc(evaluationScores.name), asc(evaluationScores.modelId), asc(evaluationScores.task));
  const nameToEvaluation = new Map<string, { name: string; pushedAtMs: number; scores: EvaluationScore[] }>();
  for (const { name, modelId, task: label, score, samples, pushedAtMs } of rows) {
    const task = anyTaskNamed(label);
    if (task === undefined || !(score >= 0 && score <= 1) || !(samples >= 1)) continue;
    const evaluation = nameToEvaluation.get(name) ?? { name, pushedAtMs, scores: [] };
    evaluation.scores.push({ modelId, task, score, samples });
    nameToEvaluation.set(name, evaluation);
  }
  return [...nameToEvaluation.values()];
}

/** On PostgreSQL two of one name would otherwise each find nothing to delete, and leave a mixture of both. */
function* lockEvaluations({ db, tables: { settings } }: Queryable): Steps<void> {
  const lock = { name: 'evaluations_lock', value: '' };
  yield* ask(db.insert(settings).values(lock).onConflictDoUpdate({ target: settings.name, set: lock }));
}
