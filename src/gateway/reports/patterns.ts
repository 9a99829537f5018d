/**
 * What this installation's traffic looks like: kinds of requests (task, size, tools, turns, language) and the models that
 * answer them, how that changes, what it costs and how good it is. Over all keys, from the roll-up alone.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import type { QualityBelief } from '../../core/learning/contract.ts';
import { beliefOfPart } from '../../core/learning/part-belief.ts';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { bothBits, countBits } from '../../core/tally/key-bits.ts';
import { trendOfShare, trendOfVolume } from '../../core/tally/trend.ts';
import type { AnyTask } from '../../core/task/operation-task.ts';
import { readShape } from '../../core/task/request-shape.ts';
import { workNamed } from '../../core/task/work-named.ts';
import type { PatternSum } from '../../store/contract.ts';
import { unknownModel } from '../catalog.ts';
import type { GatewayDeps } from '../deps.ts';
import { round } from '../round.ts';
import { encodePlace, type PagePlace, readPlace } from './page-place.ts';

/** A window begins with the roll-up's block, or day, that it falls into. */
const WINDOWS = {
  '24h': { lengthMs: DAY_MS, stepMs: 6 * HOUR_MS },
  '7d': { lengthMs: 7 * DAY_MS, stepMs: DAY_MS },
  '30d': { lengthMs: 30 * DAY_MS, stepMs: DAY_MS },
} as const;
type WindowName = keyof typeof WINDOWS;

/** Sums that are added up before others may get their turn. */
const SUMS_AT_ONCE = 400;

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const DEFAULT_MIN_REQUESTS = 10;
const MAX_MIN_REQUESTS = 1_000_000;
/** Whoever sees no other key's requests is told of traffic that so many keys share, and of no single one's. */
const LEAST_KEYS = 3;
/** Of a window before that nobody recorded in whole, so much has to be there to be compared with. */
const LEAST_OF_BEFORE = 0.5;

export interface PatternsQuery {
  readonly window?: string;
  readonly task?: string;
  readonly model?: string;
  readonly language?: string;
  readonly min_requests?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

/** Sums of one kind of request, or of one model's share of it, now and in the window before. */
interface Tally {
  requests: number;
  before: number;
  attempts: number;
  completed: number;
  failures: number;
  costMicroUsd: number;
  latencyMsSum: number;
  successes: number;
  shortfalls: number;
  squares: number;
  keyBits: number;
  keyBitsBefore: number;
}

interface Kind {
  readonly name: string;
  readonly task: AnyTask;
  readonly shape: string;
  readonly total: Tally;
  readonly modelToTally: Map<string, Tally>;
}

interface Spans {
  readonly fromMs: number;
  readonly toMs: number;
  /** Undefined where too little of it was recorded. */
  readonly beforeMs: number | undefined;
}

/**
 * @param viewer.visibleModels ids of the models that the caller may know of; undefined for all
 * @param viewer.seesAll whether the caller may see every key's requests; others see what is behind three keys at least
 * @throws GatewayError 400 for a window, task, language, number or place that is none, 404 for an unknown model
 */
export async function reportPatterns(
  deps: GatewayDeps,
  query: PatternsQuery,
  viewer: { readonly visibleModels: ReadonlySet<string> | undefined; readonly seesAll: boolean },
): Promise<object> {
  const name = windowNamed(query.window ?? '7d');
  const task = query.task === undefined ? undefined : workNamed(query.task);
  const language = query.language === undefined ? undefined : languageNamed(query.language);
  const leastRequests = viewer.seesAll ? 1 : DEFAULT_MIN_REQUESTS;
  const minRequests = wholeOf(
    query.min_requests,
    'min_requests',
    DEFAULT_MIN_REQUESTS,
    leastRequests,
    MAX_MIN_REQUESTS,
  );
  const limit = wholeOf(query.limit, 'limit', DEFAULT_LIMIT, 1, MAX_LIMIT);
  const after = query.cursor === undefined ? undefined : readPlace(query.cursor);
  const minKeys = viewer.seesAll ? 1 : LEAST_KEYS;
  const { model } = query;

  await deps.store.journal.flush();
  const spans = await spansOf(deps, name);
  const now = await deps.store.readPatterns(spans.fromMs, spans.toMs);
  const before =
    spans.beforeMs === undefined ? [] : await deps.store.readPatterns(spans.beforeMs, spans.fromMs);
  const isWanted = (sum: PatternSum) =>
    viewer.visibleModels?.has(sum.modelId) !== false &&
    (task === undefined || sum.task === task) &&
    (language === undefined || sum.shape.endsWith(`/${language}`));
  const seen = now.filter(isWanted);
  const seenBefore = before.filter(isWanted);
  if (model !== undefined) refuseUnknownModel(deps, model, viewer.visibleModels, [seen, seenBefore]);

  const isEnough = ({ requests, keyBits }: Tally) => requests >= minRequests && countBits(keyBits) >= minKeys;
  const ofKind = ({ task, shape }: PatternSum) => `${task}/${shape}`;
  const kinds = [...(await kindsOf(deps, seen, seenBefore, ofKind)).values()];
  const ofModel = kinds.filter(({ modelToTally }) => {
    const tally = model === undefined ? undefined : modelToTally.get(model);
    return (
      model === undefined || (tally !== undefined && (viewer.seesAll ? tally.attempts > 0 : isEnough(tally)))
    );
  });
  const shown = ofModel.filter(({ total }) => isEnough(total)).sort(inOrder);
  const hidden = ofModel.filter(({ total }) => total.requests > 0 && !isEnough(total));
  // Of what is hidden only the number of requests is told.
  const counted = viewer.seesAll ? kinds : kinds.filter((kind) => isEnough(kind.total));
  const total = sumOf(counted);
  const tasks = [...(await kindsOf(deps, seen, seenBefore, (sum) => sum.task)).values()];
  const page = after === undefined ? shown : shown.filter((kind) => isAfter(kind, after));
  const last = page[Math.min(limit, page.length) - 1];
  /** What few keys did before is told as little as what few do now. */
  const isBeforeTold = ({ before, keyBitsBefore }: Tally) =>
    viewer.seesAll || before === 0 || countBits(keyBitsBefore) >= minKeys;
  const context = {
    beliefOf: rememberedBeliefs(deps),
    spans,
    viewer,
    model,
    isEnough,
    isBeforeTold,
    all: sumOf(kinds).requests,
  };
  const data: object[] = [];
  for (const kind of page.slice(0, limit)) {
    if (deps.turns.isOver()) await deps.turns.next();
    data.push(describeKind(context, kind));
  }
  const trending: object[] = [];
  for (const one of tasks.filter(({ total }) => isEnough(total)).sort(inOrder)) {
    if (deps.turns.isOver()) await deps.turns.next();
    trending.push(describeTask(context, one));
  }
  if (deps.turns.isOver()) await deps.turns.next();
  return {
    object: 'patterns',
    window: name,
    from: timeOf(spans.fromMs),
    to: timeOf(spans.toMs),
    before: spans.beforeMs === undefined ? null : { from: timeOf(spans.beforeMs), to: timeOf(spans.fromMs) },
    generated_at: timeOf(deps.nowMs()),
    min_requests: minRequests,
    min_keys: minKeys,
    // Else what one kind did before would be the difference.
    total: {
      ...amountsOf(total),
      trend: counted.every((kind) => isBeforeTold(kind.total)) ? trendOf(context, total) : null,
    },
    trending,
    data,
    suppressed: { buckets: hidden.length, requests: sumOf(hidden).requests },
    has_more: page.length > limit,
    next_cursor:
      page.length > limit && last !== undefined ? encodePlace([last.total.requests, last.name]) : null,
  };
}

interface Context {
  readonly beliefOf: (task: AnyTask, modelId: string) => QualityBelief;
  readonly spans: Spans;
  readonly viewer: { readonly seesAll: boolean };
  readonly model: string | undefined;
  readonly isEnough: (tally: Tally) => boolean;
  readonly isBeforeTold: (tally: Tally) => boolean;
  readonly all: number;
}

function describeKind(context: Context, kind: Kind): object {
  const { total, task } = kind;
  const shape = readShape(kind.shape);
  const models = modelsOf(context, kind);
  return {
    task,
    size: shape?.size ?? 'small',
    tools: shape?.tools ?? false,
    turns: shape?.turns ?? '1',
    language: shape?.language ?? 'und',
    ...amountsOf(total),
    share: context.all > 0 ? round(total.requests / context.all, 4) : 0,
    trend: trendOf(context, total),
    models: models.shown
      .filter(([id]) => context.model === undefined || id === context.model)
      .map(([id, tally]) => describeModel(context, kind, id, tally)),
    other_models: models.others,
  };
}

/** Those of one task are asked for with each of its kinds. */
function rememberedBeliefs(deps: GatewayDeps): Context['beliefOf'] {
  const nameToBelief = new Map<string, QualityBelief>();
  return (task, modelId) => {
    const name = `${task}/${modelId}`;
    let belief = nameToBelief.get(name);
    if (belief === undefined) {
      belief = deps.learner.qualityOf(task, modelId);
      nameToBelief.set(name, belief);
    }
    return belief;
  };
}

/** A model's part in a kind of request. */
function describeModel(context: Context, { task, total }: Kind, id: string, tally: Tally): object {
  const { mean, low90, high90, samples, evidence } = beliefOfPart(context.beliefOf(task, id), tally);
  return {
    model: id,
    ...amountsOf(tally),
    ...shareOf(context, tally, total),
    latency_ms: tally.completed > 0 ? Math.round(tally.latencyMsSum / tally.completed) : null,
    quality: {
      mean: round(mean, 4),
      low_90: round(low90, 4),
      high_90: round(high90, 4),
      evidence,
      samples: round(samples, 1),
    },
  };
}

/** Which models are used more, or less, for a task than before. */
function describeTask(context: Context, kind: Kind): object {
  const { shown, others } = modelsOf(context, kind);
  return {
    task: kind.task,
    requests: kind.total.requests,
    trend: trendOf(context, kind.total),
    models: shown.map(([model, tally]) => ({
      model,
      requests: tally.requests,
      ...shareOf(context, tally, kind.total),
    })),
    other_models: others,
  };
}

/** The busiest first. What stands behind too few requests or keys is counted for whoever may not see every key's. */
function modelsOf({ viewer, isEnough }: Context, { modelToTally }: Kind) {
  const there = [...modelToTally].filter(([, { attempts, before }]) => attempts > 0 || before > 0);
  const shown = viewer.seesAll ? there : there.filter(([, tally]) => isEnough(tally));
  const others = viewer.seesAll ? [] : there.filter(([, tally]) => !isEnough(tally));
  return {
    shown: shown.sort(
      ([oneId, one], [otherId, other]) => other.requests - one.requests || (oneId < otherId ? -1 : 1),
    ),
    others: {
      models: others.length,
      requests: others.reduce((sum, [, { requests }]) => sum + requests, 0),
    },
  };
}

function amountsOf({ requests, completed, failures, costMicroUsd }: Tally) {
  return {
    requests,
    success_rate: completed + failures > 0 ? round(completed / (completed + failures), 4) : null,
    cost_usd: costMicroUsd / 1_000_000,
    cost_usd_per_1k_requests: completed > 0 ? round(costMicroUsd / completed / 1000, 6) : null,
  };
}

function trendOf({ spans, isBeforeTold }: Context, tally: Tally): object | null {
  const { fromMs, toMs, beforeMs } = spans;
  const { requests, before } = tally;
  if (beforeMs === undefined || !isBeforeTold(tally)) return null;
  const { direction, change } = trendOfVolume(
    { count: requests, hours: (toMs - fromMs) / HOUR_MS },
    { count: before, hours: (fromMs - beforeMs) / HOUR_MS },
  );
  return { direction, requests_before: before, change: change === null ? null : round(change, 4) };
}

function shareOf({ spans: { beforeMs }, isBeforeTold }: Context, part: Tally, whole: Tally) {
  const trend = trendOfShare(
    { count: part.requests, of: whole.requests },
    { count: part.before, of: whole.before },
  );
  const isKnown = beforeMs !== undefined && whole.before > 0 && isBeforeTold(whole) && isBeforeTold(part);
  return {
    share: whole.requests > 0 ? round(part.requests / whole.requests, 4) : 0,
    share_before: isKnown ? round(part.before / whole.before, 4) : null,
    direction: isKnown ? trend.direction : null,
  };
}

async function kindsOf(
  { turns }: Pick<GatewayDeps, 'turns'>,
  now: readonly PatternSum[],
  before: readonly PatternSum[],
  nameOf: (sum: PatternSum) => string,
): Promise<Map<string, Kind>> {
  const nameToKind = new Map<string, Kind>();
  const tallyOf = (sum: PatternSum): readonly [Tally, Tally] => {
    const name = nameOf(sum);
    let kind = nameToKind.get(name);
    if (kind === undefined) {
      const { task, shape } = sum;
      kind = { name, task, shape, total: emptyTally(), modelToTally: new Map() };
      nameToKind.set(name, kind);
    }
    let tally = kind.modelToTally.get(sum.modelId);
    if (tally === undefined) {
      tally = emptyTally();
      kind.modelToTally.set(sum.modelId, tally);
    }
    return [kind.total, tally];
  };
  for (const [index, sum] of now.entries()) {
    if (index % SUMS_AT_ONCE === 0 && turns.isOver()) await turns.next();
    for (const tally of tallyOf(sum)) add(tally, sum);
  }
  for (const [index, sum] of before.entries()) {
    if (index % SUMS_AT_ONCE === 0 && turns.isOver()) await turns.next();
    for (const tally of tallyOf(sum)) {
      tally.before += sum.requests;
      tally.keyBitsBefore = bothBits(tally.keyBitsBefore, sum.keyBits);
    }
  }
  return nameToKind;
}

function add(tally: Tally, sum: PatternSum | Tally): void {
  tally.requests += sum.requests;
  tally.attempts += sum.attempts;
  tally.completed += sum.completed;
  tally.failures += sum.failures;
  tally.costMicroUsd += sum.costMicroUsd;
  tally.latencyMsSum += sum.latencyMsSum;
  tally.successes += sum.successes;
  tally.shortfalls += sum.shortfalls;
  tally.squares += sum.squares;
  tally.keyBits = bothBits(tally.keyBits, sum.keyBits);
}

function sumOf(kinds: readonly Kind[]): Tally {
  const sum = emptyTally();
  for (const { total } of kinds) {
    add(sum, total);
    sum.before += total.before;
    sum.keyBitsBefore = bothBits(sum.keyBitsBefore, total.keyBitsBefore);
  }
  return sum;
}

function emptyTally(): Tally {
  return {
    requests: 0,
    before: 0,
    attempts: 0,
    completed: 0,
    failures: 0,
    costMicroUsd: 0,
    latencyMsSum: 0,
    successes: 0,
    shortfalls: 0,
    squares: 0,
    keyBits: 0,
    keyBitsBefore: 0,
  };
}

/** The busiest first, always in the same order. */
function inOrder(one: Kind, other: Kind): number {
  return other.total.requests - one.total.requests || (one.name < other.name ? -1 : 1);
}

function isAfter({ total, name }: Kind, [requests, after]: PagePlace): boolean {
  return total.requests < requests || (total.requests === requests && name > after);
}

async function spansOf(deps: GatewayDeps, window: WindowName): Promise<Spans> {
  const { lengthMs, stepMs } = WINDOWS[window];
  // Rates that change with every second would make an answer of its own of each.
  const toMs = Math.ceil(deps.nowMs() / MINUTE_MS) * MINUTE_MS;
  const fromMs = Math.floor((toMs - lengthMs) / stepMs) * stepMs;
  const firstMs = await deps.store.firstPatternMs();
  const beforeMs = Math.max(fromMs - lengthMs, firstMs ?? toMs);
  return { fromMs, toMs, beforeMs: fromMs - beforeMs < LEAST_OF_BEFORE * lengthMs ? undefined : beforeMs };
}

function windowNamed(text: string): WindowName {
  if (Object.hasOwn(WINDOWS, text)) return text as WindowName;
  throw badRequest(
    `There is no window '${text.slice(0, 32)}'. There are: ${Object.keys(WINDOWS).join(', ')}.`,
    'window',
  );
}

function languageNamed(text: string): string {
  if (/^[a-z]{2,3}$/.test(text)) return text;
  throw badRequest(
    `'language' must be a code of two letters such as en, or und where none was recognised, not '${text.slice(0, 32)}'.`,
    'language',
  );
}

/** One that has left the catalogue is known while there is traffic of it. */
function refuseUnknownModel(
  deps: GatewayDeps,
  id: string,
  visibleModels: ReadonlySet<string> | undefined,
  sums: readonly (readonly PatternSum[])[],
): void {
  const isListed = deps.live.catalog.model(id) !== undefined && visibleModels?.has(id) !== false;
  if (!isListed && !sums.flat().some(({ modelId }) => modelId === id)) throw unknownModel(id);
}

function wholeOf(
  text: string | undefined,
  param: string,
  otherwise: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw badRequest(`'${param}' must be a whole number from ${least} to ${most}.`, param);
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Reads what reports will ask for, a day at a time, so that the first of them need not wait for sixty days. */
export async function readPatternsAhead(
  deps: Pick<GatewayDeps, 'store' | 'nowMs'>,
  pause: () => Promise<boolean>,
): Promise<void> {
  const nowMs = deps.nowMs();
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const firstMs = (await deps.store.firstPatternMs()) ?? nowMs;
  const fromMs = Math.max(today - 2 * WINDOWS['30d'].lengthMs, Math.floor(firstMs / DAY_MS) * DAY_MS);
  for (let dayMs = today - DAY_MS; dayMs >= fromMs && (await pause()); dayMs -= DAY_MS) {
    await deps.store.readPatterns(dayMs, dayMs + DAY_MS);
  }
}
