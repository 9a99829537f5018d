import { and, asc, desc, eq, exists, gt, gte, inArray, lt, lte, not, or } from 'drizzle-orm';
import { answeringAttempt } from '../core/outcome/answering-attempt.ts';
import { toAttemptFact } from './attempt-rows.ts';
import type { ListedRequest, RequestListQuery, RequestPlace } from './contract.ts';
import type { Queryable, Tables } from './database.ts';
import { toFeedbackRecord } from './evidence.ts';
import { byRequest } from './history.ts';

/** Requests looked at for one page, so that a filter that fits nobody costs milliseconds and not a scan of the table. */
const MOST_LOOKED_AT = 2_000;

/** See `Store.listRequests`. */
export async function listRequests(
  { db, tables: { attempts, feedback, requests } }: Queryable,
  query: RequestListQuery,
): Promise<{ readonly requests: readonly ListedRequest[]; readonly next: RequestPlace | undefined }> {
  const isBefore = placeBefore(requests, query.before);
  const newestFirst = [desc(requests.createdAtMs), desc(requests.requestId)];
  // The far end of what is looked at. The index has the order, so this reads no more than it skips.
  const [end] = await db
    .select({ createdAtMs: requests.createdAtMs, requestId: requests.requestId })
    .from(requests)
    .where(isBefore)
    .orderBy(...newestFirst)
    .limit(1)
    .offset(MOST_LOOKED_AT - 1);
  const laterAttempt = exists(
    db
      .select({ requestId: attempts.requestId })
      .from(attempts)
      .where(and(eq(attempts.requestId, requests.requestId), gt(attempts.number, 0))),
  );
  const ofReason = (reason: string | undefined) => {
    if (reason === undefined) return undefined;
    return reason === 'fallback' ? laterAttempt : and(eq(requests.reason, reason), not(laterAttempt));
  };
  const rows = await db
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
        isBefore,
        end === undefined ? undefined : gte(requests.createdAtMs, end.createdAtMs),
        query.keyId === undefined ? undefined : eq(requests.keyId, query.keyId),
        query.task === undefined ? undefined : eq(requests.task, query.task),
        ofReason(query.reason),
        query.modelId === undefined
          ? undefined
          : exists(
              db
                .select({ requestId: attempts.requestId })
                .from(attempts)
                .where(and(eq(attempts.requestId, requests.requestId), eq(attempts.modelId, query.modelId))),
            ),
      ),
    )
    .orderBy(...newestFirst)
    .limit(query.limit);
  const last = rows.at(-1);
  const next = rows.length === query.limit && last !== undefined ? last : end;
  const ids = rows.map(({ requestId }) => requestId);
  if (ids.length === 0) return { requests: [], next };
  const attemptRows = await db
    .select()
    .from(attempts)
    .where(inArray(attempts.requestId, ids))
    .orderBy(asc(attempts.number));
  const feedbackRows = await db.select().from(feedback).where(inArray(feedback.requestId, ids));
  const requestToAttempts = byRequest(attemptRows.map(toAttemptFact));
  const requestToFeedback = byRequest(feedbackRows.flatMap(toFeedbackRecord));
  return {
    requests: rows.map((row) => {
      const own = requestToAttempts.get(row.requestId) ?? [];
      return {
        ...row,
        attempts: own,
        answer: answeringAttempt(own.filter(({ ending }) => ending === 'completed')),
        feedback: requestToFeedback.get(row.requestId) ?? [],
      };
    }),
    next: next && { createdAtMs: next.createdAtMs, requestId: next.requestId },
  };
}

function placeBefore({ createdAtMs, requestId }: Tables['requests'], before: RequestPlace | undefined) {
  if (before === undefined) return undefined;
  // Not (earlier or (equal and …)): that would be no range of the index, and everything newer would be walked through.
  return and(
    lte(createdAtMs, before.createdAtMs),
    or(lt(createdAtMs, before.createdAtMs), lt(requestId, before.requestId)),
  );
}
