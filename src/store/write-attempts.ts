import type { Decision } from '../core/choice/decision.ts';
import type { BeliefDelta } from '../core/learning/delta.ts';
import { addToTraffic } from './add-to-traffic.ts';
import { endRow, requestRow, startRow } from './attempt-rows.ts';
import { sumChoices } from './choice-sums.ts';
import type { AttemptEnd, AttemptStart, RequestRecord } from './contract.ts';
import { type Steps, write } from './database.ts';
import { sumPatterns } from './pattern-sums.ts';
import {
  addBelief,
  addChoiceDay,
  addPattern,
  addRatingDay,
  type EndRow,
  endAttempt,
  insertAttempt,
  insertEndedAttempt,
  insertRequest,
  withdrawAttempt,
  withdrawRequest,
} from './statements.ts';
import { sumDeltas, sumTraffic } from './sums.ts';

export interface Begun {
  readonly request: RequestRecord | undefined;
  readonly start: AttemptStart;
}
export interface Ended {
  readonly start: AttemptStart;
  readonly end: AttemptEnd;
  /** With its request where neither is in the database yet: beginning and ending are then written as one row. */
  readonly request: RequestRecord | undefined;
}
export interface AttemptBatch {
  readonly begun: readonly Begun[];
  /** Written like those that begin; only, nobody waits for them. */
  readonly late: readonly Begun[];
  readonly ended: readonly Ended[];
  /** Attempts whose `begin` was refused although the database may hold them. */
  readonly withdrawn: readonly AttemptStart[];
}

/**
 * One group commit. An ending that finds its attempt ended already adds nothing, so repeating a batch whose commit
 * was lost on the way cannot count twice.
 */
export function* writeAttempts(batch: AttemptBatch, instanceId: number): Steps<void> {
  const { begun, late, ended, withdrawn } = batch;
  if (withdrawn.length > 0) {
    yield* write(
      withdrawAttempt,
      withdrawn.map((start) => ({ requestId: start.requestId, number: start.number, instanceId })),
    );
    yield* write(
      withdrawRequest,
      withdrawn.map(({ requestId }) => ({ requestId })),
    );
  }
  yield* beginAll(begun, instanceId);
  yield* beginAll(late, instanceId);
  if (ended.length === 0) return;
  const whole: Settled[] = [];
  const begunBefore: Settled[] = [];
  for (const one of ended) {
    const { deltas, freeChoice } = one.end;
    const settled = { start: one.start, end: endRow(one.end), deltas, freeChoice };
    if (one.request === undefined) begunBefore.push(settled);
    else whole.push(settled);
  }
  yield* write(
    insertRequest,
    ended.flatMap(({ request }) => (request === undefined ? [] : [requestRow(request)])),
  );
  yield* write(
    insertEndedAttempt,
    whole.map(({ start, end }) => ({ start: startRow(start, instanceId), end })),
  );
  const isWritten = yield* write(
    endAttempt,
    begunBefore.map(({ end }) => end),
  );
  const effective = [...whole, ...begunBefore.filter((_, index) => isWritten[index])];
  yield* write(addBelief, sumDeltas(effective.flatMap(({ deltas }) => deltas)));
  yield* addToTraffic(sumTraffic(effective));
  const { choices, ratings } = sumChoices(effective);
  yield* write(addChoiceDay, choices);
  yield* write(addRatingDay, ratings);
  yield* write(addPattern, sumPatterns(effective));
}

interface Settled {
  readonly start: AttemptStart;
  readonly end: EndRow;
  readonly deltas: readonly BeliefDelta[];
  readonly freeChoice: Decision | undefined;
}

function* beginAll(begun: readonly Begun[], instanceId: number): Steps<void> {
  if (begun.length === 0) return;
  yield* write(
    insertRequest,
    begun.flatMap(({ request }) => (request === undefined ? [] : [requestRow(request)])),
  );
  yield* write(
    insertAttempt,
    begun.map(({ start }) => startRow(start, instanceId)),
  );
}
