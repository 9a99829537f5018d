import { estimateTextTokens, estimateValueTokens } from '../../core/task/token-estimate.ts';
import { isObject, type JsonObject, listOf, objectOf, textOf } from '../../core/wire/json-value.ts';
import { ApiError } from './api-error.ts';
import { type SimulatedModelFacts, simulatedModel } from './catalog.ts';

/** One function a request offers. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
}

/** A chat request as the simulated models read it, checked. */
export interface ChatRequest {
  readonly model: SimulatedModelFacts;
  readonly messages: readonly JsonObject[];
  /** All text of the last user message. */
  readonly prompt: string;
  /** Text of the tool result that ends the conversation; undefined when something else does. */
  readonly toolResult: string | undefined;
  readonly taskHint: unknown;
  readonly promptTokens: number;
  readonly tools: readonly OfferedTool[];
  /** `none`, `auto`, `required`, or the one function demanded. */
  readonly toolChoice: 'none' | 'auto' | 'required' | { readonly name: string };
  readonly format: 'text' | 'json_object' | { readonly schema: JsonObject };
  readonly choices: number;
  readonly maxTokens: number;
  readonly stop: readonly string[];
  /** Alternatives per token, or undefined when no logprobs were asked for. */
  readonly topLogprobs: number | undefined;
  readonly seed: number | undefined;
  readonly isStream: boolean;
  readonly includesUsage: boolean;
}

/** @throws ApiError 400 or 404, as OpenAI's API would answer. */
export function readChatRequest(body: unknown): ChatRequest {
  if (!isObject(body)) throw new ApiError(400, 'The body must be a JSON object.');
  const model = chatModel(body.model);
  if (!Array.isArray(body.messages) || body.messages.length === 0 || !body.messages.every(isObject)) {
    throw new ApiError(400, "'messages' must be a non-empty list of objects.", 'messages');
  }
  const messages = body.messages as readonly JsonObject[];
  for (const message of messages) {
    if (typeof message.role !== 'string') throw new ApiError(400, 'A message has no role.', 'messages');
    checkParts(message.content, model);
  }
  const tools = readTools(body.tools, model);
  const last = objectOf(messages.at(-1));
  const lastUser = messages.findLast((message) => message.role === 'user') ?? last;
  const promptTokens = countPromptTokens(messages, body.tools);
  const asked = numberIn(body, 'max_completion_tokens', 1) ?? numberIn(body, 'max_tokens', 1);
  if (promptTokens + (asked ?? 0) > model.contextLength) {
    throw new ApiError(
      400,
      `This model's maximum context length is ${model.contextLength} tokens. However, you requested ${promptTokens + (asked ?? 0)} tokens.`,
      'messages',
      'context_length_exceeded',
    );
  }
  numberIn(body, 'temperature', 0, 2);
  numberIn(body, 'top_p', 0, 1);
  const isStream = body.stream === true;
  const streamOptions = body.stream_options ?? undefined;
  if (streamOptions !== undefined && !isStream) {
    throw new ApiError(400, "'stream_options' is only allowed when 'stream' is true.", 'stream_options');
  }
  return {
    model,
    messages,
    prompt: messageText(lastUser),
    toolResult: last.role === 'tool' ? messageText(last) : undefined,
    taskHint: objectOf(body.metadata).task,
    promptTokens,
    tools,
    toolChoice: readToolChoice(body.tool_choice, tools),
    format: readFormat(body.response_format),
    choices: numberIn(body, 'n', 1, 16) ?? 1,
    maxTokens: asked ?? model.contextLength - promptTokens,
    stop: readStop(body.stop),
    topLogprobs: body.logprobs === true ? (numberIn(body, 'top_logprobs', 0, 20) ?? 0) : undefined,
    seed: numberIn(body, 'seed', Number.MIN_SAFE_INTEGER),
    isStream,
    includesUsage: objectOf(streamOptions).include_usage === true,
  };
}

function chatModel(id: unknown): SimulatedModelFacts {
  const model = simulatedModel(textOf(id));
  if (model === undefined) {
    throw new ApiError(404, `The model '${textOf(id)}' does not exist.`, 'model', 'model_not_found');
  }
  if (model.type !== 'chat') throw new ApiError(400, `${model.id} is not a chat model.`, 'model');
  return model;
}

function checkParts(content: unknown, model: SimulatedModelFacts): void {
  for (const part of listOf(content)) {
    const type = objectOf(part).type;
    if (type === 'image_url' && !model.capabilities.includes('vision')) {
      throw new ApiError(400, `${model.id} cannot read images.`, 'messages', 'image_input_not_supported');
    }
    if (type === 'input_audio') throw new ApiError(400, `${model.id} cannot hear.`, 'messages');
  }
}

function readTools(value: unknown, model: SimulatedModelFacts): readonly OfferedTool[] {
  const tools = listOf(value).map((tool) => {
    const declared = objectOf(objectOf(tool).function);
    if (textOf(declared.name) === '') throw new ApiError(400, 'A tool has no function name.', 'tools');
    return {
      name: textOf(declared.name),
      description: textOf(declared.description),
      parameters: objectOf(declared.parameters),
    };
  });
  if (tools.length > 0 && !model.capabilities.includes('tools')) {
    throw new ApiError(400, `${model.id} does not support tools.`, 'tools');
  }
  return tools;
}

function readToolChoice(value: unknown, tools: readonly OfferedTool[]): ChatRequest['toolChoice'] {
  if (value === 'none' || value === 'required' || value === 'auto') return value;
  const name = textOf(objectOf(objectOf(value).function).name);
  if (name === '') return 'auto';
  if (!tools.some((tool) => tool.name === name)) {
    throw new ApiError(400, `'tool_choice' names '${name}', which is not offered.`, 'tool_choice');
  }
  return { name };
}

function readFormat(value: unknown): ChatRequest['format'] {
  const format = objectOf(value);
  if (format.type === 'json_object') return 'json_object';
  if (format.type !== 'json_schema') return 'text';
  const schema = objectOf(format.json_schema).schema;
  if (!isObject(schema)) throw new ApiError(400, "'json_schema.schema' is missing.", 'response_format');
  return { schema };
}

function readStop(value: unknown): readonly string[] {
  const stops = (typeof value === 'string' ? [value] : listOf(value)).filter((stop) => textOf(stop) !== '');
  if (stops.length > 4) throw new ApiError(400, "'stop' takes at most 4 sequences.", 'stop');
  return stops as readonly string[];
}

function numberIn(
  body: JsonObject,
  field: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = body[field] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= least && value <= most)) {
    throw new ApiError(400, `Invalid value for '${field}'.`, field);
  }
  return value;
}

/** Text of a message, whether a string or parts. */
function messageText(message: JsonObject): string {
  if (typeof message.content === 'string') return message.content;
  return listOf(message.content)
    .map((part) => textOf(objectOf(part).text))
    .join('\n');
}

/** By length, like everything here; 85 for an image, as OpenAI counts a small one. */
function countPromptTokens(messages: readonly JsonObject[], tools: unknown): number {
  let tokens = 3 + (Array.isArray(tools) ? estimateValueTokens(tools) : 0);
  for (const message of messages) {
    tokens += 3 + estimateTextTokens(messageText(message));
    if (message.tool_calls !== undefined) tokens += estimateValueTokens(message.tool_calls);
    for (const part of listOf(message.content)) tokens += objectOf(part).type === 'image_url' ? 85 : 0;
  }
  return tokens;
}
