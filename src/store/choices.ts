import { and, eq, gte, lte, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { Moments } from '../core/learning/moments.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import type { AnyTask } from '../core/task/operation-task.ts';
import { REQUEST_SIZES } from '../core/task/request-size.ts';
import type { ChoiceQuery, ChoiceSum, RatingSum } from './contract.ts';
import type { Queryable, RowReader } from './database.ts';
import { type CompiledRow, compileRow } from './row-binder.ts';
import { CHOICE_SUMS, RATING_SUMS } from './statements.ts';

/** See `Store.readChoices`. A task at a time: other work goes on in between. */
export async function readChoices(
  queryable: Queryable & RowReader,
  query: ChoiceQuery,
  turns: LoopTurns,
): Promise<readonly ChoiceSum[]> {
  const sums: ChoiceSum[] = [];
  for (const task of query.tasks) sums.push(...(await sumTask(queryable, query, task, turns)));
  return sums;
}

/** Putting these two together takes drizzle longer than the database takes to answer them. */
const prepared = new WeakMap<Queryable['db'], ReturnType<typeof prepare>>();

function prepare(queryable: Queryable) {
  const within = ({ task, day }: { readonly task: SQLiteColumn; readonly day: SQLiteColumn }) =>
    and(
      eq(task, sql.placeholder('task')),
      gte(day, sql.placeholder('fromDay')),
      lte(day, sql.placeholder('toDay')),
    );
  return {
    choices: compileRow(queryable, {
      name: 'read_choices',
      build: ({ db, tables: { choiceDays } }) =>
        db
          .select({
            size: choiceDays.size,
            modelId: choiceDays.modelId,
            ...Object.fromEntries(CHOICE_SUMS.map((name) => [name, total(choiceDays[name])])),
          })
          .from(choiceDays)
          .where(within(choiceDays))
          .groupBy(choiceDays.size, choiceDays.modelId),
    }),
    ratings: compileRow(queryable, {
      name: 'read_ratings',
      build: ({ db, tables: { ratingDays } }) =>
        db
          .select({
            size: ratingDays.size,
            modelId: ratingDays.modelId,
            source: ratingDays.source,
            ...Object.fromEntries(RATING_SUMS.map((name) => [name, total(ratingDays[name])])),
          })
          .from(ratingDays)
          .where(within(ratingDays))
          .groupBy(ratingDays.size, ratingDays.modelId, ratingDays.source),
    }),
  };
}

async function sumTask(
  queryable: Queryable & RowReader,
  { fromDay, toDay }: ChoiceQuery,
  task: AnyTask,
  turns: LoopTurns,
): Promise<ChoiceSum[]> {
  if (turns.isOver()) await turns.next();
  const statements = prepared.get(queryable.db) ?? prepare(queryable);
  prepared.set(queryable.db, statements);
  const read = ({ sql: text, bind }: CompiledRow) =>
    queryable.readRows({ toSQL: () => ({ sql: text, params: bind({ task, fromDay, toDay }) }) });
  const rows = (await read(statements.choices)).map(([size, modelId, ...sums]) => ({
    size: String(size),
    modelId: String(modelId),
    ...sumsNamed(CHOICE_SUMS, sums),
  }));
  if (rows.length === 0) return [];
  if (turns.isOver()) await turns.next();
  const rated = await read(statements.ratings);
  const placeToRatings = new Map<string, RatingSum[]>();
  for (const [size, modelId, source, ...sums] of rated) {
    const quality = sumsNamed(RATING_SUMS, sums);
    if (!(quality.count > 0)) continue;
    const key = `${size} ${modelId}`;
    const ratings = placeToRatings.get(key) ?? [];
    ratings.push({ source: String(source), quality });
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
  return sql`sum(${column})`;
}

/** @param sums in the order of `names` */
function sumsNamed<Name extends string>(
  names: readonly Name[],
  sums: readonly unknown[],
): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, at) => [name, Number(sums[at])])) as Record<Name, number>;
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
