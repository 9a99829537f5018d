import { and, asc, desc, eq, exists, gte, inArray, lt, not, or } from 'drizzle-orm';
import { answeringAttempt } from '../core/outcome/answering-attempt.ts';
import { toAttemptFact, toTask } from './attempt-rows.ts';
import type { FeedbackListQuery, FeedbackPlace, ListedVerdict } from './contract.ts';
import type { Queryable, Tables } from './database.ts';
import { toFeedbackRecord } from './evidence.ts';
import { byRequest, readRequest } from './history.ts';

/** Verdicts looked at for one page, so that a filter that fits nobody costs milliseconds and not a scan of the table. */
const MOST_LOOKED_AT = 2_000;

/** See `Store.listFeedback`. */
export async function listFeedback(
  { db, tables: { attempts, feedback, requests } }: Queryable,
  query: FeedbackListQuery,
): Promise<{ readonly verdicts: readonly ListedVerdict[]; readonly next: FeedbackPlace | undefined }> {
  const isBefore = and(
    placeBefore(feedback, query.before),
    query.sinceMs === undefined ? undefined : gte(feedback.updatedAtMs, query.sinceMs),
  );
  const newestFirst = [desc(feedback.updatedAtMs), desc(feedback.requestId), desc(feedback.sourceName)];
  const place = {
    updatedAtMs: feedback.updatedAtMs,
    requestId: feedback.requestId,
    sourceName: feedback.sourceName,
  };
  // The far end of what is looked at. The index has the order, so this reads no more than it skips.
  const [end] = await db
    .select(place)
    .from(feedback)
    .where(isBefore)
    .orderBy(...newestFirst)
    .limit(1)
    .offset(MOST_LOOKED_AT - 1);
  const isBehind = end === undefined ? undefined : placeBefore(feedback, end);
  const rows = await db
    .select({
      verdict: feedback,
      request: { keyId: requests.keyId, task: requests.task, reason: requests.reason },
    })
    .from(feedback)
    .innerJoin(requests, eq(requests.requestId, feedback.requestId))
    .where(
      and(
        isBefore,
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
    .orderBy(...newestFirst)
    .limit(query.limit);
  const last = rows.at(-1)?.verdict;
  const next = rows.length === query.limit && last !== undefined ? last : end;
  const ids = [...new Set(rows.map(({ verdict }) => verdict.requestId))];
  if (ids.length === 0) return { verdicts: [], next: next && placeOf(next) };
  const attemptRows = await db
    .select()
    .from(attempts)
    .where(inArray(attempts.requestId, ids))
    .orderBy(asc(attempts.number));
  const siblings = await db.select().from(feedback).where(inArray(feedback.requestId, ids));
  const requestToAttempts = byRequest(attemptRows.map(toAttemptFact));
  const requestToVerdicts = byRequest(siblings.flatMap(toFeedbackRecord));
  const verdicts = rows.flatMap(({ verdict, request }): ListedVerdict[] => {
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
  return { verdicts, next: next && placeOf(next) };
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
  return or(
    lt(updatedAtMs, before.updatedAtMs),
    and(eq(updatedAtMs, before.updatedAtMs), lt(requestId, before.requestId)),
    and(
      eq(updatedAtMs, before.updatedAtMs),
      eq(requestId, before.requestId),
      lt(sourceName, before.sourceName),
    ),
  );
}
