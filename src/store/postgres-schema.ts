/** The tables on PostgreSQL: the same names, columns and keys as `sqlite-schema.ts`. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core';
import type { ChangeDirection } from '../core/learning/contract.ts';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const requests = pgTable(
  'requests',
  {
    requestId: text('request_id').primaryKey(),
    keyId: text('key_id').notNull(),
    createdAtMs: bigint('created_at_ms', { mode: 'number' }).notNull(),
    requestedModel: text('requested_model').notNull(),
    operation: text('operation').notNull().default('chat'),
    task: text('task').notNull(),
    taskConfidence: doublePrecision('task_confidence').notNull(),
    complexity: doublePrecision('complexity').notNull(),
    language: text('language').notNull(),
    inputTokens: bigint('input_tokens', { mode: 'number' }).notNull(),
    isStream: boolean('is_stream').notNull(),
    strategy: text('strategy').notNull(),
    reason: text('reason').notNull(),
    /** `''` for requests of before there was a roll-up of patterns, and for what is nobody's traffic. */
    shape: text('shape').notNull().default(''),
    decision: text('decision').notNull(),
  },
  (table) => [index('requests_created_at').on(table.createdAtMs)],
);

export const attempts = pgTable(
  'attempts',
  {
    requestId: text('request_id').notNull(),
    number: integer('number').notNull(),
    keyId: text('key_id').notNull(),
    task: text('task').notNull(),
    modelId: text('model_id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    provider: text('provider').notNull(),
    epoch: integer('epoch').notNull(),
    endpointEpoch: integer('endpoint_epoch').notNull().default(0),
    startedAtMs: bigint('started_at_ms', { mode: 'number' }).notNull(),
    propensity: doublePrecision('propensity').notNull(),
    estimatedCostMicroUsd: bigint('estimated_cost_micro_usd', { mode: 'number' }).notNull(),
    instanceId: integer('instance_id').notNull(),
    ending: text('ending'),
    endedAtMs: bigint('ended_at_ms', { mode: 'number' }),
    httpStatus: integer('http_status').notNull().default(0),
    finishReason: text('finish_reason').notNull().default(''),
    inputTokens: bigint('input_tokens', { mode: 'number' }).notNull().default(0),
    outputTokens: bigint('output_tokens', { mode: 'number' }).notNull().default(0),
    cachedInputTokens: bigint('cached_input_tokens', { mode: 'number' }).notNull().default(0),
    /** Images, seconds of audio, characters or searches, by the operation. */
    units: doublePrecision('units').notNull().default(0),
    costMicroUsd: bigint('cost_micro_usd', { mode: 'number' }).notNull().default(0),
    isCostEstimated: boolean('is_cost_estimated').notNull().default(false),
    ttftMs: doublePrecision('ttft_ms').notNull().default(0),
    latencyMs: doublePrecision('latency_ms').notNull().default(0),
    errorCode: text('error_code').notNull().default(''),
    automaticSource: text('automatic_source'),
    automaticQuality: doublePrecision('automatic_quality'),
    automaticWeight: doublePrecision('automatic_weight'),
    automaticCounts: boolean('automatic_counts').notNull().default(true),
  },
  (table) => [
    primaryKey({ columns: [table.requestId, table.number] }),
    index('attempts_running').on(table.instanceId).where(sql`${table.ending} is null`),
  ],
);

export const feedback = pgTable(
  'feedback',
  {
    requestId: text('request_id').notNull(),
    sourceName: text('source_name').notNull(),
    source: text('source').notNull(),
    quality: doublePrecision('quality').notNull(),
    weight: doublePrecision('weight').notNull(),
    comment: text('comment').notNull(),
    signals: text('signals').notNull(),
    updatedAtMs: bigint('updated_at_ms', { mode: 'number' }).notNull(),
    chargedKeyId: text('charged_key_id'),
    chargedDay: integer('charged_day'),
  },
  (table) => [
    primaryKey({ columns: [table.requestId, table.sourceName] }),
    index('feedback_updated_at').on(table.updatedAtMs),
  ],
);

export const feedbackDays = pgTable(
  'feedback_days',
  {
    keyId: text('key_id').notNull(),
    modelId: text('model_id').notNull(),
    task: text('task').notNull(),
    day: integer('day').notNull(),
    weight: doublePrecision('weight').notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.modelId, table.task, table.day] })],
);

export const beliefSums = pgTable(
  'belief_sums',
  {
    kind: text('kind').notNull(),
    subject: text('subject').notNull(),
    task: text('task').notNull(),
    source: text('source').notNull(),
    epoch: integer('epoch').notNull(),
    a: doublePrecision('a').notNull(),
    b: doublePrecision('b').notNull(),
    c: doublePrecision('c').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.subject, table.task, table.source, table.epoch] })],
);

export const evaluationScores = pgTable(
  'evaluation_scores',
  {
    name: text('name').notNull(),
    modelId: text('model_id').notNull(),
    task: text('task').notNull(),
    score: doublePrecision('score').notNull(),
    samples: bigint('samples', { mode: 'number' }).notNull(),
    pushedAtMs: bigint('pushed_at_ms', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.modelId, table.task] })],
);

export const modelEpochs = pgTable(
  'model_epochs',
  {
    modelId: text('model_id').notNull(),
    epoch: integer('epoch').notNull(),
    openedAtMs: bigint('opened_at_ms', { mode: 'number' }).notNull(),
    cause: text('cause').notNull(),
    /** Which way, and from what to what; null where no alarm opened it, and in rows older than these columns. */
    direction: text('direction').$type<ChangeDirection>(),
    measuredBefore: doublePrecision('measured_before'),
    measuredAfter: doublePrecision('measured_after'),
  },
  (table) => [primaryKey({ columns: [table.modelId, table.epoch] })],
);

export const endpointEpochs = pgTable(
  'endpoint_epochs',
  {
    endpointId: text('endpoint_id').notNull(),
    epoch: integer('epoch').notNull(),
    openedAtMs: bigint('opened_at_ms', { mode: 'number' }).notNull(),
    cause: text('cause').notNull(),
    /** Which way, and from what to what; null where no alarm opened it, and in rows older than these columns. */
    direction: text('direction').$type<ChangeDirection>(),
    measuredBefore: doublePrecision('measured_before'),
    measuredAfter: doublePrecision('measured_after'),
  },
  (table) => [primaryKey({ columns: [table.endpointId, table.epoch] })],
);

export const trafficHours = pgTable(
  'traffic_hours',
  {
    hourMs: bigint('hour_ms', { mode: 'number' }).notNull(),
    task: text('task').notNull(),
    modelId: text('model_id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    keyId: text('key_id').notNull(),
    requests: bigint('requests', { mode: 'number' }).notNull(),
    completed: bigint('completed', { mode: 'number' }).notNull(),
    failures: bigint('failures', { mode: 'number' }).notNull(),
    costMicroUsd: bigint('cost_micro_usd', { mode: 'number' }).notNull(),
    inputTokens: bigint('input_tokens', { mode: 'number' }).notNull(),
    outputTokens: bigint('output_tokens', { mode: 'number' }).notNull(),
    units: doublePrecision('units').notNull().default(0),
    latencyMsSum: doublePrecision('latency_ms_sum').notNull(),
    ttftMsSum: doublePrecision('ttft_ms_sum').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.hourMs, table.task, table.modelId, table.endpointId, table.keyId] }),
  ],
);

/**
 * What was chosen freely, and what else could have been, by UTC day, task, size of the prompt and model: all that off-policy
 * estimates need (core/learning/moments.ts has the sums' names). Costs are in micro-USD, errors are what came less what was expected.
 */
export const choiceDays = pgTable(
  'choice_days',
  {
    /** Days since 1970. */
    day: bigint('day', { mode: 'number' }).notNull(),
    task: text('task').notNull(),
    size: text('size').notNull(),
    modelId: text('model_id').notNull(),
    /** Requests that it could have been chosen for, those of them for which it had a chance, and what was expected of it. */
    offered: bigint('offered', { mode: 'number' }).notNull(),
    supported: bigint('supported', { mode: 'number' }).notNull(),
    expectedCost: doublePrecision('expected_cost').notNull(),
    expectedSeconds: doublePrecision('expected_seconds').notNull(),
    /** Requests that it was chosen for and answered. */
    count: bigint('count', { mode: 'number' }).notNull(),
    weight: doublePrecision('weight').notNull(),
    squaredWeight: doublePrecision('squared_weight').notNull(),
    costSum: doublePrecision('cost_sum').notNull(),
    costWeightedSum: doublePrecision('cost_weighted_sum').notNull(),
    costSquaredWeightSum: doublePrecision('cost_squared_weight_sum').notNull(),
    costSquare: doublePrecision('cost_square').notNull(),
    costWeightedSquare: doublePrecision('cost_weighted_square').notNull(),
    costSquaredWeightSquare: doublePrecision('cost_squared_weight_square').notNull(),
    costErrorSum: doublePrecision('cost_error_sum').notNull(),
    costErrorWeightedSum: doublePrecision('cost_error_weighted_sum').notNull(),
    costErrorSquaredWeightSum: doublePrecision('cost_error_squared_weight_sum').notNull(),
    costErrorSquare: doublePrecision('cost_error_square').notNull(),
    costErrorWeightedSquare: doublePrecision('cost_error_weighted_square').notNull(),
    costErrorSquaredWeightSquare: doublePrecision('cost_error_squared_weight_square').notNull(),
    secondsSum: doublePrecision('seconds_sum').notNull(),
    secondsWeightedSum: doublePrecision('seconds_weighted_sum').notNull(),
    secondsSquaredWeightSum: doublePrecision('seconds_squared_weight_sum').notNull(),
    secondsSquare: doublePrecision('seconds_square').notNull(),
    secondsWeightedSquare: doublePrecision('seconds_weighted_square').notNull(),
    secondsSquaredWeightSquare: doublePrecision('seconds_squared_weight_square').notNull(),
    secondsErrorSum: doublePrecision('seconds_error_sum').notNull(),
    secondsErrorWeightedSum: doublePrecision('seconds_error_weighted_sum').notNull(),
    secondsErrorSquaredWeightSum: doublePrecision('seconds_error_squared_weight_sum').notNull(),
    secondsErrorSquare: doublePrecision('seconds_error_square').notNull(),
    secondsErrorWeightedSquare: doublePrecision('seconds_error_weighted_square').notNull(),
    secondsErrorSquaredWeightSquare: doublePrecision('seconds_error_squared_weight_square').notNull(),
  },
  (table) => [primaryKey({ columns: [table.task, table.size, table.modelId, table.day] })],
);

/** What the verdicts that count say of the answers among them, by their source; of a judge by its name. */
export const ratingDays = pgTable(
  'rating_days',
  {
    day: bigint('day', { mode: 'number' }).notNull(),
    task: text('task').notNull(),
    size: text('size').notNull(),
    modelId: text('model_id').notNull(),
    source: text('source').notNull(),
    count: bigint('count', { mode: 'number' }).notNull(),
    weight: doublePrecision('weight').notNull(),
    squaredWeight: doublePrecision('squared_weight').notNull(),
    sum: doublePrecision('sum').notNull(),
    weightedSum: doublePrecision('weighted_sum').notNull(),
    squaredWeightSum: doublePrecision('squared_weight_sum').notNull(),
    square: doublePrecision('square').notNull(),
    weightedSquare: doublePrecision('weighted_square').notNull(),
    squaredWeightSquare: doublePrecision('squared_weight_square').notNull(),
  },
  (table) => [primaryKey({ columns: [table.task, table.size, table.modelId, table.source, table.day] })],
);

/** What traffic looks like: ended attempts by blocks of six hours (UTC, epoch ms of the block's start), over all keys. */
export const patternBlocks = pgTable(
  'pattern_blocks',
  {
    blockMs: bigint('block_ms', { mode: 'number' }).notNull(),
    task: text('task').notNull(),
    /** `size/tools or plain/turns/language` of the request. */
    shape: text('shape').notNull(),
    modelId: text('model_id').notNull(),
    /** Those that began here: a fallback is an attempt of another model's request. */
    requests: bigint('requests', { mode: 'number' }).notNull(),
    attempts: bigint('attempts', { mode: 'number' }).notNull(),
    completed: bigint('completed', { mode: 'number' }).notNull(),
    failures: bigint('failures', { mode: 'number' }).notNull(),
    costMicroUsd: bigint('cost_micro_usd', { mode: 'number' }).notNull(),
    latencyMsSum: doublePrecision('latency_ms_sum').notNull(),
    /** Σw·q, Σw·(1−q) and Σw² of the verdicts that count, those of checks that only find faults left out. */
    successes: doublePrecision('successes').notNull(),
    shortfalls: doublePrecision('shortfalls').notNull(),
    squares: doublePrecision('squares').notNull(),
    /** A bit for each key, of 52 that its id falls on: never more bits than keys. */
    keyBits: bigint('key_bits', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.blockMs, table.task, table.shape, table.modelId] })],
);

/**
 * The hourly roll-up summed up further, when an hour is over: by `level` (`traffic-levels.ts`) without key, without model
 * and task, or for a whole day. What a level does not tell apart is `''`.
 */
export const trafficSums = pgTable(
  'traffic_sums',
  {
    level: text('level').notNull(),
    startMs: bigint('start_ms', { mode: 'number' }).notNull(),
    keyId: text('key_id').notNull(),
    task: text('task').notNull(),
    modelId: text('model_id').notNull(),
    requests: bigint('requests', { mode: 'number' }).notNull(),
    completed: bigint('completed', { mode: 'number' }).notNull(),
    failures: bigint('failures', { mode: 'number' }).notNull(),
    costMicroUsd: bigint('cost_micro_usd', { mode: 'number' }).notNull(),
    inputTokens: bigint('input_tokens', { mode: 'number' }).notNull(),
    outputTokens: bigint('output_tokens', { mode: 'number' }).notNull(),
    units: doublePrecision('units').notNull(),
    latencyMsSum: doublePrecision('latency_ms_sum').notNull(),
    ttftMsSum: doublePrecision('ttft_ms_sum').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.level, table.startMs, table.keyId, table.task, table.modelId] }),
    index('traffic_sums_of_key').on(table.level, table.keyId, table.startMs),
  ],
);

/** How far each UTC day has come into `traffic_sums`. */
export const rolledDays = pgTable('rolled_days', {
  dayMs: bigint('day_ms', { mode: 'number' }).primaryKey(),
  untilMs: bigint('until_ms', { mode: 'number' }).notNull(),
  closingMs: bigint('closing_ms', { mode: 'number' }).notNull(),
  /** Format of the day's packs; 0 where there are none that hold, -1 while they are made. */
  packedAs: integer('packed_as').notNull().default(0),
});

/** A day's sums once more, as `traffic-pack.ts` writes them: what a report reads in a tenth of the time that rows take. */
export const trafficPacks = pgTable(
  'traffic_packs',
  {
    level: text('level').notNull(),
    dayMs: bigint('day_ms', { mode: 'number' }).notNull(),
    /** From 0: large days are in several. */
    part: integer('part').notNull(),
    body: bytea('body').notNull(),
  },
  (table) => [primaryKey({ columns: [table.level, table.dayMs, table.part] })],
);

/** Which model `auto` is for all requests of a key, where changing it would mix what cannot be mixed: vectors. */
export const pinnedModels = pgTable(
  'pinned_models',
  {
    keyId: text('key_id').notNull(),
    type: text('type').notNull(),
    modelId: text('model_id').notNull(),
    pinnedAtMs: bigint('pinned_at_ms', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.type] })],
);

export const keys = pgTable('keys', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  hash: text('hash').notNull().unique('keys_hash_unique'),
  prefix: text('prefix').notNull(),
  scopes: jsonb('scopes').$type<readonly string[]>().notNull(),
  allowedModels: jsonb('allowed_models').$type<readonly string[]>(),
  allowedProviders: jsonb('allowed_providers').$type<readonly string[]>(),
  allowedAddresses: jsonb('allowed_addresses').$type<readonly string[]>(),
  plan: text('plan').notNull(),
  requestsPerMinute: bigint('requests_per_minute', { mode: 'number' }),
  tokensPerMinute: bigint('tokens_per_minute', { mode: 'number' }),
  budgetMicroUsdPerDay: bigint('budget_micro_usd_per_day', { mode: 'number' }),
  budgetMicroUsdPerMonth: bigint('budget_micro_usd_per_month', { mode: 'number' }),
  onExhausted: text('on_exhausted').notNull().default('stop'),
  holdBack: boolean('hold_back').notNull().default(false),
  createdAtMs: bigint('created_at_ms', { mode: 'number' }).notNull(),
  expiresAtMs: bigint('expires_at_ms', { mode: 'number' }),
  revokedAtMs: bigint('revoked_at_ms', { mode: 'number' }),
});

/** Responses that can be asked for later, and by whom. */
export const responses = pgTable(
  'responses',
  {
    responseId: text('response_id').primaryKey(),
    keyId: text('key_id').notNull(),
    modelId: text('model_id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    createdAtMs: bigint('created_at_ms', { mode: 'number' }).notNull(),
    expiresAtMs: bigint('expires_at_ms', { mode: 'number' }).notNull(),
    /** Both are empty where the provider keeps them itself: then the row tells only where. */
    body: text('body').notNull(),
    conversation: text('conversation').notNull(),
  },
  (table) => [index('responses_expires_at').on(table.expiresAtMs)],
);

export const settings = pgTable('settings', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});
