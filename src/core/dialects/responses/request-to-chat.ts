import { badRequest } from '../../outcome/gateway-error.ts';
import type { JsonObject } from '../../wire/json-value.ts';
import type { ChatMessage, ChatRequest } from '../chat-request.ts';
import type { Uncarried } from '../uncarried.ts';
import { messagesOfInput } from './input-to-messages.ts';
import type { ResponsesBody } from './responses-body.ts';
import { toolsToChat } from './tools-to-chat.ts';

export interface ChatTranslation {
  readonly chat: ChatRequest;
  /** Its messages without the instructions, which are for this answer alone. */
  readonly turns: readonly ChatMessage[];
  /** What chat has no place for; empty when the request can be served by every chat model. */
  readonly uncarried: readonly Uncarried[];
}

/** What a Responses request can hold that stays here: it is answered by this gateway, or it is about nothing in chat. */
const OWN = new Set([
  'input',
  'instructions',
  'previous_response_id',
  'text',
  'reasoning',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'max_tool_calls',
  'top_logprobs',
  'include',
  'metadata',
  'store',
  'stream_options',
  'truncation',
  'background',
  'conversation',
  'prompt',
  'context_management',
  'moderation',
]);

/** `include` that can be given: log probabilities, and what of a model's thoughts is encrypted, which is nothing here. */
const INCLUDABLE = new Set(['message.output_text.logprobs', 'reasoning.encrypted_content']);
const WITH_LOGPROBS = 'message.output_text.logprobs';

/**
 * A Responses request as a chat request. Fields that this API does not have pass through as they are, as in chat.
 *
 * `max_output_tokens` becomes `max_tokens`, which every chat server knows. A stream asks for its usage, because the
 * answer has to say it.
 *
 * @param before the messages of the conversation that `previous_response_id` names
 * @throws GatewayError 400 for what is malformed
 */
export function responsesToChat(
  body: ResponsesBody,
  before: readonly ChatMessage[],
  itemById: (id: string) => JsonObject | undefined,
): ChatTranslation {
  const uncarried: Uncarried[] = [];
  refuseSettings(body, uncarried);
  const messages = messagesOfInput(body.input ?? [], uncarried, itemById);
  const turns = before.concat(messages);
  if (messages.length === 0 && uncarried.length === 0) {
    throw badRequest('input: must hold at least one message.', 'input', 'invalid_value');
  }
  const { tools, toolChoice } = toolsToChat(body.tools ?? [], body.tool_choice, uncarried);
  const wantsLogprobs = body.include?.includes(WITH_LOGPROBS) === true || (body.top_logprobs ?? 0) > 0;
  const hasTools = tools.length > 0;
  if (toolChoice === 'required' && !hasTools && uncarried.length === 0) {
    throw badRequest("tool_choice: 'required' needs tools to choose from.", 'tool_choice', 'invalid_value');
  }
  const passed: Record<string, unknown> = {};
  for (const name of Object.keys(body)) if (!OWN.has(name)) passed[name] = body[name];
  const { effort } = body.reasoning ?? {};
  const chat: ChatRequest = {
    ...passed,
    model: body.model,
    messages: [...systemOf(body.instructions), ...turns],
    tools: hasTools ? tools : undefined,
    tool_choice: hasTools ? toolChoice : undefined,
    parallel_tool_calls: hasTools ? (body.parallel_tool_calls ?? undefined) : undefined,
    response_format: formatOf(body),
    verbosity: body.text?.verbosity ?? undefined,
    reasoning_effort: effort ?? undefined,
    max_tokens: body.max_output_tokens ?? undefined,
    logprobs: wantsLogprobs ? true : undefined,
    top_logprobs: wantsLogprobs ? (body.top_logprobs ?? undefined) : undefined,
    stream_options: body.stream === true ? { include_usage: true } : undefined,
  };
  return { chat, turns, uncarried };
}

function systemOf(instructions: string | null | undefined): ChatMessage[] {
  return instructions ? [{ role: 'system', content: instructions }] : [];
}

function refuseSettings(body: ResponsesBody, uncarried: Uncarried[]): void {
  const refuse = (param: string, what: string) => uncarried.push({ param, what });
  const refuseEverywhere = (param: string, what: string) => uncarried.push({ param, what, isNowhere: true });
  if (body.background === true) refuseEverywhere('background', 'an answer in the background');
  if (body.conversation != null) {
    refuseEverywhere('conversation', 'a conversation that is kept by a provider');
  }
  if (body.prompt != null) refuse('prompt', 'a prompt template that is kept by a provider');
  if (body.truncation === 'auto') refuse('truncation', "the truncation 'auto'");
  if (body.context_management != null) refuse('context_management', 'a management of the context');
  if (body.moderation != null) refuse('moderation', 'a moderation beside the answer');
  if (body.stream_options?.include_obfuscation === true) {
    refuse('stream_options.include_obfuscation', 'an obfuscation of the stream');
  }
  for (const [index, what] of (body.include ?? []).entries()) {
    if (!INCLUDABLE.has(what)) refuse(`include[${index}]`, `'${what.slice(0, 64)}'`);
  }
}

function formatOf({ text }: ResponsesBody): object | undefined {
  const format = text?.format;
  if (format == null || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json_object' };
  const { name, description, schema, strict } = format;
  return {
    type: 'json_schema',
    json_schema: {
      name,
      description: description ?? undefined,
      schema,
      strict: strict ?? undefined,
    },
  };
}
