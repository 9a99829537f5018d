import { and, asc, eq, sql } from 'drizzle-orm';
import { readDecision } from '../core/choice/decision-record.ts';
import { isFreeChoice } from '../core/choice/free-choice.ts';
import { answeringAttempt } from '../core/outcome/answering-attempt.ts';
import { GatewayError } from '../core/outcome/gateway-error.ts';
import type { DayAccount } from '../core/reward/daily-cap.ts';
import { countedVerdict } from '../core/reward/feedback-change.ts';
import { finite, toAttemptFact, toEvidenceSource, toTask, whole } from './attempt-rows.ts';
import { type ChoicePlace, placeOf, ratingOf } from './choice-sums.ts';
import type { EvidenceChange, FeedbackRecord, RequestEvidence } from './contract.ts';
import { ask, type Database, type Queryable, type Steps, type Tables, write } from './database.ts';
import { patternOfVerdict } from './pattern-sums.ts';
import { addBelief, addFeedbackDay, addPattern, addRatingDay, upsertFeedback } from './statements.ts';
import { sumDeltas } from './sums.ts';

/**
 * See `Store.changeEvidence`.
 *
 * @returns also when the answer ended whose block in the roll-up of patterns changed; undefined when none did
 */
export function changeEvidence(
  database: Database,
  {
    requestId,
    keyId,
    account,
  }: { requestId: string; keyId: string | undefined; account: DayAccount | undefined },
  change: (evidence: RequestEvidence) => EvidenceChange | undefined,
): Promise<{ readonly evidence: RequestEvidence | undefined; readonly changedAtMs: number | undefined }> {
  return database.transact(function* (queryable) {
    yield* lockRequest(queryable, requestId);
    const read = yield* readEvidence(queryable, requestId);
    if (read === undefined || (keyId !== undefined && read.evidence.keyId !== keyId)) {
      return { evidence: undefined, changedAtMs: undefined };
    }
    const { evidence, choice } = read;
    const booked = account === undefined ? evidence : yield* withBookedWeight(queryable, evidence, account);
    const decided = change(booked);
    if (decided === undefined) return { evidence: booked, changedAtMs: undefined };
    const changedAtMs = yield* writeChange(queryable, evidence, decided);
    if (choice !== undefined) yield* writeRating(choice, evidence, decided);
    return { evidence: booked, changedAtMs };
  });
}

/** Writing a row, even with what it says already, makes others who would do the same wait: on both databases. */
function* lockRequest({ db, tables: { attempts } }: Queryable, requestId: string): Steps<void> {
  yield* ask(
    db
      .update(attempts)
      .set({ automaticCounts: sql`${attempts.automaticCounts}` })
      .where(and(eq(attempts.requestId, requestId), eq(attempts.number, 0))),
  );
}

/** All verdicts on a request, and where it is counted among the free choices. */
interface JudgedRequest {
  readonly evidence: RequestEvidence;
  readonly choice: ChoicePlace | undefined;
}

function* readEvidence({ db, tables }: Queryable, requestId: string): Steps<JudgedRequest | undefined> {
  const { attempts, feedback, requests } = tables;
  const [request] = yield* ask(db.select().from(requests).where(eq(requests.requestId, requestId)));
  if (request === undefined) return undefined;
  const rows = yield* ask(db.select().from(attempts).where(eq(attempts.requestId, requestId)));
  const verdicts = yield* ask(
    db.select().from(feedback).where(eq(feedback.requestId, requestId)).orderBy(asc(feedback.sourceName)),
  );
  if (rows.some((row) => row.ending === null)) throw inProgress();
  const answer = answeringAttempt(rows.map(toAttemptFact));
  if (answer === undefined) return undefined;
  const { inputTokens, reason } = request;
  const task = toTask(request.task);
  const { ranking, isDrawn } = readDecision(request.decision);
  const { ending = 'unknown', endedAtMs = 0 } = answer;
  return {
    evidence: {
      requestId,
      keyId: request.keyId,
      task,
      reason,
      modelId: answer.modelId,
      endpointId: answer.endpointId,
      epoch: answer.epoch,
      attemptNumber: answer.number,
      automatic: answer.automatic,
      feedback: verdicts.flatMap(toFeedbackRecord),
    },
    choice: isFreeChoice({ reason, isDrawn, ranking })
      ? placeOf(answer, { ending, endedAtMs }, { ranking, task, inputTokens })
      : undefined,
  };
}

/** The verdict that counted is taken off the ratings, the one that counts now is added. */
function* writeRating(
  choice: ChoicePlace,
  evidence: RequestEvidence,
  { upsert, removeSourceName }: EvidenceChange,
): Steps<void> {
  const gone = new Set([removeSourceName, upsert?.sourceName]);
  const kept = evidence.feedback.filter(({ sourceName }) => !gone.has(sourceName));
  const before = countedVerdict(evidence);
  const after = countedVerdict({ ...evidence, feedback: upsert ? [...kept, upsert] : kept });
  const isSame =
    before?.source === after?.source &&
    before?.sourceName === after?.sourceName &&
    before?.quality === after?.quality;
  if (isSame) return;
  yield* write(
    addRatingDay,
    [ratingOf(choice, before, -1), ratingOf(choice, after, 1)]
      .flatMap((row) => row ?? [])
      .sort((one, other) => (one.source < other.source ? -1 : 1)),
  );
}

/**
 * Reads what is booked on an account. Its row, and those of the verdicts that may be taken off theirs, are locked in an
 * order that all share: two that changed each other's accounts would else wait for each other for ever.
 */
function* withBookedWeight(
  { db, tables: { feedbackDays } }: Queryable,
  evidence: RequestEvidence,
  account: DayAccount,
): Steps<RequestEvidence> {
  const { modelId, task } = evidence;
  const accounts = [account, ...evidence.feedback.flatMap(({ chargedTo }) => chargedTo ?? [])];
  const keyToAccount = new Map(accounts.map((one) => [`${one.day} ${one.keyId}`, one]));
  let bookedWeight = 0;
  for (const [key, { keyId, day }] of [...keyToAccount].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const [row] = yield* ask(
      db
        .insert(feedbackDays)
        .values({ keyId, modelId, task, day, weight: 0 })
        .onConflictDoUpdate({
          target: [feedbackDays.keyId, feedbackDays.modelId, feedbackDays.task, feedbackDays.day],
          set: { weight: sql`${feedbackDays.weight}` },
        })
        .returning({ weight: feedbackDays.weight }),
    );
    if (key === `${account.day} ${account.keyId}`) bookedWeight = row?.weight ?? 0;
  }
  return { ...evidence, bookedWeight };
}

/** @returns when the answer ended, where the roll-up of patterns changed by it */
function* writeChange(
  { db, tables: { attempts, feedback, requests } }: Queryable,
  { requestId, attemptNumber, modelId, task }: RequestEvidence,
  { upsert, removeSourceName, automaticCounts, deltas, bookings = [] }: EvidenceChange,
): Steps<number | undefined> {
  if (removeSourceName !== undefined) {
    yield* ask(
      db
        .delete(feedback)
        .where(and(eq(feedback.requestId, requestId), eq(feedback.sourceName, removeSourceName))),
    );
  }
  if (upsert !== undefined) {
    const { quality, weight, updatedAtMs, chargedTo, ...verdict } = upsert;
    yield* write(upsertFeedback, [
      {
        ...verdict,
        chargedKeyId: chargedTo?.keyId ?? null,
        chargedDay: chargedTo?.day ?? null,
        requestId,
        quality: finite(quality),
        weight: finite(weight),
        updatedAtMs: whole(updatedAtMs),
      },
    ]);
  }
  yield* ask(
    db
      .update(attempts)
      .set({ automaticCounts })
      .where(and(eq(attempts.requestId, requestId), eq(attempts.number, attemptNumber))),
  );
  yield* write(
    addFeedbackDay,
    bookings.map(({ keyId, day, weight }) => ({ keyId, modelId, task, day, weight })),
  );
  yield* write(addBelief, sumDeltas(deltas));
  if (deltas.length === 0) return undefined;
  const [counted] = yield* ask(
    db
      .select({ shape: requests.shape, endedAtMs: attempts.endedAtMs })
      .from(attempts)
      .innerJoin(requests, eq(requests.requestId, attempts.requestId))
      .where(and(eq(attempts.requestId, requestId), eq(attempts.number, attemptNumber))),
  );
  if (counted?.endedAtMs == null) return undefined;
  const { shape, endedAtMs } = counted;
  yield* write(addPattern, patternOfVerdict({ shape, endedAtMs, task, modelId }, deltas));
  return endedAtMs;
}

/** An array, empty when the row is from no known source: a stranger's row counts for nothing. */
export function toFeedbackRecord(row: Tables['feedback']['$inferSelect']): FeedbackRecord[] {
  const { chargedKeyId, chargedDay, ...verdict } = row;
  const source = toEvidenceSource(row.source);
  const chargedTo =
    chargedKeyId === null || chargedDay === null ? undefined : { keyId: chargedKeyId, day: chargedDay };
  return source === undefined ? [] : [{ ...verdict, source, chargedTo }];
}

/** Its ending would add the automatic verdict on top of what is decided now. */
function inProgress(): GatewayError {
  return new GatewayError({
    status: 409,
    code: 'request_in_progress',
    message: 'This request has not finished yet.',
    retryAfterSeconds: 1,
  });
}
