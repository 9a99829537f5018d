import { asc, between, eq, gt, gte } from 'drizzle-orm';
import { HOUR_MS } from '../core/durations.ts';
import { JUDGE_KEY_ID } from '../core/judge/judge-key.ts';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import { answeringAttempt } from '../core/outcome/answering-attempt.ts';
import { toAttemptFact, toRequestRecord, toTask } from './attempt-rows.ts';
import type {
  AttemptFact,
  EndedAttempt,
  FeedbackRecord,
  ModelTraffic,
  RequestHistory,
  TrafficHour,
} from './contract.ts';
import type { Queryable, RowReader } from './database.ts';
import { toFeedbackRecord } from './evidence.ts';
import { readTrafficSums } from './read-traffic-sums.ts';
import { hourOf } from './sums.ts';

/** Requests per page: about 2 ms of a SQLite read at a time. */
const PAGE_SIZE = 200;

export async function readRequest(
  { db, tables: { attempts, feedback, requests } }: Queryable,
  requestId: string,
): Promise<RequestHistory | undefined> {
  const [request] = await db.select().from(requests).where(eq(requests.requestId, requestId));
  if (request === undefined) return undefined;
  const attemptRows = await db
    .select()
    .from(attempts)
    .where(eq(attempts.requestId, requestId))
    .orderBy(asc(attempts.number));
  const feedbackRows = await db
    .select()
    .from(feedback)
    .where(eq(feedback.requestId, requestId))
    .orderBy(asc(feedback.sourceName));
  return {
    request: toRequestRecord(request),
    attempts: attemptRows.map(toAttemptFact),
    feedback: feedbackRows.flatMap(toFeedbackRecord),
  };
}

/** See `Store.readModelTraffic`. Hours that are still to come, by a clock that was wrong, are left out. */
export async function readModelTraffic(
  queryable: Queryable & RowReader,
  sinceMs: number,
  nowMs: number,
  turns: LoopTurns,
): Promise<readonly ModelTraffic[]> {
  const toMs = nowMs + HOUR_MS;
  const query = { fromMs: sinceMs, toMs, groupBy: ['model', 'task'], exceptKeyId: JUDGE_KEY_ID } as const;
  const sums = await readTrafficSums(queryable, query, turns);
  return sums.map(({ dayStartMs, hourMs, keyId, ...sum }) => ({
    ...sum,
    modelId: sum.modelId ?? '',
    task: toTask(sum.task ?? ''),
  }));
}

export async function readTraffic(
  { db, tables: { trafficHours } }: Queryable,
  sinceMs: number,
): Promise<readonly TrafficHour[]> {
  const rows = await db
    .select()
    .from(trafficHours)
    .where(gte(trafficHours.hourMs, hourOf(sinceMs)))
    .orderBy(asc(trafficHours.hourMs));
  return rows.map((row) => ({ ...row, task: toTask(row.task) }));
}

/** See `Store.attemptFacts`. Whole requests per page, as which attempt answered depends on its siblings. */
export async function* attemptFacts({ db, tables }: Queryable): AsyncGenerator<EndedAttempt> {
  const { attempts, feedback } = tables;
  let after = '';
  for (;;) {
    const ids = await db
      .selectDistinct({ requestId: attempts.requestId })
      .from(attempts)
      .where(gt(attempts.requestId, after))
      .orderBy(asc(attempts.requestId))
      .limit(PAGE_SIZE);
    const first = ids[0]?.requestId;
    const last = ids.at(-1)?.requestId;
    if (first === undefined || last === undefined) return;
    const attemptRows = await db
      .select()
      .from(attempts)
      .where(between(attempts.requestId, first, last))
      .orderBy(asc(attempts.requestId), asc(attempts.number));
    const feedbackRows = await db
      .select()
      .from(feedback)
      .where(between(feedback.requestId, first, last))
      .orderBy(asc(feedback.requestId), asc(feedback.sourceName));
    yield* endedOnes(attemptRows.map(toAttemptFact), feedbackRows.flatMap(toFeedbackRecord));
    after = last;
  }
}

function* endedOnes(
  attempts: readonly AttemptFact[],
  feedback: readonly FeedbackRecord[],
): Generator<EndedAttempt> {
  const requestToFeedback = byRequest(feedback);
  for (const [requestId, siblings] of byRequest(attempts)) {
    const answer = answeringAttempt(siblings);
    for (const attempt of siblings) {
      const { ending, endedAtMs } = attempt;
      if (ending === undefined || endedAtMs === undefined) continue;
      const verdicts = attempt === answer ? (requestToFeedback.get(requestId) ?? []) : [];
      yield { ...attempt, ending, endedAtMs, feedback: verdicts };
    }
  }
}

/** The rows of each request, in their order. */
export function byRequest<Row extends { readonly requestId: string }>(
  rows: readonly Row[],
): Map<string, Row[]> {
  const requestToRows = new Map<string, Row[]>();
  for (const row of rows) {
    const siblings = requestToRows.get(row.requestId);
    if (siblings === undefined) requestToRows.set(row.requestId, [row]);
    else siblings.push(row);
  }
  return requestToRows;
}
