import { and, desc, eq, exists, gt, gte, lt, lte, not, or, sql } from 'drizzle-orm';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import { answeringAttempt } from '../core/outcome/answering-attempt.ts';
import { automaticIn, endingIn } from './attempt-rows.ts';
import type { ListedAttempt, ListedRequest, RequestListQuery, RequestPlace } from './contract.ts';
import type { Queryable, RowReader, Tables } from './database.ts';
import { lookSizesOf } from './look-size.ts';

/** Requests looked at for one page, so that a filter that fits nobody costs milliseconds and not a scan of the table. */
const MOST_LOOKED_AT = 2_000;
/** In the place of an id: nothing of its millisecond is left. */
const BEFORE_ALL = '';
/** Lines that one query puts together, each of a request, its attempts and its verdicts. */
const LINES_AT_ONCE = 100;

interface Page {
  readonly requests: readonly ListedRequest[];
  readonly next: RequestPlace | undefined;
}

/** See `Store.listRequests`. Some lines at a time: other work goes on in between. */
export async function listRequests(
  queryable: Queryable & RowReader,
  query: RequestListQuery,
  turns: LoopTurns,
): Promise<Page> {
  const isFiltered = [query.keyId, query.task, query.reason, query.modelId].some((one) => one !== undefined);
  const listed: ListedRequest[] = [];
  let place = query.before;
  for (const lookSize of lookSizesOf(queryable, MOST_LOOKED_AT)) {
    if (turns.isOver()) await turns.next();
    // What nothing is filtered out of is looked at line by line.
    const endMs = isFiltered ? await endOfLook(queryable, place, lookSize) : undefined;
    let within = place;
    for (;;) {
      if (turns.isOver()) await turns.next();
      const wanted = Math.min(query.limit - listed.length, LINES_AT_ONCE);
      const lines = await readLines(queryable, query, { before: within, endMs, limit: wanted });
      listed.push(...lines);
      within = lines.at(-1);
      if (lines.length < wanted) break;
      if (listed.length === query.limit) return { requests: listed, next: within && placeOf(within) };
    }
    if (endMs === undefined) return { requests: listed, next: undefined };
    // Whatever there was of its millisecond was looked at.
    place = { createdAtMs: endMs, requestId: BEFORE_ALL };
  }
  return { requests: listed, next: place };
}

/** The time down to which this look goes; undefined where it reaches the oldest. The index alone tells it. */
async function endOfLook(
  { db, tables: { requests }, readRows }: Queryable & RowReader,
  before: RequestPlace | undefined,
  lookSize: number,
): Promise<number | undefined> {
  // Else a millisecond in which more came than one look sees would be looked at for ever.
  const isBehind = before?.requestId === BEFORE_ALL ? lt : lte;
  const [end] = await readRows(
    db
      .select({ createdAtMs: requests.createdAtMs })
      .from(requests)
      .where(before && isBehind(requests.createdAtMs, before.createdAtMs))
      .orderBy(desc(requests.createdAtMs))
      .limit(1)
      .offset(lookSize - 1),
  );
  return end === undefined ? undefined : Number(end[0]);
}

async function readLines(
  { db, tables: { attempts, feedback, requests }, readRows }: Queryable & RowReader,
  query: RequestListQuery,
  range: {
    readonly before: RequestPlace | undefined;
    readonly endMs: number | undefined;
    readonly limit: number;
  },
): Promise<ListedRequest[]> {
  const attemptWith = (condition: Parameters<typeof and>[0]) =>
    exists(
      db
        .select({ requestId: attempts.requestId })
        .from(attempts)
        .where(and(eq(attempts.requestId, requests.requestId), condition)),
    );
  const ofReason = (reason: string | undefined) => {
    if (reason === undefined) return undefined;
    const laterAttempt = attemptWith(gt(attempts.number, 0));
    return reason === 'fallback' ? laterAttempt : and(eq(requests.reason, reason), not(laterAttempt));
  };
  const line = db
    .select({
      requestId: requests.requestId,
      keyId: requests.keyId,
      createdAtMs: requests.createdAtMs,
      requestedModel: requests.requestedModel,
      task: requests.task,
      strategy: requests.strategy,
      reason: requests.reason,
      isStream: requests.isStream,
    })
    .from(requests)
    .where(
      and(
        placeBefore(requests, range.before),
        range.endMs === undefined ? undefined : gte(requests.createdAtMs, range.endMs),
        query.keyId === undefined ? undefined : eq(requests.keyId, query.keyId),
        query.task === undefined ? undefined : eq(requests.task, query.task),
        ofReason(query.reason),
        query.modelId === undefined ? undefined : attemptWith(eq(attempts.modelId, query.modelId)),
      ),
    )
    .orderBy(desc(requests.createdAtMs), desc(requests.requestId))
    .limit(range.limit)
    .as('line');
  const score = db
    .select({ quality: feedback.quality })
    .from(feedback)
    .where(eq(feedback.requestId, line.requestId))
    .orderBy(desc(feedback.weight), desc(feedback.updatedAtMs))
    .limit(1);
  const rows = await readRows(
    db
      .select({
        requestId: line.requestId,
        keyId: line.keyId,
        createdAtMs: line.createdAtMs,
        requestedModel: line.requestedModel,
        task: line.task,
        strategy: line.strategy,
        reason: line.reason,
        isStream: line.isStream,
        score: sql`(${score})`,
        number: attempts.number,
        modelId: attempts.modelId,
        provider: attempts.provider,
        ending: attempts.ending,
        costMicroUsd: attempts.costMicroUsd,
        latencyMs: attempts.latencyMs,
        automaticSource: attempts.automaticSource,
        automaticQuality: attempts.automaticQuality,
        automaticWeight: attempts.automaticWeight,
      })
      .from(line)
      .leftJoin(attempts, eq(attempts.requestId, line.requestId))
      .orderBy(desc(line.createdAtMs), desc(line.requestId), attempts.number),
  );
  return linesOf(rows);
}

type Growing = Omit<ListedRequest, 'attempts'> & {
  attempts: ListedAttempt[];
  answer: ListedAttempt | undefined;
};

/** A row is an attempt with its request, or a request without any. */
function linesOf(rows: readonly (readonly unknown[])[]): ListedRequest[] {
  const lines: Growing[] = [];
  for (const row of rows) {
    const requestId = String(row[0]);
    let line = lines.at(-1);
    if (line?.requestId !== requestId) {
      line = {
        requestId,
        keyId: String(row[1]),
        createdAtMs: Number(row[2]),
        requestedModel: String(row[3]),
        task: String(row[4]),
        strategy: String(row[5]),
        reason: String(row[6]),
        isStream: Boolean(row[7]),
        score: row[8] === null ? undefined : Number(row[8]),
        attempts: [],
        answer: undefined,
      };
      lines.push(line);
    }
    if (row[9] === null) continue;
    line.attempts.push({
      number: Number(row[9]),
      modelId: String(row[10]),
      provider: String(row[11]),
      ending: endingIn(row, 12),
      costMicroUsd: Number(row[13]),
      latencyMs: Number(row[14]),
      automatic: automaticIn(row, 15),
    });
  }
  for (const line of lines) {
    line.answer = answeringAttempt(line.attempts.filter(({ ending }) => ending === 'completed'));
  }
  return lines;
}

function placeBefore({ createdAtMs, requestId }: Tables['requests'], before: RequestPlace | undefined) {
  if (before === undefined) return undefined;
  // Not (earlier or (equal and …)): that would be no range of the index, and everything newer would be walked through.
  return and(
    lte(createdAtMs, before.createdAtMs),
    or(lt(createdAtMs, before.createdAtMs), lt(requestId, before.requestId)),
  );
}

function placeOf({ createdAtMs, requestId }: RequestPlace): RequestPlace {
  return { createdAtMs, requestId };
}
