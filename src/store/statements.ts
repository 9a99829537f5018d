/** The statements of the hot path, each for one row. The values of a row are named as the columns are. */
import { and, eq, isNull, notExists, type Placeholder, type SQL, sql } from 'drizzle-orm';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { Ending } from '../core/outcome/endings.ts';
import type { Row, RowStatement, Tables } from './database.ts';

type RowOf<Name extends keyof Tables> = Tables[Name]['$inferInsert'];

const REQUEST_COLUMNS = [
  'requestId',
  'keyId',
  'createdAtMs',
  'requestedModel',
  'operation',
  'task',
  'taskConfidence',
  'complexity',
  'language',
  'inputTokens',
  'isStream',
  'strategy',
  'reason',
  'shape',
  'decision',
] as const;

const START_COLUMNS = [
  'requestId',
  'number',
  'keyId',
  'task',
  'modelId',
  'endpointId',
  'provider',
  'epoch',
  'endpointEpoch',
  'startedAtMs',
  'propensity',
  'estimatedCostMicroUsd',
  'instanceId',
] as const;

const END_COLUMNS = [
  'ending',
  'endedAtMs',
  'httpStatus',
  'finishReason',
  'inputTokens',
  'outputTokens',
  'cachedInputTokens',
  'units',
  'costMicroUsd',
  'isCostEstimated',
  'ttftMs',
  'latencyMs',
  'errorCode',
  'automaticSource',
  'automaticQuality',
  'automaticWeight',
] as const;

const FEEDBACK_COLUMNS = [
  'requestId',
  'sourceName',
  'source',
  'quality',
  'weight',
  'comment',
  'signals',
  'updatedAtMs',
  'chargedKeyId',
  'chargedDay',
] as const;

const FEEDBACK_DAY_KEY = ['keyId', 'modelId', 'task', 'day'] as const;

const EVALUATION_SCORE_COLUMNS = ['name', 'modelId', 'task', 'score', 'samples', 'pushedAtMs'] as const;

const BELIEF_KEY = ['kind', 'subject', 'task', 'source', 'epoch'] as const;
const BELIEF_SUMS = ['a', 'b', 'c'] as const;

const TRAFFIC_KEY = ['hourMs', 'task', 'modelId', 'endpointId', 'keyId'] as const;
export const TRAFFIC_SUMS = [
  'requests',
  'completed',
  'failures',
  'costMicroUsd',
  'inputTokens',
  'outputTokens',
  'units',
  'latencyMsSum',
  'ttftMsSum',
] as const;

const CHOICE_KEY = ['day', 'task', 'size', 'modelId'] as const;
export const CHOICE_SUMS = [
  'offered',
  'supported',
  'expectedCost',
  'expectedSeconds',
  'count',
  'weight',
  'squaredWeight',
  'costSum',
  'costWeightedSum',
  'costSquaredWeightSum',
  'costSquare',
  'costWeightedSquare',
  'costSquaredWeightSquare',
  'costErrorSum',
  'costErrorWeightedSum',
  'costErrorSquaredWeightSum',
  'costErrorSquare',
  'costErrorWeightedSquare',
  'costErrorSquaredWeightSquare',
  'secondsSum',
  'secondsWeightedSum',
  'secondsSquaredWeightSum',
  'secondsSquare',
  'secondsWeightedSquare',
  'secondsSquaredWeightSquare',
  'secondsErrorSum',
  'secondsErrorWeightedSum',
  'secondsErrorSquaredWeightSum',
  'secondsErrorSquare',
  'secondsErrorWeightedSquare',
  'secondsErrorSquaredWeightSquare',
] as const;

const RATING_KEY = ['day', 'task', 'size', 'modelId', 'source'] as const;
export const RATING_SUMS = [
  'count',
  'weight',
  'squaredWeight',
  'sum',
  'weightedSum',
  'squaredWeightSum',
  'square',
  'weightedSquare',
  'squaredWeightSquare',
] as const;

const PATTERN_KEY = ['blockMs', 'task', 'shape', 'modelId'] as const;
export const PATTERN_SUMS = [
  'requests',
  'attempts',
  'completed',
  'failures',
  'costMicroUsd',
  'latencyMsSum',
  'successes',
  'shortfalls',
  'squares',
] as const;

export type RequestRow = RowOf<'requests'>;
export const insertRequest: RowStatement<RequestRow> = {
  name: 'insert_request',
  build: ({ db, tables }) => db.insert(tables.requests).values(placeholders(REQUEST_COLUMNS)),
  positional: {
    columns: REQUEST_COLUMNS,
    valuesOf: (row) => [
      row.requestId,
      row.keyId,
      row.createdAtMs,
      row.requestedModel,
      row.operation,
      row.task,
      row.taskConfidence,
      row.complexity,
      row.language,
      row.inputTokens,
      row.isStream,
      row.strategy,
      row.reason,
      row.shape,
      row.decision,
    ],
  },
};

export type StartRow = Pick<RowOf<'attempts'>, (typeof START_COLUMNS)[number]>;
export const insertAttempt: RowStatement<StartRow> = {
  name: 'insert_attempt',
  build: ({ db, tables }) => db.insert(tables.attempts).values(placeholders(START_COLUMNS)),
};

/** Every column, so that a forgotten one is a type error and not a silent null. */
export type EndRow = Pick<
  Tables['attempts']['$inferSelect'],
  'requestId' | 'number' | (typeof END_COLUMNS)[number]
> & {
  ending: Ending;
  endedAtMs: number;
};
/** An attempt of which the database has heard nothing yet, from beginning to ending. */
export interface WholeRow {
  readonly start: StartRow;
  readonly end: EndRow;
}
export const insertEndedAttempt: RowStatement<WholeRow & Row> = {
  name: 'insert_ended_attempt',
  build: ({ db, tables }) =>
    db.insert(tables.attempts).values(placeholders([...START_COLUMNS, ...END_COLUMNS])),
  positional: {
    columns: [...START_COLUMNS, ...END_COLUMNS],
    valuesOf: ({ start, end }) => [
      start.requestId,
      start.number,
      start.keyId,
      start.task,
      start.modelId,
      start.endpointId,
      start.provider,
      start.epoch,
      start.endpointEpoch,
      start.startedAtMs,
      start.propensity,
      start.estimatedCostMicroUsd,
      start.instanceId,
      end.ending,
      end.endedAtMs,
      end.httpStatus,
      end.finishReason,
      end.inputTokens,
      end.outputTokens,
      end.cachedInputTokens,
      end.units,
      end.costMicroUsd,
      end.isCostEstimated,
      end.ttftMs,
      end.latencyMs,
      end.errorCode,
      end.automaticSource,
      end.automaticQuality,
      end.automaticWeight,
    ],
  },
};

/** Changes nothing when the attempt has its ending already: exactly one per attempt, whoever comes first. */
export const endAttempt: RowStatement<EndRow> = {
  name: 'end_attempt',
  build: ({ db, tables: { attempts } }) =>
    db
      .update(attempts)
      .set(fromEach(END_COLUMNS, (name) => sql`${sql.param(sql.placeholder(name), attempts[name])}`))
      .where(
        and(
          eq(attempts.requestId, sql.placeholder('requestId')),
          eq(attempts.number, sql.placeholder('number')),
          isNull(attempts.ending),
        ),
      ),
};

/** For a `begin` that was refused while its commit may have arrived: the caller never sent anything. */
export const withdrawAttempt: RowStatement<Pick<StartRow, 'requestId' | 'number' | 'instanceId'>> = {
  name: 'withdraw_attempt',
  build: ({ db, tables: { attempts } }) =>
    db
      .delete(attempts)
      .where(
        and(
          eq(attempts.requestId, sql.placeholder('requestId')),
          eq(attempts.number, sql.placeholder('number')),
          eq(attempts.instanceId, sql.placeholder('instanceId')),
          isNull(attempts.ending),
        ),
      ),
};

/** A request is only there with its attempts. */
export const withdrawRequest: RowStatement<Pick<RequestRow, 'requestId'>> = {
  name: 'withdraw_request',
  build: ({ db, tables: { attempts, requests } }) =>
    db
      .delete(requests)
      .where(
        and(
          eq(requests.requestId, sql.placeholder('requestId')),
          notExists(db.select().from(attempts).where(eq(attempts.requestId, requests.requestId))),
        ),
      ),
};

export type BeliefRow = RowOf<'beliefSums'>;
export const addBelief: RowStatement<BeliefRow> = {
  name: 'add_belief',
  build: ({ db, tables: { beliefSums } }) =>
    db
      .insert(beliefSums)
      .values(placeholders([...BELIEF_KEY, ...BELIEF_SUMS]))
      .onConflictDoUpdate({
        target: BELIEF_KEY.map((name) => beliefSums[name]),
        set: fromEach(BELIEF_SUMS, (name) => plusExcluded(beliefSums[name])),
      }),
};

export type TrafficRow = RowOf<'trafficHours'>;
export const addTraffic: RowStatement<TrafficRow> = {
  name: 'add_traffic',
  build: ({ db, tables: { trafficHours } }) =>
    db
      .insert(trafficHours)
      .values(placeholders([...TRAFFIC_KEY, ...TRAFFIC_SUMS]))
      .onConflictDoUpdate({
        target: TRAFFIC_KEY.map((name) => trafficHours[name]),
        set: fromEach(TRAFFIC_SUMS, (name) => plusExcluded(trafficHours[name])),
      }),
};

export type ChoiceRow = RowOf<'choiceDays'>;
export const addChoiceDay: RowStatement<ChoiceRow> = {
  name: 'add_choice_day',
  build: ({ db, tables: { choiceDays } }) =>
    db
      .insert(choiceDays)
      .values(placeholders([...CHOICE_KEY, ...CHOICE_SUMS]))
      .onConflictDoUpdate({
        target: [choiceDays.task, choiceDays.size, choiceDays.modelId, choiceDays.day],
        set: fromEach(CHOICE_SUMS, (name) => plusExcluded(choiceDays[name])),
      }),
};

export type RatingRow = RowOf<'ratingDays'>;
export const addRatingDay: RowStatement<RatingRow> = {
  name: 'add_rating_day',
  build: ({ db, tables: { ratingDays } }) =>
    db
      .insert(ratingDays)
      .values(placeholders([...RATING_KEY, ...RATING_SUMS]))
      .onConflictDoUpdate({
        target: [ratingDays.task, ratingDays.size, ratingDays.modelId, ratingDays.source, ratingDays.day],
        set: fromEach(RATING_SUMS, (name) => plusExcluded(ratingDays[name])),
      }),
};

export type PatternRow = RowOf<'patternBlocks'>;
export const addPattern: RowStatement<PatternRow> = {
  name: 'add_pattern',
  build: ({ db, tables: { patternBlocks } }) =>
    db
      .insert(patternBlocks)
      .values(placeholders([...PATTERN_KEY, ...PATTERN_SUMS, 'keyBits']))
      .onConflictDoUpdate({
        target: PATTERN_KEY.map((name) => patternBlocks[name]),
        set: {
          ...fromEach(PATTERN_SUMS, (name) => plusExcluded(patternBlocks[name])),
          keyBits: sql`${patternBlocks.keyBits} | ${excluded(patternBlocks.keyBits)}`,
        },
      }),
  positional: {
    columns: [...PATTERN_KEY, ...PATTERN_SUMS, 'keyBits'],
    valuesOf: (row) => [
      row.blockMs,
      row.task,
      row.shape,
      row.modelId,
      row.requests,
      row.attempts,
      row.completed,
      row.failures,
      row.costMicroUsd,
      row.latencyMsSum,
      row.successes,
      row.shortfalls,
      row.squares,
      row.keyBits,
    ],
  },
};

export type EvaluationScoreRow = RowOf<'evaluationScores'>;
export const insertEvaluationScore: RowStatement<EvaluationScoreRow> = {
  name: 'insert_evaluation_score',
  build: ({ db, tables }) =>
    db.insert(tables.evaluationScores).values(placeholders(EVALUATION_SCORE_COLUMNS)),
};

export type FeedbackRow = RowOf<'feedback'>;
export const upsertFeedback: RowStatement<FeedbackRow> = {
  name: 'upsert_feedback',
  build: ({ db, tables: { feedback } }) =>
    db
      .insert(feedback)
      .values(placeholders(FEEDBACK_COLUMNS))
      .onConflictDoUpdate({
        target: [feedback.requestId, feedback.sourceName],
        set: fromEach(FEEDBACK_COLUMNS, (name) => excluded(feedback[name])),
      }),
};

export type FeedbackDayRow = RowOf<'feedbackDays'>;
export const addFeedbackDay: RowStatement<FeedbackDayRow> = {
  name: 'add_feedback_day',
  build: ({ db, tables: { feedbackDays } }) =>
    db
      .insert(feedbackDays)
      .values(placeholders([...FEEDBACK_DAY_KEY, 'weight']))
      .onConflictDoUpdate({
        target: FEEDBACK_DAY_KEY.map((name) => feedbackDays[name]),
        set: { weight: plusExcluded(feedbackDays.weight) },
      }),
};

function excluded(column: SQLiteColumn): SQL {
  return sql`excluded.${sql.identifier(column.name)}`;
}

function plusExcluded(column: SQLiteColumn): SQL {
  return sql`${column} + ${excluded(column)}`;
}

function placeholders<Name extends string>(names: readonly Name[]): { [Key in Name]: Placeholder<Key> } {
  return fromEach(names, (name) => sql.placeholder(name)) as { [Key in Name]: Placeholder<Key> };
}

function fromEach<Name extends string, Value>(
  names: readonly Name[],
  give: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, give(name)])) as Record<Name, Value>;
}
