import { and, eq, gte, lte, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { Moments } from '../core/learning/moments.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import type { AnyTask } from '../core/task/operation-task.ts';
import { REQUEST_SIZES } from '../core/task/request-size.ts';
import type { ChoiceQuery, ChoiceSum, RatingSum } from './contract.ts';
import type { Queryable } from './database.ts';

/** See `Store.readChoices`. A task at a time: other work goes on in between. */
export async function readChoices(
  queryable: Queryable,
  query: ChoiceQuery,
  turns: LoopTurns,
): Promise<readonly ChoiceSum[]> {
  const sums: ChoiceSum[] = [];
  for (const task of query.tasks) sums.push(...(await sumTask(queryable, query, task, turns)));
  return sums;
}

/** Putting these two together takes drizzle longer than the database takes to answer them. */
const prepared = new WeakMap<Queryable['db'], ReturnType<typeof prepare>>();

function prepare({ db, tables: { choiceDays, ratingDays } }: Queryable) {
  const within = ({ task, day }: { readonly task: SQLiteColumn; readonly day: SQLiteColumn }) =>
    and(
      eq(task, sql.placeholder('task')),
      gte(day, sql.placeholder('fromDay')),
      lte(day, sql.placeholder('toDay')),
    );
  return {
    choices: db
      .select({
        size: choiceDays.size,
        modelId: choiceDays.modelId,
        offered: total(choiceDays.offered),
        supported: total(choiceDays.supported),
        expectedCost: total(choiceDays.expectedCost),
        expectedSeconds: total(choiceDays.expectedSeconds),
        count: total(choiceDays.count),
        weight: total(choiceDays.weight),
        squaredWeight: total(choiceDays.squaredWeight),
        costSum: total(choiceDays.costSum),
        costWeightedSum: total(choiceDays.costWeightedSum),
        costSquaredWeightSum: total(choiceDays.costSquaredWeightSum),
        costSquare: total(choiceDays.costSquare),
        costWeightedSquare: total(choiceDays.costWeightedSquare),
        costSquaredWeightSquare: total(choiceDays.costSquaredWeightSquare),
        costErrorSum: total(choiceDays.costErrorSum),
        costErrorWeightedSum: total(choiceDays.costErrorWeightedSum),
        costErrorSquaredWeightSum: total(choiceDays.costErrorSquaredWeightSum),
        costErrorSquare: total(choiceDays.costErrorSquare),
        costErrorWeightedSquare: total(choiceDays.costErrorWeightedSquare),
        costErrorSquaredWeightSquare: total(choiceDays.costErrorSquaredWeightSquare),
        secondsSum: total(choiceDays.secondsSum),
        secondsWeightedSum: total(choiceDays.secondsWeightedSum),
        secondsSquaredWeightSum: total(choiceDays.secondsSquaredWeightSum),
        secondsSquare: total(choiceDays.secondsSquare),
        secondsWeightedSquare: total(choiceDays.secondsWeightedSquare),
        secondsSquaredWeightSquare: total(choiceDays.secondsSquaredWeightSquare),
        secondsErrorSum: total(choiceDays.secondsErrorSum),
        secondsErrorWeightedSum: total(choiceDays.secondsErrorWeightedSum),
        secondsErrorSquaredWeightSum: total(choiceDays.secondsErrorSquaredWeightSum),
        secondsErrorSquare: total(choiceDays.secondsErrorSquare),
        secondsErrorWeightedSquare: total(choiceDays.secondsErrorWeightedSquare),
        secondsErrorSquaredWeightSquare: total(choiceDays.secondsErrorSquaredWeightSquare),
      })
      .from(choiceDays)
      .where(within(choiceDays))
      .groupBy(choiceDays.size, choiceDays.modelId)
      .prepare(),
    ratings: db
      .select({
        size: ratingDays.size,
        modelId: ratingDays.modelId,
        source: ratingDays.source,
        count: total(ratingDays.count),
        weight: total(ratingDays.weight),
        squaredWeight: total(ratingDays.squaredWeight),
        sum: total(ratingDays.sum),
        weightedSum: total(ratingDays.weightedSum),
        squaredWeightSum: total(ratingDays.squaredWeightSum),
        square: total(ratingDays.square),
        weightedSquare: total(ratingDays.weightedSquare),
        squaredWeightSquare: total(ratingDays.squaredWeightSquare),
      })
      .from(ratingDays)
      .where(within(ratingDays))
      .groupBy(ratingDays.size, ratingDays.modelId, ratingDays.source)
      .prepare(),
  };
}

async function sumTask(
  queryable: Queryable,
  { fromDay, toDay }: ChoiceQuery,
  task: AnyTask,
  turns: LoopTurns,
): Promise<ChoiceSum[]> {
  if (turns.isOver()) await turns.next();
  const statements = prepared.get(queryable.db) ?? prepare(queryable);
  prepared.set(queryable.db, statements);
  const rows = await statements.choices.execute({ task, fromDay, toDay });
  if (rows.length === 0) return [];
  if (turns.isOver()) await turns.next();
  const rated = await statements.ratings.execute({ task, fromDay, toDay });
  const placeToRatings = new Map<string, RatingSum[]>();
  for (const { size, modelId, source, ...quality } of rated) {
    if (!(quality.count > 0)) continue;
    const key = `${size} ${modelId}`;
    const ratings = placeToRatings.get(key) ?? [];
    ratings.push({ source, quality });
    placeToRatings.set(key, ratings);
  }
  return rows.flatMap((row) => {
    const size = REQUEST_SIZES.find((one) => one === row.size);
    if (size === undefined) return [];
    return [
      {
        task,
        size,
        modelId: row.modelId,
        offered: row.offered,
        supported: row.supported,
        expectedCostMicroUsd: row.expectedCost,
        expectedSeconds: row.expectedSeconds,
        costMicroUsd: momentsIn(row, 'cost'),
        costErrorMicroUsd: momentsIn(row, 'costError'),
        seconds: momentsIn(row, 'seconds'),
        secondsError: momentsIn(row, 'secondsError'),
        ratings: placeToRatings.get(`${row.size} ${row.modelId}`) ?? [],
      },
    ];
  });
}

function total(column: SQLiteColumn) {
  return sql<number>`sum(${column})`.mapWith(Number);
}

type Measure = 'cost' | 'costError' | 'seconds' | 'secondsError';
type Part = 'Sum' | 'WeightedSum' | 'SquaredWeightSum' | 'Square' | 'WeightedSquare' | 'SquaredWeightSquare';
type MeasuredRow = { readonly [Name in `${Measure}${Part}` | 'count' | 'weight' | 'squaredWeight']: number };

function momentsIn(row: MeasuredRow, measure: Measure): Moments {
  return {
    count: row.count,
    weight: row.weight,
    squaredWeight: row.squaredWeight,
    sum: row[`${measure}Sum`],
    weightedSum: row[`${measure}WeightedSum`],
    squaredWeightSum: row[`${measure}SquaredWeightSum`],
    square: row[`${measure}Square`],
    weightedSquare: row[`${measure}WeightedSquare`],
    squaredWeightSquare: row[`${measure}SquaredWeightSquare`],
  };
}
