import { endRow, requestRow, startRow } from './attempt-rows.ts';
import type { AttemptEnd, AttemptStart, RequestRecord } from './contract.ts';
import { type Steps, write } from './database.ts';
import {
  addBelief,
  addTraffic,
  endAttempt,
  insertAttempt,
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
}
export interface AttemptBatch {
  readonly begun: readonly Begun[];
  readonly ended: readonly Ended[];
  /** Attempts whose `begin` was refused although the database may hold them. */
  readonly withdrawn: readonly AttemptStart[];
}

/**
 * One group commit. An ending that finds its attempt ended already adds nothing, so repeating a batch whose commit
 * was lost on the way cannot count twice.
 */
export function* writeAttempts(batch: AttemptBatch, instanceId: number): Steps<void> {
  const { begun, ended, withdrawn } = batch;
  yield* write(
    withdrawAttempt,
    withdrawn.map((start) => ({ requestId: start.requestId, number: start.number, instanceId })),
  );
  yield* write(
    withdrawRequest,
    withdrawn.map(({ requestId }) => ({ requestId })),
  );
  yield* write(insertRequest, requestRows(begun));
  yield* write(
    insertAttempt,
    begun.map(({ start }) => startRow(start, instanceId)),
  );
  const settled = ended.map(({ start, end }) => ({ start, end: endRow(end), deltas: end.deltas }));
  const isWritten = yield* write(
    endAttempt,
    settled.map(({ end }) => end),
  );
  const effective = settled.filter((_, index) => isWritten[index]);
  yield* write(addBelief, sumDeltas(effective.flatMap(({ deltas }) => deltas)));
  yield* write(addTraffic, sumTraffic(effective));
}

function requestRows(begun: readonly Begun[]) {
  return begun.flatMap(({ request }) => (request === undefined ? [] : [requestRow(request)]));
}
