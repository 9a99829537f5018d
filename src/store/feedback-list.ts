import { and, desc, eq, exists, gte, inArray, lt, lte, not, or } from 'drizzle-orm';
import type { LoopTurns } from '../core/loop/loop-turns.ts';
import { answeringAttempt } from '../core/outcome/answering-attempt.ts';
import { automaticIn, endingIn, toTask } from './attempt-rows.ts';
import type { FeedbackListQuery, FeedbackPlace, ListedVerdict } from './contract.ts';
import type { Queryable, RowReader, Tables } from './database.ts';
import { toFeedbackRecord } from './evidence.ts';
import { byRequest, readRequest } from './history.ts';
import { lookSizesOf } from './look-size.ts';

/** Verdicts looked at for one page, so that a filter that fits nobody costs milliseconds and not a scan of the table. */
const MOST_LOOKED_AT = 2_000;
/** Verdicts that are put together at once with what they are about. */
const VERDICTS_AT_ONCE = 50;

interface Page {
  readonly verdicts: readonly ListedVerdict[];
  readonly next: FeedbackPlace | undefined;
}

/** See `Store.listFeedback`. Some verdicts at a time: other work goes on in between. */
export async function listFeedback(
  queryable: Queryable & RowReader,
  query: FeedbackListQuery,
  turns: LoopTurns,
): Promise<Page> {
  const isFiltered = [query.keyId, query.task, query.sourceName, query.modelId].some(
    (one) => one !== undefined,
  );
  const verdicts: ListedVerdict[] = [];
  let taken = 0;
  let place = query.before;
  for (const lookSize of lookSizesOf(queryable, MOST_LOOKED_AT)) {
    if (turns.isOver()) await turns.next();
    // What nothing is filtered out of is looked at verdict by verdict.
    const end = isFiltered ? await endOfLook(queryable, query, { before: place, lookSize }) : undefined;
    let within = place;
    for (;;) {
      if (turns.isOver()) await turns.next();
      const wanted = Math.min(query.limit - taken, VERDICTS_AT_ONCE);
      const found = await readVerdictRows(queryable, query, { before: within, end, limit: wanted });
      if (turns.isOver()) await turns.next();
      verdicts.push(...(await withAnswers(queryable, query, found)));
      taken += found.length;
      within = found.at(-1)?.verdict;
      if (found.length < wanted) break;
      if (taken === query.limit) return { verdicts, next: within && placeOf(within) };
    }
    if (end === undefined) return { verdicts, next: undefined };
    place = end;
  }
  return { verdicts, next: place };
}

function newestFirst({ updatedAtMs, requestId, sourceName }: Tables['feedback']) {
  return [desc(updatedAtMs), desc(requestId), desc(sourceName)];
}

function since(feedback: Tables['feedback'], sinceMs: number | undefined) {
  return sinceMs === undefined ? undefined : gte(feedback.updatedAtMs, sinceMs);
}

/** The last verdict of this look; undefined where it reaches the oldest. The index has the order: no more is read than is skipped. */
async function endOfLook(
  { db, tables: { feedback }, readRows }: Queryable & RowReader,
  query: FeedbackListQuery,
  { before, lookSize }: { readonly before: FeedbackPlace | undefined; readonly lookSize: number },
): Promise<FeedbackPlace | undefined> {
  const { updatedAtMs, requestId, sourceName } = feedback;
  const [end] = await readRows(
    db
      .select({ updatedAtMs, requestId, sourceName })
      .from(feedback)
      .where(and(placeBefore(feedback, before), since(feedback, query.sinceMs)))
      .orderBy(...newestFirst(feedback))
      .limit(1)
      .offset(lookSize - 1),
  );
  return end && { updatedAtMs: Number(end[0]), requestId: String(end[1]), sourceName: String(end[2]) };
}

type FeedbackRow = Tables['feedback']['$inferSelect'];

/** In the order of `verdictIn`. */
function verdictColumns(feedback: Tables['feedback']) {
  return {
    requestId: feedback.requestId,
    sourceName: feedback.sourceName,
    source: feedback.source,
    quality: feedback.quality,
    weight: feedback.weight,
    comment: feedback.comment,
    signals: feedback.signals,
    updatedAtMs: feedback.updatedAtMs,
    chargedKeyId: feedback.chargedKeyId,
    chargedDay: feedback.chargedDay,
  };
}

function verdictIn(row: readonly unknown[]): FeedbackRow {
  return {
    requestId: String(row[0]),
    sourceName: String(row[1]),
    source: String(row[2]),
    quality: Number(row[3]),
    weight: Number(row[4]),
    comment: String(row[5]),
    signals: String(row[6]),
    updatedAtMs: Number(row[7]),
    chargedKeyId: row[8] === null ? null : String(row[8]),
    chargedDay: row[9] === null ? null : Number(row[9]),
  };
}

/** A verdict and what the list needs of its request. */
interface FoundVerdict {
  readonly verdict: FeedbackRow;
  readonly request: { readonly keyId: string; readonly task: string; readonly reason: string };
}

async function readVerdictRows(
  { db, tables: { attempts, feedback, requests }, readRows }: Queryable & RowReader,
  query: FeedbackListQuery,
  range: {
    readonly before: FeedbackPlace | undefined;
    readonly end: FeedbackPlace | undefined;
    readonly limit: number;
  },
): Promise<FoundVerdict[]> {
  const { end } = range;
  const isBehind = placeBefore(feedback, end);
  const verdicts = db
    .select({
      ...verdictColumns(feedback),
      keyId: requests.keyId,
      ofTask: requests.task,
      reason: requests.reason,
    })
    .from(feedback)
    .innerJoin(requests, eq(requests.requestId, feedback.requestId))
    .where(
      and(
        placeBefore(feedback, range.before),
        since(feedback, query.sinceMs),
        // Both: the first finds them in the index, the second leaves out those behind the end in its millisecond.
        end === undefined ? undefined : gte(feedback.updatedAtMs, end.updatedAtMs),
        isBehind && not(isBehind),
        query.keyId === undefined ? undefined : eq(requests.keyId, query.keyId),
        query.task === undefined ? undefined : eq(requests.task, query.task),
        query.sourceName === undefined ? undefined : eq(feedback.sourceName, query.sourceName),
        query.modelId === undefined
          ? undefined
          : exists(
              db
                .select({ requestId: attempts.requestId })
                .from(attempts)
                .where(and(eq(attempts.requestId, feedback.requestId), eq(attempts.modelId, query.modelId))),
            ),
      ),
    )
    .orderBy(...newestFirst(feedback))
    .limit(range.limit);
  const rows = await readRows(verdicts);
  return rows.map((row) => ({
    verdict: verdictIn(row),
    request: { keyId: String(row[10]), task: String(row[11]), reason: String(row[12]) },
  }));
}

/** With the answer that each is about and all that was said of it. */
async function withAnswers(
  { db, tables: { attempts, feedback }, readRows }: Queryable & RowReader,
  query: FeedbackListQuery,
  found: readonly FoundVerdict[],
): Promise<ListedVerdict[]> {
  const ids = [...new Set(found.map(({ verdict }) => verdict.requestId))];
  if (ids.length === 0) return [];
  const attemptRows = await readRows(
    db
      .select({
        requestId: attempts.requestId,
        number: attempts.number,
        ending: attempts.ending,
        modelId: attempts.modelId,
        epoch: attempts.epoch,
        automaticSource: attempts.automaticSource,
        automaticQuality: attempts.automaticQuality,
        automaticWeight: attempts.automaticWeight,
      })
      .from(attempts)
      .where(inArray(attempts.requestId, ids)),
  );
  const siblings = await readRows(
    db.select(verdictColumns(feedback)).from(feedback).where(inArray(feedback.requestId, ids)),
  );
  const requestToAttempts = byRequest(attemptRows.map(toListedAnswer));
  const requestToVerdicts = byRequest(siblings.flatMap((row) => toFeedbackRecord(verdictIn(row))));
  return found.flatMap(({ verdict, request }): ListedVerdict[] => {
    const answer = answeringAttempt(requestToAttempts.get(verdict.requestId) ?? []);
    const [record] = toFeedbackRecord(verdict);
    if (answer === undefined || record === undefined) return [];
    // An attempt of it that failed is not what the verdict is about.
    if (query.modelId !== undefined && answer.modelId !== query.modelId) return [];
    return [
      {
        verdict: record,
        keyId: request.keyId,
        task: toTask(request.task),
        reason: request.reason,
        answer,
        all: requestToVerdicts.get(verdict.requestId) ?? [],
      },
    ];
  });
}

function toListedAnswer(row: readonly unknown[]): ListedVerdict['answer'] {
  return {
    requestId: String(row[0]),
    number: Number(row[1]),
    ending: endingIn(row, 2),
    modelId: String(row[3]),
    epoch: Number(row[4]),
    automatic: automaticIn(row, 5),
  };
}

/** See `Store.readVerdicts`. */
export async function readVerdicts(
  queryable: Queryable,
  requestId: string,
): Promise<Omit<ListedVerdict, 'verdict'> | undefined> {
  const history = await readRequest(queryable, requestId);
  const answer = history && answeringAttempt(history.attempts);
  if (history === undefined || answer === undefined) return undefined;
  const { keyId, task, reason } = history.request;
  return { keyId, task, reason, answer, all: history.feedback };
}

function placeOf({ updatedAtMs, requestId, sourceName }: FeedbackPlace): FeedbackPlace {
  return { updatedAtMs, requestId, sourceName };
}

function placeBefore(
  { updatedAtMs, requestId, sourceName }: Tables['feedback'],
  before: FeedbackPlace | undefined,
) {
  if (before === undefined) return undefined;
  // The first alone is a range of the index; else everything newer would be walked through.
  return and(
    lte(updatedAtMs, before.updatedAtMs),
    or(
      lt(updatedAtMs, before.updatedAtMs),
      lt(requestId, before.requestId),
      and(eq(requestId, before.requestId), lt(sourceName, before.sourceName)),
    ),
  );
}
