import type { Decision } from '../../core/choice/decision.ts';
import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import type { Job } from './job.ts';

/** Decisions of dry runs, each to be carried out once, by its own key and for its own request. In memory. */
export interface KeptDecisions {
  /** @returns its id, and how long it is kept */
  keep(job: Job, decision: Decision): { readonly decisionId: string; readonly forMs: number };
  /** @throws GatewayError 404 unknown, expired, carried out already or another key's; 400 another request than the one it was made for */
  read(job: Job, decisionId: string): Decision;
  /** It is carried out now, and never again. @throws GatewayError 404 when another request was faster */
  take(decisionId: string): void;
}

/** What is believed moves on: a decision is worth little later than this. */
const KEPT_MS = 300_000;
/** Of more, the oldest are forgotten: those of one key before it takes the place of others. */
const MOST_KEPT = 10_000;
const MOST_OF_ONE_KEY = 1_000;

/** What may differ between the question and its execution. */
const NOT_COMPARED = new Set(['route', 'stream', 'stream_options', 'session_id', 'conversation_id']);

/**
 * @param tools.newId not to be guessed
 * @param tools.digest a collision-free hash
 * @param tools.monotonicMs milliseconds that never jump
 */
export function createKeptDecisions(tools: {
  readonly newId: () => string;
  readonly digest: (text: string) => string;
  readonly monotonicMs: () => number;
}): KeptDecisions {
  interface Kept {
    readonly decision: Decision;
    readonly keyId: string;
    readonly request: string;
    readonly untilMs: number;
  }
  const idToKept = new Map<string, Kept>();
  const keyIdToCount = new Map<string, number>();

  function forget(decisionId: string, { keyId }: Kept): void {
    idToKept.delete(decisionId);
    const count = (keyIdToCount.get(keyId) ?? 0) - 1;
    if (count > 0) keyIdToCount.set(keyId, count);
    else keyIdToCount.delete(keyId);
  }

  function forgetOldestOf(keyId: string): void {
    for (const [id, kept] of idToKept) {
      if (kept.keyId !== keyId) continue;
      forget(id, kept);
      return;
    }
  }

  const digestOf = ({ operation, bytes, members }: Job): string => {
    const compared = members
      .filter(({ name }) => !NOT_COMPARED.has(name))
      .map(
        ({ name, valueStart, end }) =>
          `${JSON.stringify(name)}:${bytes.toString('utf8', valueStart, end).trim()}`,
      );
    // A body may be fit for two endpoints: its decision is for the one that was asked about.
    return tools.digest([operation.name, ...compared.sort()].join('\n'));
  };

  return {
    keep(job, decision) {
      const { keyId } = job;
      const request = digestOf(job);
      if ((keyIdToCount.get(keyId) ?? 0) >= MOST_OF_ONE_KEY) forgetOldestOf(keyId);
      for (const [id, kept] of idToKept) {
        if (idToKept.size < MOST_KEPT && kept.untilMs > tools.monotonicMs()) break;
        forget(id, kept);
      }
      const decisionId = `dec_${tools.newId()}`;
      const untilMs = tools.monotonicMs() + KEPT_MS;
      idToKept.set(decisionId, { decision, keyId, request, untilMs });
      keyIdToCount.set(keyId, (keyIdToCount.get(keyId) ?? 0) + 1);
      return { decisionId, forMs: KEPT_MS };
    },
    read(job, decisionId) {
      const kept = idToKept.get(decisionId);
      if (kept === undefined || kept.keyId !== job.keyId || kept.untilMs <= tools.monotonicMs()) {
        throw decisionNotFound(decisionId);
      }
      if (kept.request !== digestOf(job)) {
        throw badRequest(
          "This decision was made for another request. Send the body that POST /v1/route was asked about, with 'route.decision_id' added.",
          'route.decision_id',
          'decision_mismatch',
        );
      }
      return kept.decision;
    },
    take(decisionId) {
      const kept = idToKept.get(decisionId);
      if (kept === undefined) throw decisionNotFound(decisionId);
      forget(decisionId, kept);
    },
  };
}

export function decisionNotFound(decisionId: string): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'decision_not_found',
    param: 'route.decision_id',
    message: `There is no decision '${decisionId.slice(0, 64)}' to carry out: it is unknown, older than ${KEPT_MS / 60_000} minutes, was carried out, or those it names may not serve any more. POST /v1/route makes a new one.`,
  });
}
