import { isObject, type JsonObject, listOf, objectOf, textOf } from '../wire/json-value.ts';

/** What a chat answer says, or one chunk of it: its first choice. */
export interface ChatSaying {
  readonly text: string;
  /** What the model thought before it spoke, where a server shows it: `reasoning_content` or `reasoning`. */
  readonly reasoning: string;
  readonly refusal: string;
  readonly toolCalls: readonly ChatToolCall[];
  /** `''` while there is none. */
  readonly finishReason: string;
  /** The stop sequence that ended it, where a server says so (vLLM's `stop_reason`); else `''`. */
  readonly stoppedBy: string;
  /** Entries of `logprobs.content`, as they came. */
  readonly logprobs: readonly JsonObject[];
}

export interface ChatToolCall {
  /** The place among the calls of the answer. */
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** JSON, or a piece of it. */
  readonly arguments: string;
}

/** More calls than this in one answer are no answer. */
const MAX_CALLS = 128;

/** The first choice of a completion. */
export function readCompletionSaying(completion: JsonObject): ChatSaying {
  const choice = firstChoice(completion);
  return readSaying(choice, objectOf(choice.message));
}

/** The first choice in a chunk of a stream; undefined when the chunk speaks of none, or of another. */
export function readChunkSaying(chunk: JsonObject): ChatSaying | undefined {
  if (listOf(chunk.choices).length === 0) return undefined;
  const choice = firstChoice(chunk);
  if (choice.index !== undefined && choice.index !== 0) return undefined;
  return readSaying(choice, objectOf(choice.delta));
}

function firstChoice(answer: JsonObject): JsonObject {
  return objectOf(listOf(answer.choices)[0]);
}

function readSaying(choice: JsonObject, said: JsonObject): ChatSaying {
  const { content } = said;
  const parts = listOf(content).filter(isObject);
  const legacy = isObject(said.function_call) ? [{ function: said.function_call }] : [];
  const calls = listOf(said.tool_calls).filter(isObject);
  return {
    text: typeof content === 'string' ? content : parts.map((part) => textOf(part.text)).join(''),
    reasoning: textOf(said.reasoning_content) || textOf(said.reasoning) || parts.map(thoughtOf).join(''),
    refusal: textOf(said.refusal),
    toolCalls: (calls.length > 0 ? calls : legacy).slice(0, MAX_CALLS).map(readCall),
    finishReason: textOf(choice.finish_reason),
    stoppedBy: textOf(choice.stop_reason),
    logprobs: listOf(objectOf(choice.logprobs).content).filter(isObject),
  };
}

/** Mistral's `{type: 'thinking', thinking: [{type: 'text', text}]}`. */
function thoughtOf(part: JsonObject): string {
  return listOf(part.thinking)
    .map((thought) => textOf(objectOf(thought).text))
    .join('');
}

function readCall(call: JsonObject, position: number): ChatToolCall {
  const called = objectOf(call.function);
  const { index } = call;
  const isPlace = Number.isInteger(index) && Number(index) >= 0 && Number(index) < MAX_CALLS;
  return {
    index: isPlace ? Number(index) : position,
    id: textOf(call.id),
    name: textOf(called.name),
    arguments: textOf(called.arguments),
  };
}
