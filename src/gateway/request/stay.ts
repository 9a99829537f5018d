import type { Candidate } from '../../core/choice/choice-input.ts';
import type { Staying } from '../../core/choice/staying.ts';
import type { AttemptEnd } from '../../store/contract.ts';
import type { Catalog } from '../catalog.ts';
import type { GatewayDeps } from '../deps.ts';
import type { Job } from './job.ts';
import { sessionIdOf } from './session-id.ts';

/** Longer ids are not remembered: ten thousand of them are not to fill the memory. */
const MAX_ID_CHARACTERS = 200;

/** What keeps this request where its conversation is; undefined for a request of none, and where no cache is worth it. */
export function stayingOf(
  deps: GatewayDeps,
  catalog: Catalog,
  job: Job,
  inputTokens: number,
  costPenalty: number,
): Staying | undefined {
  const conversation = conversationOf(job);
  if (conversation === undefined) return undefined;
  const place = deps.conversations.placeOf(conversation, deps.monotonicMs());
  const candidate = place && catalog.endpoint(place.endpointId);
  if (place === undefined || candidate === undefined) return undefined;
  const savedUsd = deps.conversations.warmCacheUsd(place, inputTokens, candidate.endpoint.price);
  if (savedUsd === 0) return undefined;
  return { endpointId: place.endpointId, warmCacheUsd: (1 + costPenalty) * savedUsd };
}

/** A conversation has its prompts cached where its last answer came from, whatever brought it there. */
export function noteConversation(
  deps: GatewayDeps,
  job: Job,
  { endpoint }: Candidate,
  end: AttemptEnd,
): void {
  if (end.ending !== 'completed') return;
  const conversation = conversationOf(job);
  if (conversation === undefined) return;
  const { inputTokens, cachedInputTokens } = end;
  const nowMs = deps.monotonicMs();
  deps.conversations.answered(conversation, {
    endpointId: endpoint.id,
    inputTokens,
    cachedInputTokens,
    nowMs,
  });
}

/** Always of one key: the same id of another key is another conversation. */
function conversationOf(job: Job): string | undefined {
  const id = sessionIdOf(job);
  return id === undefined || id.length > MAX_ID_CHARACTERS ? undefined : `${job.keyId}\n${id}`;
}
