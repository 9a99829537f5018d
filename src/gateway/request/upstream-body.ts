import type { Endpoint } from '../../core/catalog/model.ts';
import type { Candidate } from '../../core/choice/choice-input.ts';
import { withMembers } from '../../core/wire/json-members.ts';
import type { Job, TokensBody } from './job.ts';

/**
 * The client's bytes with the provider's own name of the model, without what is meant for this gateway and without what
 * this endpoint does not take (`warningsOfDropped` tells the client).
 * Streams are asked for their usage, which the client sees only if it asked too.
 */
export function upstreamBody(job: Job<TokensBody>, candidate: Candidate, canStreamUsage: boolean): Buffer {
  const { body } = job;
  const changes: Record<string, string | undefined> = {
    model: JSON.stringify(candidate.endpoint.upstreamModel),
    route: undefined,
    models: undefined,
    provider: undefined,
    preset: undefined,
    usage: undefined,
    session_id: undefined,
    conversation_id: undefined,
  };
  if (body.stream && canStreamUsage) {
    changes.stream_options = JSON.stringify({ ...body.stream_options, include_usage: true });
  }
  if (candidate.model.defaultTemperature !== undefined && body.temperature == null) {
    changes.temperature = String(candidate.model.defaultTemperature);
  }
  const { unsupportedParameters } = candidate.endpoint;
  if (unsupportedParameters !== undefined) {
    for (const name of unsupportedParameters) changes[name] = undefined;
  }
  return withMembers(job.bytes, job.members, changes);
}

/** What never goes up, for requests that are no chat: what is meant for this gateway, and what this endpoint does not take. */
export function strippedMembers({ unsupportedParameters }: Endpoint): Record<string, undefined> {
  const stripped: Record<string, undefined> = { ...OUR_OWN };
  for (const name of unsupportedParameters ?? []) stripped[name] = undefined;
  return stripped;
}

const OUR_OWN = Object.freeze({
  route: undefined,
  models: undefined,
  provider: undefined,
  preset: undefined,
  session_id: undefined,
  conversation_id: undefined,
});
