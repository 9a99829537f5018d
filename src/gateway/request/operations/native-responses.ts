import type { Candidate } from '../../../core/choice/choice-input.ts';
import {
  carriesPiece,
  factsOfResponse,
  flawOfResponse,
} from '../../../core/dialects/responses/read-response.ts';
import { type JsonMember, withMembers } from '../../../core/wire/json-members.ts';
import { isObject, type JsonObject, objectOf, textOf } from '../../../core/wire/json-value.ts';
import type { OtherForm } from '../../../providers/upstream.ts';
import type { AttemptEnd } from '../../../store/contract.ts';
import { renameOf, usageWithCost, withAdditions } from '../answer-body.ts';
import type { ChatBody, ClientLine } from '../job.ts';
import type { Operation } from '../operation.ts';
import { RESPONSES } from './chat.ts';

/** What is for this gateway and stays here. */
const STAYS_HERE = ['route', 'models', 'provider', 'preset', 'session_id', 'conversation_id'];

/** Parameters that an endpoint may not take, by their name in chat. */
const CHAT_NAME_TO_OURS: Readonly<Record<string, string>> = {
  max_tokens: 'max_output_tokens',
  max_completion_tokens: 'max_output_tokens',
  reasoning_effort: 'reasoning',
  response_format: 'text',
};

/**
 * `POST /v1/responses` at a provider that has it: the client's bytes with the provider's own name of the model, and its answer as it
 * came. Of a stream only the last event is written anew, with the price. Made for each request.
 *
 * @param options.candidate the endpoint; the job is that of the translated request, by which it was chosen
 */
export function nativeResponses(options: {
  readonly candidate: Candidate;
  readonly sent: { readonly bytes: Buffer; readonly members: readonly JsonMember[] };
  readonly client: ClientLine;
  /** Told of the response when it is whole, before its client is. */
  readonly onResponse: (response: JsonObject, candidate: Candidate) => void;
}): Operation<ChatBody> {
  const { candidate, sent, client, onResponse } = options;
  const { endpoint, model } = candidate;
  /** As the stream told of it. */
  let begun: JsonObject = {};
  let lastSequence = -1;
  const nextSequence = () => lastSequence + 1;

  return {
    ...RESPONSES,
    upstreamPath: '/responses',
    clientLine: () => client,
    encode({ body }) {
      const changes: Record<string, string | undefined> = { model: JSON.stringify(endpoint.upstreamModel) };
      for (const name of STAYS_HERE) changes[name] = undefined;
      if (model.defaultTemperature !== undefined && body.temperature == null) {
        changes.temperature = String(model.defaultTemperature);
      }
      for (const name of endpoint.unsupportedParameters ?? [])
        changes[CHAT_NAME_TO_OURS[name] ?? name] = undefined;
      return withMembers(sent.bytes, sent.members, changes);
    },
    answerForm: () => form(),
    keepsWholeText: () => false,
    clearsUsage: () => false,
    answerBody(answer, end, said, additions) {
      const response = answer.json ?? {};
      onResponse(response, candidate);
      return withAdditions(answer.body, response, usageShown(end, said), additions);
    },
    lastEvents({ end, progress, costMicroUsd, metadata }) {
      const event = progress.lastChunk ?? {};
      const response = objectOf(event.response);
      onResponse(response, candidate);
      const rename = renameOf(candidate);
      const shown = {
        ...response,
        model: response.model === rename?.from ? rename?.to : response.model,
        usage: usageWithCost(usageShown(end, progress.usage), costMicroUsd),
        ...(metadata ? { router_metadata: metadata } : {}),
      };
      try {
        return eventOf({ ...event, response: shown });
      } catch {
        // Nested so deeply that it can be read, and not written.
        return eventOf({ ...event, response: { ...begun, status: response.status, output: [] } });
      }
    },
    brokenEvents(error) {
      const { message, code } = error.toBody().error;
      const isOurs = error.ending === 'shutdown';
      const failed = {
        ...begun,
        status: 'failed',
        error: { code: 'server_error', message },
      };
      const sequence = nextSequence();
      return (
        eventOf({
          type: 'error',
          sequence_number: sequence,
          code: isOurs ? code : 'upstream_error',
          message,
          param: null,
        }) + eventOf({ type: 'response.failed', sequence_number: sequence + 1, response: failed })
      );
    },
  };

  function form(): OtherForm {
    let last: JsonObject = {};
    return {
      read(body) {
        const json = parse(body);
        const flaw = flawOfResponse(json);
        if (flaw !== undefined) return flaw;
        const response = objectOf(json);
        return { json: response, usage: response.usage, facts: factsOfResponse(response) };
      },
      stream: {
        read(event) {
          const type = textOf(event.type);
          if (typeof event.sequence_number === 'number') lastSequence = event.sequence_number;
          if (isObject(event.response)) {
            last = event.response;
            if (type === 'response.created') begun = last;
          }
          if (type === 'error' || type === 'response.failed') return { isError: true };
          const isEnd = type === 'response.completed' || type === 'response.incomplete';
          if (isEnd) return { isEnd, isWithheld: true, usage: last.usage };
          return carriesPiece(type) ? { isToken: true } : {};
        },
        facts: () => factsOfResponse(last),
      },
    };
  }
}

/** What the provider said, with our own counts in the place of those that were missing or absurd. */
function usageShown(end: AttemptEnd, said: unknown): unknown {
  if (!end.isCostEstimated) return said;
  return {
    ...objectOf(said),
    input_tokens: end.inputTokens,
    output_tokens: end.outputTokens,
    total_tokens: end.inputTokens + end.outputTokens,
  };
}

function eventOf(event: JsonObject): string {
  return `event: ${textOf(event.type)}\ndata: ${JSON.stringify(event)}\n\n`;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
