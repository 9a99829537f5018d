import type { Tongue } from '../catalog/model.ts';

/** What a request asks for that a provider's API has no place for. */
export interface CannotCarry {
  /** Path of the member, e.g. `messages[2].content[0]`. */
  readonly param: string;
  /** What is the matter and what to do, as the end of a sentence about the provider. */
  readonly because: string;
}

/** A chat request as far as this looks at it; whatever stands in a member, nothing here throws. */
export interface CarriedRequest {
  readonly messages: readonly unknown[];
  readonly n?: unknown;
  readonly logprobs?: unknown;
  readonly top_logprobs?: unknown;
  readonly logit_bias?: unknown;
  readonly audio?: unknown;
  readonly modalities?: unknown;
  readonly functions?: unknown;
  readonly function_call?: unknown;
  readonly web_search_options?: unknown;
  readonly tools?: unknown;
  readonly tool_choice?: unknown;
  readonly response_format?: unknown;
}

/**
 * The first thing in a chat request that `tongue` cannot carry and without which the answer would be another:
 * such a request is refused, or goes to another model. Hints that change little (`seed`, penalties) are no reason;
 * they are left out and named in `x-router-warnings`. Linear in the messages' parts; no text is read.
 */
export function cannotCarry(request: CarriedRequest, tongue: Tongue): CannotCarry | undefined {
  return cannotCarryOptions(request, tongue) ?? cannotCarryMessages(request.messages, tongue);
}

function cannotCarryOptions(request: CarriedRequest, tongue: Tongue): CannotCarry | undefined {
  const { n, logit_bias: logitBias, modalities } = request;
  if (typeof n === 'number' && n > 1) return no('n', 'gives one choice per request; ask with n = 1');
  if (request.logprobs === true) return no('logprobs', 'gives no log probabilities');
  if (typeof request.top_logprobs === 'number' && request.top_logprobs > 0)
    return no('top_logprobs', 'gives no log probabilities');
  if (isRecord(logitBias) && Object.keys(logitBias).length > 0)
    return no('logit_bias', 'takes no bias on single tokens');
  if (request.audio != null || (Array.isArray(modalities) && modalities.some((kind) => kind !== 'text')))
    return no(request.audio != null ? 'audio' : 'modalities', 'answers with text only');
  if (isFilled(request.functions) || (request.function_call != null && request.function_call !== 'none'))
    return no(
      isFilled(request.functions) ? 'functions' : 'function_call',
      'is told of functions by tools; send tools instead',
    );
  if (request.web_search_options != null)
    return no('web_search_options', 'is not asked to search the web from here');
  return cannotCarryTools(request) ?? cannotCarryFormat(request.response_format, tongue);
}

function cannotCarryTools({ tools, tool_choice: choice }: CarriedRequest): CannotCarry | undefined {
  if (Array.isArray(tools)) {
    const index = tools.findIndex((tool) => !isRecord(tool) || tool.type !== 'function');
    if (index >= 0) return no(`tools[${index}]`, 'takes tools of type function only');
  }
  if (isRecord(choice) && choice.type !== 'function')
    return no('tool_choice', 'takes none, auto, required or one function by name');
  return undefined;
}

function cannotCarryFormat(format: unknown, tongue: Tongue): CannotCarry | undefined {
  if (!isRecord(format) || format.type === 'text') return undefined;
  if (format.type !== 'json_object' && format.type !== 'json_schema')
    return no('response_format', 'takes text, json_object or json_schema');
  const hasSchema = isRecord(format.json_schema) && isRecord(format.json_schema.schema);
  if (tongue === 'google' || (format.type === 'json_schema' && hasSchema)) return undefined;
  return no('response_format', 'answers in JSON only by a schema; send response_format of type json_schema');
}

function cannotCarryMessages(messages: readonly unknown[], tongue: Tongue): CannotCarry | undefined {
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index];
    if (!isRecord(message)) continue;
    const { role, content } = message;
    if (role === 'function') return no(`messages[${index}]`, "is told of a function's result by role tool");
    if (!ROLES.has(role)) return no(`messages[${index}].role`, 'knows no such role');
    if (message.function_call != null)
      return no(`messages[${index}].function_call`, 'is told of calls by tool_calls');
    if (message.audio != null) return no(`messages[${index}].audio`, 'cannot look up an answer in audio');
    if (!Array.isArray(content)) continue;
    for (let place = 0; place < content.length; place++) {
      const because = whyNotPart(content[place], tongue) ?? whyNotFrom(role, content[place]);
      if (because !== undefined) return no(`messages[${index}].content[${place}]`, because);
    }
  }
  return undefined;
}

const ROLES: ReadonlySet<unknown> = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

/** Who but the user, or a tool, shows pictures. */
function whyNotFrom(role: unknown, part: unknown): string | undefined {
  if (role === 'user' || role === 'tool') return undefined;
  const isText = isRecord(part) && (part.type === 'text' || part.type === 'refusal');
  return isText ? undefined : `takes only text from the ${String(role)}`;
}

function whyNotPart(part: unknown, tongue: Tongue): string | undefined {
  if (!isRecord(part)) return 'takes parts that are objects';
  switch (part.type) {
    case 'text':
    case 'refusal':
      return undefined;
    case 'image_url':
      return whyNotUrl(isRecord(part.image_url) ? part.image_url.url : part.image_url, tongue);
    case 'input_audio':
      return tongue === 'google' ? undefined : 'takes no audio';
    case 'file':
      return whyNotFile(isRecord(part.file) ? part.file : {}, tongue);
    default:
      return 'has no such kind of part';
  }
}

function whyNotUrl(url: unknown, tongue: Tongue): string | undefined {
  if (typeof url !== 'string') return 'takes an image by its url';
  if (url.startsWith('data:')) {
    return /^data:[^,]*;base64,/.test(url.slice(0, 200)) ? undefined : 'takes data: URLs in base64 only';
  }
  if (tongue === 'bedrock') return 'fetches no images; send it as a data: URL';
  if (tongue === 'google' && !url.startsWith('https://'))
    return 'fetches images by https:// only; send it as a data: URL';
  const isAddress = /^https?:\/\//.test(url) && URL.canParse(url);
  return isAddress ? undefined : 'takes images by http://, https:// or data: URL';
}

/** Kinds of file beside images. Google takes many more; which, is for it to say. */
const TONGUE_TO_FILE_TYPES: Partial<Readonly<Record<Tongue, RegExp>>> = {
  anthropic: /^(image\/|application\/pdf$|text\/plain$)/,
  bedrock:
    /^(image\/|application\/(pdf|msword|vnd\.ms-excel|vnd\.openxmlformats-officedocument\.(wordprocessingml\.document|spreadsheetml\.sheet))$|text\/(csv|html|plain|markdown)$)/,
};

function whyNotFile(file: Readonly<Record<string, unknown>>, tongue: Tongue): string | undefined {
  if (file.file_id != null) return "does not know the files of another provider; send the file's data";
  const { file_data: data } = file;
  const type =
    typeof data === 'string' ? /^data:([^;,]*)[^,]*;base64,/.exec(data.slice(0, 200))?.[1] : undefined;
  if (type === undefined) return 'takes a file as file_data, a data: URL in base64';
  return TONGUE_TO_FILE_TYPES[tongue]?.test(type) === false ? 'takes no files of this type' : undefined;
}

function no(param: string, because: string): CannotCarry {
  return { param, because };
}

function isFilled(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
