/**
 * The tables on SQLite. `postgres-schema.ts` has the same names, columns and keys; a test compares the two.
 * Times are epoch milliseconds, money is whole micro-USD, latencies are milliseconds.
 */
import { sql } from 'drizzle-orm';
import { customType, index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { ChangeDirection } from '../core/learning/contract.ts';

const blob = customType<{ data: Buffer }>({ dataType: () => 'blob' });

export const requests = sqliteTable(
  'requests',
  {
    requestId: text('request_id').primaryKey(),
    keyId: text('key_id').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    requestedModel: text('requested_model').notNull(),
    operation: text('operation').notNull().default('chat'),
    task: text('task').notNull(),
    taskConfidence: real('task_confidence').notNull(),
    complexity: real('complexity').notNull(),
    language: text('language').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    isStream: integer('is_stream', { mode: 'boolean' }).notNull(),
    strategy: text('strategy').notNull(),
    reason: text('reason').notNull(),
    /** `''` for requests of before there was a roll-up of patterns, and for what is nobody's traffic. */
    shape: text('shape').notNull().default(''),
    decision: text('decision').notNull(),
  },
  (table) => [index('requests_created_at').on(table.createdAtMs)],
);

export const attempts = sqliteTable(
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
    startedAtMs: integer('started_at_ms').notNull(),
    propensity: real('propensity').notNull(),
    estimatedCostMicroUsd: integer('estimated_cost_micro_usd').notNull(),
    /** The process that began it: only attempts of dead ones may be ended by somebody else. */
    instanceId: integer('instance_id').notNull(),
    /** Null while it runs. Set once, never changed. */
    ending: text('ending'),
    endedAtMs: integer('ended_at_ms'),
    httpStatus: integer('http_status').notNull().default(0),
    finishReason: text('finish_reason').notNull().default(''),
    inputTokens: integer('input_tokens').notNull().default(0),
    outputTokens: integer('output_tokens').notNull().default(0),
    cachedInputTokens: integer('cached_input_tokens').notNull().default(0),
    /** Images, seconds of audio, characters or searches, by the operation. */
    units: real('units').notNull().default(0),
    costMicroUsd: integer('cost_micro_usd').notNull().default(0),
    isCostEstimated: integer('is_cost_estimated', { mode: 'boolean' }).notNull().default(false),
    ttftMs: real('ttft_ms').notNull().default(0),
    latencyMs: real('latency_ms').notNull().default(0),
    errorCode: text('error_code').notNull().default(''),
    automaticSource: text('automatic_source'),
    automaticQuality: real('automatic_quality'),
    automaticWeight: real('automatic_weight'),
    automaticCounts: integer('automatic_counts', { mode: 'boolean' }).notNull().default(true),
  },
  (table) => [
    primaryKey({ columns: [table.requestId, table.number] }),
    // Partial: it holds the running attempts only, so finding a crash's leavings never scans the table.
    index('attempts_running').on(table.instanceId).where(sql`${table.ending} is null`),
  ],
);

export const feedback = sqliteTable(
  'feedback',
  {
    requestId: text('request_id').notNull(),
    sourceName: text('source_name').notNull(),
    source: text('source').notNull(),
    quality: real('quality').notNull(),
    weight: real('weight').notNull(),
    comment: text('comment').notNull(),
    signals: text('signals').notNull(),
    updatedAtMs: integer('updated_at_ms').notNull(),
    /** The account of `feedback_days` that its weight is booked on. */
    chargedKeyId: text('charged_key_id'),
    chargedDay: integer('charged_day'),
  },
  (table) => [
    primaryKey({ columns: [table.requestId, table.sourceName] }),
    index('feedback_updated_at').on(table.updatedAtMs),
  ],
);

/** Weight of the verdicts that one key gave on one UTC day about one model and task: what the daily cap bounds. */
export const feedbackDays = sqliteTable(
  'feedback_days',
  {
    keyId: text('key_id').notNull(),
    modelId: text('model_id').notNull(),
    task: text('task').notNull(),
    /** Days since 1970. */
    day: integer('day').notNull(),
    weight: real('weight').notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.modelId, table.task, table.day] })],
);

export const beliefSums = sqliteTable(
  'belief_sums',
  {
    kind: text('kind').notNull(),
    subject: text('subject').notNull(),
    task: text('task').notNull(),
    source: text('source').notNull(),
    epoch: integer('epoch').notNull(),
    a: real('a').notNull(),
    b: real('b').notNull(),
    c: real('c').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.subject, table.task, table.source, table.epoch] })],
);

/** One row per model and task of an evaluation that an operator pushed. */
export const evaluationScores = sqliteTable(
  'evaluation_scores',
  {
    name: text('name').notNull(),
    modelId: text('model_id').notNull(),
    task: text('task').notNull(),
    score: real('score').notNull(),
    samples: integer('samples').notNull(),
    pushedAtMs: integer('pushed_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.modelId, table.task] })],
);

export const modelEpochs = sqliteTable(
  'model_epochs',
  {
    modelId: text('model_id').notNull(),
    epoch: integer('epoch').notNull(),
    openedAtMs: integer('opened_at_ms').notNull(),
    cause: text('cause').notNull(),
    /** Which way, and from what to what; null where no alarm opened it, and in rows older than these columns. */
    direction: text('direction').$type<ChangeDirection>(),
    measuredBefore: real('measured_before'),
    measuredAfter: real('measured_after'),
  },
  (table) => [primaryKey({ columns: [table.modelId, table.epoch] })],
);

export const endpointEpochs = sqliteTable(
  'endpoint_epochs',
  {
    endpointId: text('endpoint_id').notNull(),
    epoch: integer('epoch').notNull(),
    openedAtMs: integer('opened_at_ms').notNull(),
    cause: text('cause').notNull(),
    /** Which way, and from what to what; null where no alarm opened it, and in rows older than these columns. */
    direction: text('direction').$type<ChangeDirection>(),
    measuredBefore: real('measured_before'),
    measuredAfter: real('measured_after'),
  },
  (table) => [primaryKey({ columns: [table.endpointId, table.epoch] })],
);

export const trafficHours = sqliteTable(
  'traffic_hours',
  {
    hourMs: integer('hour_ms').notNull(),
    task: text('task').notNull(),
    modelId: text('model_id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    keyId: text('key_id').notNull(),
    requests: integer('requests').notNull(),
    completed: integer('completed').notNull(),
    failures: integer('failures').notNull(),
    costMicroUsd: integer('cost_micro_usd').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    units: real('units').notNull().default(0),
    latencyMsSum: real('latency_ms_sum').notNull(),
    ttftMsSum: real('ttft_ms_sum').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.hourMs, table.task, table.modelId, table.endpointId, table.keyId] }),
  ],
);

/**
 * What was chosen freely, and what else could have been, by UTC day, task, size of the prompt and model: all that off-policy
 * estimates need (core/learning/moments.ts has the sums' names). Costs are in micro-USD, errors are what came less what was expected.
 */
export const choiceDays = sqliteTable(
  'choice_days',
  {
    /** Days since 1970. */
    day: integer('day').notNull(),
    task: text('task').notNull(),
    size: text('size').notNull(),
    modelId: text('model_id').notNull(),
    /** Requests that it could have been chosen for, those of them for which it had a chance, and what was expected of it. */
    offered: integer('offered').notNull(),
    supported: integer('supported').notNull(),
    expectedCost: real('expected_cost').notNull(),
    expectedSeconds: real('expected_seconds').notNull(),
    /** Requests that it was chosen for and answered. */
    count: integer('count').notNull(),
    weight: real('weight').notNull(),
    squaredWeight: real('squared_weight').notNull(),
    costSum: real('cost_sum').notNull(),
    costWeightedSum: real('cost_weighted_sum').notNull(),
    costSquaredWeightSum: real('cost_squared_weight_sum').notNull(),
    costSquare: real('cost_square').notNull(),
    costWeightedSquare: real('cost_weighted_square').notNull(),
    costSquaredWeightSquare: real('cost_squared_weight_square').notNull(),
    costErrorSum: real('cost_error_sum').notNull(),
    costErrorWeightedSum: real('cost_error_weighted_sum').notNull(),
    costErrorSquaredWeightSum: real('cost_error_squared_weight_sum').notNull(),
    costErrorSquare: real('cost_error_square').notNull(),
    costErrorWeightedSquare: real('cost_error_weighted_square').notNull(),
    costErrorSquaredWeightSquare: real('cost_error_squared_weight_square').notNull(),
    secondsSum: real('seconds_sum').notNull(),
    secondsWeightedSum: real('seconds_weighted_sum').notNull(),
    secondsSquaredWeightSum: real('seconds_squared_weight_sum').notNull(),
    secondsSquare: real('seconds_square').notNull(),
    secondsWeightedSquare: real('seconds_weighted_square').notNull(),
    secondsSquaredWeightSquare: real('seconds_squared_weight_square').notNull(),
    secondsErrorSum: real('seconds_error_sum').notNull(),
    secondsErrorWeightedSum: real('seconds_error_weighted_sum').notNull(),
    secondsErrorSquaredWeightSum: real('seconds_error_squared_weight_sum').notNull(),
    secondsErrorSquare: real('seconds_error_square').notNull(),
    secondsErrorWeightedSquare: real('seconds_error_weighted_square').notNull(),
    secondsErrorSquaredWeightSquare: real('seconds_error_squared_weight_square').notNull(),
  },
  (table) => [primaryKey({ columns: [table.task, table.size, table.modelId, table.day] })],
);

/** What the verdicts that count say of the answers among them, by their source; of a judge by its name. */
export const ratingDays = sqliteTable(
  'rating_days',
  {
    day: integer('day').notNull(),
    task: text('task').notNull(),
    size: text('size').notNull(),
    modelId: text('model_id').notNull(),
    source: text('source').notNull(),
    count: integer('count').notNull(),
    weight: real('weight').notNull(),
    squaredWeight: real('squared_weight').notNull(),
    sum: real('sum').notNull(),
    weightedSum: real('weighted_sum').notNull(),
    squaredWeightSum: real('squared_weight_sum').notNull(),
    square: real('square').notNull(),
    weightedSquare: real('weighted_square').notNull(),
    squaredWeightSquare: real('squared_weight_square').notNull(),
  },
  (table) => [primaryKey({ columns: [table.task, table.size, table.modelId, table.source, table.day] })],
);

/** What traffic looks like: ended attempts by blocks of six hours (UTC, epoch ms of the block's start), over all keys. */
export const patternBlocks = sqliteTable(
  'pattern_blocks',
  {
    blockMs: integer('block_ms').notNull(),
    task: text('task').notNull(),
    /** `size/tools or plain/turns/language` of the request. */
    shape: text('shape').notNull(),
    modelId: text('model_id').notNull(),
    /** Those that began here: a fallback is an attempt of another model's request. */
    requests: integer('requests').notNull(),
    attempts: integer('attempts').notNull(),
    completed: integer('completed').notNull(),
    failures: integer('failures').notNull(),
    costMicroUsd: integer('cost_micro_usd').notNull(),
    latencyMsSum: real('latency_ms_sum').notNull(),
    /** Σw·q, Σw·(1−q) and Σw² of the verdicts that count, those of checks that only find faults left out. */
    successes: real('successes').notNull(),
    shortfalls: real('shortfalls').notNull(),
    squares: real('squares').notNull(),
    /** A bit for each key, of 52 that its id falls on: never more bits than keys. */
    keyBits: integer('key_bits').notNull(),
  },
  (table) => [primaryKey({ columns: [table.blockMs, table.task, table.shape, table.modelId] })],
);

/**
 * The hourly roll-up summed up further, when an hour is over: by `level` (`traffic-levels.ts`) without key, without model
 * and task, or for a whole day. What a level does not tell apart is `''`.
 */
export const trafficSums = sqliteTable(
  'traffic_sums',
  {
    level: text('level').notNull(),
    /** Of the hour or the UTC day. */
    startMs: integer('start_ms').notNull(),
    keyId: text('key_id').notNull(),
    task: text('task').notNull(),
    modelId: text('model_id').notNull(),
    requests: integer('requests').notNull(),
    completed: integer('completed').notNull(),
    failures: integer('failures').notNull(),
    costMicroUsd: integer('cost_micro_usd').notNull(),
    inputTokens: integer('input_tokens').notNull(),
    outputTokens: integer('output_tokens').notNull(),
    units: real('units').notNull(),
    latencyMsSum: real('latency_ms_sum').notNull(),
    ttftMsSum: real('ttft_ms_sum').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.level, table.startMs, table.keyId, table.task, table.modelId] }),
    index('traffic_sums_of_key').on(table.level, table.keyId, table.startMs),
  ],
);

/** How far each UTC day has come into `traffic_sums`. */
export const rolledDays = sqliteTable('rolled_days', {
  dayMs: integer('day_ms').primaryKey(),
  /** The hours of the day before this one are in `traffic_sums`, whole. */
  untilMs: integer('until_ms').notNull(),
  /** Whoever adds to an hour before this one takes the day out of `traffic_sums` again. Never before `until_ms`. */
  closingMs: integer('closing_ms').notNull(),
  /** Format of the day's packs; 0 where there are none that hold, -1 while they are made. */
  packedAs: integer('packed_as').notNull().default(0),
});

/** A day's sums once more, as `traffic-pack.ts` writes them: what a report reads in a tenth of the time that rows take. */
export const trafficPacks = sqliteTable(
  'traffic_packs',
  {
    level: text('level').notNull(),
    dayMs: integer('day_ms').notNull(),
    /** From 0: large days are in several. */
    part: integer('part').notNull(),
    body: blob('body').notNull(),
  },
  (table) => [primaryKey({ columns: [table.level, table.dayMs, table.part] })],
);

/** Which model `auto` is for all requests of a key, where changing it would mix what cannot be mixed: vectors. */
export const pinnedModels = sqliteTable(
  'pinned_models',
  {
    keyId: text('key_id').notNull(),
    type: text('type').notNull(),
    modelId: text('model_id').notNull(),
    pinnedAtMs: integer('pinned_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.type] })],
);

export const keys = sqliteTable('keys', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  hash: text('hash').notNull().unique('keys_hash_unique'),
  prefix: text('prefix').notNull(),
  scopes: text('scopes', { mode: 'json' }).$type<readonly string[]>().notNull(),
  allowedModels: text('allowed_models', { mode: 'json' }).$type<readonly string[]>(),
  allowedProviders: text('allowed_providers', { mode: 'json' }).$type<readonly string[]>(),
  allowedAddresses: text('allowed_addresses', { mode: 'json' }).$type<readonly string[]>(),
  plan: text('plan').notNull(),
  requestsPerMinute: integer('requests_per_minute'),
  tokensPerMinute: integer('tokens_per_minute'),
  budgetMicroUsdPerDay: integer('budget_micro_usd_per_day'),
  budgetMicroUsdPerMonth: integer('budget_micro_usd_per_month'),
  onExhausted: text('on_exhausted').notNull().default('stop'),
  holdBack: integer('hold_back', { mode: 'boolean' }).notNull().default(false),
  createdAtMs: integer('created_at_ms').notNull(),
  expiresAtMs: integer('expires_at_ms'),
  revokedAtMs: integer('revoked_at_ms'),
});

/** Responses that can be asked for later, and by whom. */
export const responses = sqliteTable(
  'responses',
  {
    responseId: text('response_id').primaryKey(),
    keyId: text('key_id').notNull(),
    modelId: text('model_id').notNull(),
    endpointId: text('endpoint_id').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    expiresAtMs: integer('expires_at_ms').notNull(),
    /** Both are empty where the provider keeps them itself: then the row tells only where. */
    body: text('body').notNull(),
    conversation: text('conversation').notNull(),
  },
  (table) => [index('responses_expires_at').on(table.expiresAtMs)],
);

export const settings = sqliteTable('settings', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});
