/**
 * Attempts that are about to go out, in a file beside the database: one `write` for all that begin in one turn of the
 * event loop. It survives a `kill -9` as a commit of the database does, and costs a tenth of one. The attempt's row is
 * then written once, whole, when it has ended; what a dead process left here is ended by the next one (`recovery.ts`).
 *
 * Two files take turns. One that is full is emptied when all its attempts are in the database.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import type { AttemptStart, RequestRecord } from './contract.ts';

export interface Intent {
  readonly request: RequestRecord;
  readonly start: AttemptStart;
}

/** One of the two files. */
export type Segment = 0 | 1;

export interface IntentLog {
  /** Durable when it returns. @throws what the file system says; then nothing of it counts */
  append(intents: readonly Intent[]): Segment;
  /** So many intents of this file are in the database by now. */
  release(segment: Segment, count: number): void;
  /** The file that waits to be emptied while the other one is full: its attempts should come to the database. */
  crowded(): Segment | undefined;
  /** Removes both files, unless they hold what the database does not. */
  close(end: { readonly isEverythingWritten: boolean }): void;
}

/** About 12,000 attempts. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

/**
 * What dead processes left in the files beside this database, each once, in no particular order. What is not a whole
 * line is none: after a power cut a file may lack pieces, and the gateway is to start all the same.
 */
export function readIntents(databasePath: string): readonly Intent[] {
  const idToIntent = new Map<string, Intent>();
  for (const path of segmentPaths(databasePath).filter((one) => existsSync(one))) {
    for (const intent of readFileSync(path, 'utf8').split('\n').flatMap(toIntent)) {
      idToIntent.set(intent.request.requestId, intent);
    }
  }
  return [...idToIntent.values()];
}

/** Empty files: call it when what `readIntents` found is in the database. */
export function openIntentLog(databasePath: string, segmentBytes = SEGMENT_BYTES): IntentLog {
  const paths = segmentPaths(databasePath);
  const segments = paths.map((path) => ({ file: openSync(path, 'w'), bytes: 0, open: 0, isTorn: false }));
  const at = (segment: Segment) => segments[segment] as (typeof segments)[number];
  const otherOf = (segment: Segment): Segment => (segment === 0 ? 1 : 0);
  let active: Segment = 0;

  function emptyIfDone(segment: Segment): void {
    const one = at(segment);
    if (one.open > 0 || one.bytes === 0) return;
    try {
      ftruncateSync(one.file, 0);
    } catch {
      // Its attempts are in the database, and a row wins over an intent: it is tried again when its turn comes.
      return;
    }
    one.bytes = 0;
    one.isTorn = false;
  }

  /** Whole lines of a write that failed are of requests that never went out: the next process would charge them. */
  function takeBack(one: (typeof segments)[number], written: number): void {
    try {
      ftruncateSync(one.file, one.bytes);
    } catch {
      // Then at least half a line is not taken for the beginning of the next.
      one.bytes += written;
      one.isTorn = true;
    }
  }

  return {
    append(intents) {
      if (at(active).bytes >= segmentBytes) emptyIfDone(otherOf(active));
      if (at(active).bytes >= segmentBytes && at(otherOf(active)).bytes === 0) {
        active = otherOf(active);
        emptyIfDone(otherOf(active));
      }
      const one = at(active);
      const bytes = Buffer.from((one.isTorn ? '\n' : '') + intents.map(lineOf).join(''));
      let written = 0;
      try {
        while (written < bytes.length) {
          written += writeSync(one.file, bytes, written, bytes.length - written, one.bytes + written);
        }
      } catch (error) {
        takeBack(one, written);
        throw error;
      }
      one.bytes += written;
      one.isTorn = false;
      one.open += intents.length;
      return active;
    },
    release(segment, count) {
      at(segment).open -= count;
      if (segment !== active) emptyIfDone(segment);
    },
    crowded() {
      const isFull = at(active).bytes >= segmentBytes && at(otherOf(active)).bytes > 0;
      return isFull ? otherOf(active) : undefined;
    },
    close({ isEverythingWritten }) {
      for (const { file } of segments) closeSync(file);
      if (!isEverythingWritten) return;
      for (const path of paths) if (existsSync(path)) unlinkSync(path);
    },
  };
}

function segmentPaths(databasePath: string): readonly string[] {
  return [`${databasePath}-intents-0`, `${databasePath}-intents-1`];
}

/** Members of the array that `lineOf` begins a line with. */
const HEAD_FIELDS = 21;

/** The decision is JSON already and goes in as it is: quoted once more it would cost as much as all the rest. */
function lineOf({ request, start }: Intent): string {
  const head = JSON.stringify([
    request.requestId,
    request.keyId,
    request.createdAtMs,
    request.requestedModel,
    request.task,
    request.taskConfidence,
    request.complexity,
    request.language,
    request.inputTokens,
    request.isStream,
    request.strategy,
    request.reason,
    start.number,
    start.modelId,
    start.endpointId,
    start.provider,
    start.epoch,
    start.endpointEpoch,
    start.startedAtMs,
    start.propensity,
    start.estimatedCostMicroUsd,
  ]);
  return `[${head},${request.decision},"${request.operation}",${JSON.stringify(request.shape)}]\n`;
}

function toIntent(line: string): Intent[] {
  try {
    // Before there was anything but chat a line said nothing about it, nor about shapes before they were counted.
    const [head, decision, operation = 'chat', shape = ''] = JSON.parse(line);
    if (!isHead(head) || decision === undefined) return [];
    const [requestId, keyId, createdAtMs, requestedModel, task, taskConfidence, complexity, ...rest] = head;
    const [language, inputTokens, isStream, strategy, reason, ...attempt] = rest;
    const [
      number,
      modelId,
      endpointId,
      provider,
      epoch,
      endpointEpoch,
      startedAtMs,
      propensity,
      estimatedCostMicroUsd,
    ] = attempt;
    return [
      {
        request: {
          requestId,
          keyId,
          createdAtMs,
          requestedModel,
          operation,
          task,
          taskConfidence,
          complexity,
          language,
          inputTokens,
          isStream,
          strategy,
          reason,
          shape,
          decision: JSON.stringify(decision),
        },
        start: {
          requestId,
          number,
          keyId,
          task,
          modelId,
          endpointId,
          provider,
          epoch,
          endpointEpoch,
          startedAtMs,
          propensity,
          estimatedCostMicroUsd,
          shape,
        },
      },
    ];
  } catch {
    return [];
  }
}

/** A line's fields are as many as were written, and none is null: neither is a column of the tables. */
function isHead(head: unknown): boolean {
  return Array.isArray(head) && head.length === HEAD_FIELDS && !head.includes(null);
}
