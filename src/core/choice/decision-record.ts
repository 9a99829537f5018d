import type { Circumstances, Decision, ExcludedCandidate, RankedCandidate } from './decision.ts';

/** What is stored of a decision beside the columns of its request. */
export interface DecisionRecord {
  /** Choices asked for (`n`), at least 1. Tokens are learnt per choice: the beliefs are rebuilt from the rows by it. */
  readonly choices: number;
  readonly ranking: readonly RankedCandidate[];
  readonly excluded: readonly ExcludedCandidate[];
  readonly circumstances: Circumstances | undefined;
  /** As `Decision.isDrawn`; false for records from before it was kept. */
  readonly isDrawn: boolean;
}

const EMPTY: DecisionRecord = {
  choices: 1,
  ranking: [],
  excluded: [],
  circumstances: undefined,
  isDrawn: false,
};

/** Propensities, qualities and utilities are kept to a billionth: whole numbers are written five times as fast. */
const BILLION = 1e9;

/** Endpoints are few, and their names change with the configuration only: quoted once. */
const endpointToNames = new Map<string, { readonly modelId: string; readonly bytes: Buffer }>();
const MAX_NAMES = 10_000;

/** Written before it is read in each use: put together from strings a decision was 3 kB of garbage. */
let scratch = Buffer.alloc(4_096);
let length = 0;
/** A number with its comma. */
const LONGEST_NUMBER = 24;
const NUMBERS_OF_CANDIDATE = 7;
/** From here on half a micro-USD is less than a hundredth. */
const EXACT_BELOW_MICRO_USD = 50;

/**
 * A decision as JSON, `{"n":choices,"r":[ranked…],"d":1,"x":[excluded…],"c":circumstances}`, each candidate a list of names and
 * whole numbers, `d` where it was drawn, the last two only where there are any. By `JSON.stringify` of the objects it took 6 µs and four times
 * the space in every row.
 */
export function writeDecision({ profile, ranking, excluded, circumstances, isDrawn }: Decision): string {
  length = 0;
  put('{"n":');
  putWhole(profile.choices);
  put(',"r":[');
  for (let place = 0; place < ranking.length; place += 1) {
    putRanked(ranking[place] as RankedCandidate, place === 0 ? '[' : ',[');
  }
  put(']');
  if (isDrawn) put(',"d":1');
  if (excluded.length > 0) put(`,"x":${JSON.stringify(excluded.map(rowOf))}`);
  if (circumstances !== undefined) put(`,"c":${JSON.stringify(circumstances)}`);
  put('}');
  return scratch.toString('utf8', 0, length);
}

function putRanked(one: RankedCandidate, opening: string): void {
  const names = namesOf(one);
  makeRoom(names.length + NUMBERS_OF_CANDIDATE * LONGEST_NUMBER + 8);
  put(opening);
  scratch.set(names, length);
  length += names.length;
  putNumber(one.propensity * BILLION);
  putNumber(one.utilityUsd * BILLION);
  putNumber(one.quality * BILLION);
  putCost(one.expectedCostMicroUsd);
  putNumber(one.expectedOutputTokens);
  putNumber(one.expectedTtftMs);
  putNumber(one.expectedLatencyMs);
  put(']');
}

function putNumber(value: number): void {
  scratch[length] = COMMA;
  length += 1;
  putWhole(Math.round(value));
}

/** Of an answer that costs next to nothing parts of a micro-USD are kept as well. */
function putCost(microUsd: number): void {
  if (microUsd >= EXACT_BELOW_MICRO_USD || Number.isInteger(microUsd)) putNumber(microUsd);
  else put(`,${JSON.stringify(Math.round(microUsd * 1e6) / 1e6)}`);
}

/** Digits from the last to the first; what is no small whole number takes the long way. */
function putWhole(value: number): void {
  if (!(Math.abs(value) < 2 ** 31)) {
    put(JSON.stringify(value));
    return;
  }
  let rest = value | 0;
  if (rest < 0) {
    scratch[length] = MINUS;
    length += 1;
    rest = -rest;
  }
  let digits = 1;
  for (let power = 10; power <= rest; power *= 10) digits += 1;
  length += digits;
  for (let at = length - 1; digits > 0; at -= 1, digits -= 1) {
    const tenth = (rest / 10) | 0;
    scratch[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}

const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;

function put(text: string): void {
  // Three bytes are the most that a UTF-16 unit becomes.
  makeRoom(text.length * 3);
  if (text.length > SHORT_TEXT) {
    length += scratch.write(text, length);
    return;
  }
  for (let at = 0; at < text.length; at += 1) scratch[length + at] = text.charCodeAt(at);
  length += text.length;
}

/** Our own punctuation, all ASCII. */
const SHORT_TEXT = 6;

function makeRoom(bytes: number): void {
  if (length + bytes <= scratch.length) return;
  const larger = Buffer.alloc(2 * (length + bytes));
  larger.set(scratch);
  scratch = larger;
}

/** Empty for a text that is no such record. */
export function readDecision(text: string): DecisionRecord {
  try {
    const { n, r, x = [], c, d } = JSON.parse(text) as Written;
    return {
      choices: typeof n === 'number' && n >= 1 ? n : 1,
      ranking: r.map(toRanked),
      excluded: x.map(toExcluded),
      circumstances: c,
      isDrawn: d === 1,
    };
  } catch {
    return EMPTY;
  }
}

interface Written {
  readonly n: unknown;
  readonly r: unknown[][];
  readonly x?: unknown[][];
  readonly c?: Circumstances;
  readonly d?: unknown;
}

function namesOf({ endpointId, modelId, provider }: RankedCandidate): Buffer {
  const known = endpointToNames.get(endpointId);
  if (known?.modelId === modelId) return known.bytes;
  if (endpointToNames.size >= MAX_NAMES) endpointToNames.clear();
  const bytes = Buffer.from([endpointId, modelId, provider].map((name) => JSON.stringify(name)).join(','));
  endpointToNames.set(endpointId, { modelId, bytes });
  return bytes;
}

function rowOf({ endpointId, modelId, reason, retryAtMs }: ExcludedCandidate): unknown[] {
  return retryAtMs === undefined ? [endpointId, modelId, reason] : [endpointId, modelId, reason, retryAtMs];
}

function toRanked(row: unknown[]): RankedCandidate {
  const [endpointId, modelId, provider] = row.map(String);
  const [propensity = 0, utility = 0, quality = 0, cost = 0, tokens = 0, ttft = 0, latency = 0] = row
    .slice(3)
    .map(Number);
  return {
    endpointId: endpointId ?? '',
    modelId: modelId ?? '',
    provider: provider ?? '',
    propensity: propensity / BILLION,
    utilityUsd: utility / BILLION,
    quality: quality / BILLION,
    expectedCostMicroUsd: cost,
    expectedOutputTokens: tokens,
    expectedTtftMs: ttft,
    expectedLatencyMs: latency,
  };
}

function toExcluded(row: unknown[]): ExcludedCandidate {
  const [endpointId, modelId, reason, retryAtMs] = row;
  return {
    endpointId: String(endpointId),
    modelId: String(modelId),
    reason: reason as ExcludedCandidate['reason'],
    ...(typeof retryAtMs === 'number' ? { retryAtMs } : {}),
  };
}
