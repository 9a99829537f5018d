import { countOf, isObject, type JsonObject, objectOf } from '../../wire/json-value.ts';
import { type ChatSaying, readCompletionSaying } from '../chat-answer.ts';

export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'refusal';

export function messageIdOf(requestId: string): string {
  return `msg_${requestId}`;
}

/** A whole chat completion as Anthropic's `Message`: its first choice. */
export function completionToMessage(
  completion: JsonObject,
  options: { readonly requestId: string; readonly model: string; readonly showsThinking: boolean },
): object {
  const saying = readCompletionSaying(completion);
  const stop = stopOf(saying, saying.toolCalls.length > 0, saying.refusal !== '');
  const metadata = completion.router_metadata;
  return {
    id: messageIdOf(options.requestId),
    type: 'message',
    role: 'assistant',
    model: typeof completion.model === 'string' ? completion.model : options.model,
    content: contentOf(saying, options),
    ...stop,
    usage: usageOf(objectOf(completion.usage)),
    ...(metadata === undefined ? {} : { router_metadata: metadata }),
  };
}

function contentOf(
  saying: ChatSaying,
  { requestId, showsThinking }: { readonly requestId: string; readonly showsThinking: boolean },
): object[] {
  const content: object[] = [];
  // There is no signature: the model that would ask for one is not behind this API.
  if (showsThinking && saying.reasoning !== '') {
    content.push({ type: 'thinking', thinking: saying.reasoning, signature: '' });
  }
  const text = saying.text + saying.refusal;
  if (text !== '') content.push({ type: 'text', text, citations: null });
  for (const call of saying.toolCalls) {
    const id = call.id || toolIdOf(requestId, call.index);
    content.push({ type: 'tool_use', id, name: call.name, input: inputOf(call.arguments) });
  }
  return content;
}

export function toolIdOf(requestId: string, index: number): string {
  return `toolu_${requestId}_${index}`;
}

/** An input is an object here. Arguments that are none are handed on as they came, under a name that says so. */
function inputOf(text: string): object {
  if (text.trim() === '') return {};
  try {
    const input: unknown = JSON.parse(text);
    if (isObject(input)) return input;
  } catch {
    // Below.
  }
  return { malformed_arguments: text };
}

/** @param stoppedBy told apart only by servers that say which sequence it was; `end_turn` by all others */
export function stopOf(
  { finishReason, stoppedBy }: Pick<ChatSaying, 'finishReason' | 'stoppedBy'>,
  hasCalls: boolean,
  isRefused: boolean,
): { readonly stop_reason: StopReason; readonly stop_sequence: string | null } {
  const stop_sequence = finishReason === 'stop' && stoppedBy !== '' ? stoppedBy : null;
  return { stop_reason: reasonOf(finishReason, hasCalls, isRefused, stop_sequence !== null), stop_sequence };
}

function reasonOf(
  finishReason: string,
  hasCalls: boolean,
  isRefused: boolean,
  isStopped: boolean,
): StopReason {
  if (finishReason === 'length') return 'max_tokens';
  if (finishReason === 'content_filter' || isRefused) return 'refusal';
  if (hasCalls) return 'tool_use';
  return isStopped ? 'stop_sequence' : 'end_turn';
}

/** A chat answer's usage as Anthropic counts: input that was read from a cache, or written to one, stands apart. */
export function usageOf(usage: JsonObject): object {
  const prompt = objectOf(usage.prompt_tokens_details);
  const read = countOf(prompt.cached_tokens);
  const written = countOf(prompt.cache_write_tokens);
  return {
    input_tokens: Math.max(0, countOf(usage.prompt_tokens) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: countOf(usage.completion_tokens),
    cost: usage.cost,
    cost_usd: usage.cost_usd,
  };
}
