import { isObject, type JsonObject } from '../../wire/json-value.ts';
import { type ChatSaying, readCompletionSaying } from '../chat-answer.ts';
import {
  endingOf,
  functionCallItem,
  type ItemStatus,
  itemIdOf,
  logprobsOf,
  messageItem,
  reasoningItem,
  refusalPart,
  textPart,
} from './output-items.ts';
import { type ResponseFacts, responseObject } from './response-object.ts';

/** A whole chat completion as a response, as far as the provider said it: its first choice. */
export function completionToResponse(
  completion: JsonObject,
  requestId: string,
  facts: Omit<ResponseFacts, 'model'>,
  completedAtSeconds: number,
): object {
  const saying = readCompletionSaying(completion);
  const { status, incompleteReason } = endingOf(saying.finishReason);
  return responseObject(
    { ...facts, model: typeof completion.model === 'string' ? completion.model : facts.request.model },
    {
      status,
      incompleteReason,
      output: outputOf(saying, requestId, status),
      usage: isObject(completion.usage) ? completion.usage : undefined,
      completedAtSeconds,
      serviceTier: completion.service_tier,
      metadata: completion.router_metadata,
    },
  );
}

/** Thoughts, then the message, then the calls, as a stream would bring them. */
function outputOf(saying: ChatSaying, requestId: string, status: ItemStatus): object[] {
  const { text, reasoning, refusal, toolCalls } = saying;
  const output: object[] = [];
  if (reasoning !== '') {
    output.push(reasoningItem(itemIdOf('reasoning', requestId, 0), reasoning, 'completed'));
  }
  const content: object[] = [];
  const isEmpty = refusal === '' && toolCalls.length === 0 && output.length === 0;
  if (text !== '' || isEmpty) content.push(textPart(text, logprobsOf(saying.logprobs)));
  if (refusal !== '') content.push(refusalPart(refusal));
  if (content.length > 0) {
    output.push(messageItem(itemIdOf('message', requestId, output.length), content, status));
  }
  for (const call of toolCalls) {
    const id = itemIdOf('function_call', requestId, output.length);
    const callId = call.id || `call_${requestId}_${call.index}`;
    output.push(functionCallItem(id, { callId, name: call.name, arguments: call.arguments }, status));
  }
  return output;
}
