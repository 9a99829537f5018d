import { requestIdOf, responseIdOf } from '../../core/dialects/responses/output-items.ts';
import type { RecentOutputs } from '../../core/dialects/responses/recent-outputs.ts';
import { listOf, objectOf } from '../../core/wire/json-value.ts';
import type { Store, StoredResponse } from '../../store/contract.ts';
import type { AttemptLog } from '../deps.ts';

/**
 * What of responses can be asked for later: all of it for as long as the operator says, and the output of the latest ones
 * in memory. Keeping never fails a request.
 */
export interface ResponseKeeper {
  /** The output of a response, in memory only. */
  remember(response: object, keyId: string): void;
  /** Resolves when it is written; who asks for it in this process before that, waits. */
  keep(response: StoredResponse): Promise<void>;
  /** @returns undefined when there is none (any more), or when it is another key's */
  read(responseId: string, keyId: string): Promise<StoredResponse | undefined>;
  remove(responseId: string, keyId: string): Promise<boolean>;
  /** The output of the response to this request, wherever it is kept. */
  outputOf(requestId: string, keyId: string): Promise<readonly unknown[] | undefined>;
}

export function createResponseKeeper(deps: {
  readonly store: Pick<Store, 'saveResponse' | 'readResponse' | 'deleteResponse'>;
  readonly recent: RecentOutputs;
  readonly log: Pick<AttemptLog, 'warn'>;
  readonly nowMs: () => number;
}): ResponseKeeper {
  const { store, recent, log, nowMs } = deps;
  const writing = new Map<string, Promise<void>>();

  const read: ResponseKeeper['read'] = async (responseId, keyId) => {
    await writing.get(responseId);
    return store.readResponse(responseId, keyId, nowMs());
  };

  return {
    remember: (response, keyId) => recent.put(response, keyId, nowMs()),
    keep(response) {
      const { responseId } = response;
      const written = store
        .saveResponse(response)
        .catch((error: unknown) =>
          log.warn({ request_id: requestIdOf(responseId), err: error }, 'a response could not be kept'),
        )
        .finally(() => writing.delete(responseId));
      writing.set(responseId, written);
      return written;
    },
    read,
    async remove(responseId, keyId) {
      await writing.get(responseId);
      return store.deleteResponse(responseId, keyId);
    },
    async outputOf(requestId, keyId) {
      const output = recent.outputOf(requestId, keyId, nowMs());
      if (output) return output;
      const kept = await read(responseIdOf(requestId), keyId);
      return kept && kept.body !== '' ? listOf(objectOf(JSON.parse(kept.body)).output) : undefined;
    },
  };
}
