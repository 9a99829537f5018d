import type { AnswerFacts } from '../../core/outcome/answer-facts.ts';
import { endedBy } from '../../core/outcome/gateway-error.ts';

type JsonRecord = Readonly<Record<string, unknown>>;

/**
 * A unary answer's body as JSON that is a completion: of a chat with messages, of old with texts.
 *
 * @throws GatewayError `bad_answer` when it is empty, not JSON, an error in disguise or has no choices.
 */
export function readCompletion(
  body: Buffer,
  provider: string,
  form: 'chat' | 'completion' = 'chat',
): JsonRecord {
  const bad = (what: string) => endedBy('bad_answer', `Provider '${provider}' answered with ${what}.`);
  if (body.length === 0) throw bad('an empty body');
  let json: unknown;
  try {
    json = JSON.parse(withoutByteOrderMark(body).toString('utf8'));
  } catch {
    throw bad('something that is not JSON');
  }
  if (!isRecord(json)) throw bad('JSON that is no object');
  if (isError(json.error)) throw bad('an error under a status of success');
  if (!Array.isArray(json.choices) || json.choices.length === 0) throw bad('no choices');
  const [first] = json.choices;
  const isWhole =
    isRecord(first) && (form === 'chat' ? isRecord(first.message) : typeof first.text === 'string');
  if (!isWhole) throw bad(form === 'chat' ? 'a choice without a message' : 'a choice without a text');
  return json;
}

/** The body without the byte order mark that some servers put before their JSON, where it has no place. */
export function withoutByteOrderMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

/** Whether an `error` member says that something went wrong: some servers send it empty in every answer. */
export function isError(error: unknown): boolean {
  return isRecord(error) || (typeof error === 'string' && error !== '');
}

/** What the checks look at in a completion: its first choice. */
export function factsOfCompletion(json: JsonRecord): AnswerFacts {
  const choice = firstRecord(json.choices);
  const message = isRecord(choice.message) ? choice.message : {};
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls : [];
  return {
    finishReason: textOf(choice.finish_reason),
    text: textOfContent(message.content) || textOf(choice.text),
    isTextWhole: true,
    toolCalls: calls.filter(isRecord).map((call) => {
      const called = isRecord(call.function) ? call.function : {};
      return { name: textOf(called.name), arguments: textOf(called.arguments) };
    }),
    ...(typeof message.refusal === 'string' ? { refusal: message.refusal } : {}),
  };
}

/**
 * The same from the data of a stream's events, in order.
 *
 * @param payloads JSON texts of chunks; those that do not parse are passed over.
 */
export function factsOfChunks(
  payloads: readonly Buffer[],
  isTextWhole: boolean,
  finishReason: string,
): AnswerFacts {
  let text = '';
  let refusal: string | undefined;
  const toolCalls: { name: string; arguments: string }[] = [];
  for (const payload of payloads) {
    const choice = firstRecord(parseRecord(payload)?.choices);
    if (choice.index !== undefined && choice.index !== 0) continue;
    const delta = isRecord(choice.delta) ? choice.delta : {};
    text += textOfContent(delta.content) || textOf(choice.text);
    if (typeof delta.refusal === 'string') refusal = (refusal ?? '') + delta.refusal;
    if (!Array.isArray(delta.tool_calls)) continue;
    for (const part of delta.tool_calls) {
      if (!isRecord(part)) continue;
      const index = typeof part.index === 'number' && part.index >= 0 && part.index < 128 ? part.index : 0;
      while (toolCalls.length <= index) toolCalls.push({ name: '', arguments: '' });
      const call = toolCalls[index];
      const called = isRecord(part.function) ? part.function : {};
      if (call) {
        call.name += textOf(called.name);
        call.arguments += textOf(called.arguments);
      }
    }
  }
  return { finishReason, text, isTextWhole, toolCalls, ...(refusal === undefined ? {} : { refusal }) };
}

/** A whole completion as the chunks of a stream, for servers that ignore `stream: true`. */
export function chunksOfCompletion(json: JsonRecord): Buffer {
  const { choices, usage: _usage, object: _object, ...rest } = json;
  const lines: string[] = [];
  const emit = (choice: JsonRecord) =>
    lines.push(
      `data: ${JSON.stringify({ ...rest, object: 'chat.completion.chunk', choices: [choice] })}\n\n`,
    );
  for (const [index, choice] of (Array.isArray(choices) ? choices : []).entries()) {
    if (!isRecord(choice)) continue;
    if (typeof choice.text === 'string') {
      lines.push(`data: ${JSON.stringify({ ...rest, object: 'text_completion', choices: [choice] })}\n\n`);
      continue;
    }
    if (!isRecord(choice.message)) continue;
    const { tool_calls, ...message } = choice.message;
    const calls = Array.isArray(tool_calls) ? tool_calls.filter(isRecord) : [];
    const delta = calls.length
      ? { ...message, tool_calls: calls.map((call, position) => ({ index: position, ...call })) }
      : message;
    emit({ index, delta, logprobs: choice.logprobs ?? null, finish_reason: null });
    emit({ index, delta: {}, logprobs: null, finish_reason: choice.finish_reason ?? 'stop' });
  }
  return Buffer.from(lines.join(''));
}

/** Whether a chunk carries a token: anything in a delta beside the role that is not empty. */
export function carriesToken(chunk: JsonRecord): boolean {
  for (const choice of Array.isArray(chunk.choices) ? chunk.choices : []) {
    if (!isRecord(choice)) continue;
    if (textOf(choice.finish_reason) !== '') return true;
    if (textOf(choice.text) !== '') return true;
    if (!isRecord(choice.delta)) continue;
    for (const [name, value] of Object.entries(choice.delta)) {
      if (name === 'role' || value === null || value === '') continue;
      if (Array.isArray(value) && value.length === 0) continue;
      return true;
    }
  }
  return false;
}

/** Members of a delta that are no output. */
const NOT_TEXT = new Set(['role', 'type', 'id']);

/** Bytes of a chunk's text, reasoning and arguments, as they stand escaped in its JSON. */
export function textBytesOf(chunk: JsonRecord): number {
  let bytes = 0;
  for (const choice of Array.isArray(chunk.choices) ? chunk.choices : []) {
    if (isRecord(choice)) bytes += textBytesIn(choice.delta ?? choice.text, 0);
  }
  return bytes;
}

/** No deeper than a delta is: a hostile one may nest a million levels. */
function textBytesIn(value: unknown, depth: number): number {
  if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value)) - 2;
  if (typeof value !== 'object' || value === null || depth > 6) return 0;
  let bytes = 0;
  for (const [name, member] of Object.entries(value)) {
    if (!NOT_TEXT.has(name)) bytes += textBytesIn(member, depth + 1);
  }
  return bytes;
}

/** A server's finish reason in a chunk, `''` while there is none: some send that empty text in every chunk. */
export function finishReasonOf(chunk: JsonRecord): string {
  for (const choice of Array.isArray(chunk.choices) ? chunk.choices : []) {
    if (isRecord(choice) && textOf(choice.finish_reason) !== '') return textOf(choice.finish_reason);
  }
  return '';
}

/** The choices that a chunk speaks of, and whether it ends them. */
export function* choicesOf(chunk: JsonRecord): Generator<{ index: number; isFinished: boolean }> {
  for (const choice of Array.isArray(chunk.choices) ? chunk.choices : []) {
    if (!isRecord(choice)) continue;
    yield {
      index: typeof choice.index === 'number' ? choice.index : 0,
      isFinished: textOf(choice.finish_reason) !== '',
    };
  }
}

export function parseRecord(payload: Buffer): JsonRecord | undefined {
  try {
    const json: unknown = JSON.parse(payload.toString('utf8'));
    return isRecord(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstRecord(list: unknown): JsonRecord {
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return isRecord(first) ? first : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Text, or the text parts of a list of parts. */
function textOfContent(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => (isRecord(part) ? textOf(part.text) : '')).join('');
}
