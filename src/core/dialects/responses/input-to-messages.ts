import { isObject, type JsonObject } from '../../wire/json-value.ts';
import { type ChatMessage, contentOf, functionCallOf } from '../chat-request.ts';
import { nameIn, partsAt, stringIn, wrongAt } from '../reading.ts';
import type { Uncarried } from '../uncarried.ts';

/** Where messages and what cannot be carried are gathered while items are read. */
interface Reading {
  readonly messages: ChatMessage[];
  readonly uncarried: Uncarried[];
  /** The item that an `item_reference` means; undefined when it is not kept here. */
  readonly itemById: (id: string) => JsonObject | undefined;
}

const ROLES = ['user', 'assistant', 'system', 'developer'];

/**
 * The `input` of a Responses request as chat messages. A function call joins the assistant's message before it, as chat
 * wants all calls of a turn in one. What a model thought (`reasoning` items) is left out: chat has no place for it, and
 * models do not want it back.
 *
 * @throws GatewayError 400 what is malformed, with its path as `param`; what is well-formed and has no place in chat is
 *   put into `uncarried`
 */
export function messagesOfInput(
  input: unknown,
  uncarried: Uncarried[],
  itemById: Reading['itemById'],
): ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  if (!Array.isArray(input)) throw wrongAt('input', 'must be a string or a list of items');
  const reading: Reading = { messages: [], uncarried, itemById };
  for (const [index, item] of input.entries()) readItem(reading, item, `input[${index}]`);
  return reading.messages;
}

function readItem(reading: Reading, item: unknown, path: string): void {
  if (!isObject(item)) throw wrongAt(path, 'must be an object');
  const type = item.type ?? (item.role === undefined && item.id !== undefined ? 'item_reference' : 'message');
  if (typeof type !== 'string') throw wrongAt(`${path}.type`, 'must be a string');
  switch (type) {
    case 'message':
      readMessage(reading, item, path);
      return;
    case 'function_call':
      addCall(reading.messages, readCall(item, path));
      return;
    case 'function_call_output':
      reading.messages.push({
        role: 'tool',
        tool_call_id: nameIn(item, 'call_id', path),
        content: readOutput(reading, item.output, `${path}.output`),
      });
      return;
    case 'reasoning':
      return;
    case 'item_reference':
      readReference(reading, item, path);
      return;
    default:
      reading.uncarried.push({ param: `${path}.type`, what: `an item of type '${type.slice(0, 64)}'` });
  }
}

function readReference(reading: Reading, item: JsonObject, path: string): void {
  const id = nameIn(item, 'id', path);
  const found = reading.itemById(id);
  if (found === undefined) {
    reading.uncarried.push({
      param: `${path}.id`,
      what: `a reference to '${id.slice(0, 128)}', which is not kept here (any more); send the item itself`,
    });
  } else readItem(reading, found, path);
}

function readMessage(reading: Reading, item: JsonObject, path: string): void {
  const { role, content } = item;
  if (typeof role !== 'string' || !ROLES.includes(role)) {
    throw wrongAt(`${path}.role`, `must be one of ${ROLES.join(', ')}`);
  }
  if (role === 'assistant') {
    reading.messages.push(readAssistant(reading, content, `${path}.content`));
    return;
  }
  const parts =
    typeof content === 'string' ? content : contentOf(readParts(reading, content, `${path}.content`));
  // Not every model knows the role 'developer', and those that do take 'system' for it.
  reading.messages.push({ role: role === 'user' ? 'user' : 'system', content: parts });
}

function readAssistant(reading: Reading, content: unknown, path: string): ChatMessage {
  if (typeof content === 'string') return { role: 'assistant', content };
  const texts: string[] = [];
  let refusal: string | undefined;
  for (const [index, part] of partsAt(content, path).entries()) {
    const at = `${path}[${index}]`;
    if (!isObject(part)) throw wrongAt(at, 'must be an object');
    if (part.type === 'output_text' || part.type === 'input_text') texts.push(stringIn(part, 'text', at));
    else if (part.type === 'refusal') refusal = (refusal ?? '') + stringIn(part, 'refusal', at);
    else addUnknownPart(reading, part, at);
  }
  const text = texts.join('');
  if (refusal === undefined) return { role: 'assistant', content: text };
  return { role: 'assistant', content: text === '' ? null : text, refusal };
}

function readParts(reading: Reading, content: unknown, path: string): object[] {
  const parts: object[] = [];
  for (const [index, part] of partsAt(content, path).entries()) {
    const at = `${path}[${index}]`;
    if (!isObject(part)) throw wrongAt(at, 'must be an object');
    const read = readPart(reading, part, at);
    if (read !== undefined) parts.push(read);
  }
  return parts;
}

function readPart(reading: Reading, part: JsonObject, path: string): object | undefined {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: stringIn(part, 'text', path) };
    case 'input_image': {
      if (part.image_url == null) return uncarriedFile(reading, part, 'file_id', path);
      const url = stringIn(part, 'image_url', path);
      const { detail } = part;
      if (detail != null && typeof detail !== 'string') throw wrongAt(`${path}.detail`, 'must be a string');
      return { type: 'image_url', image_url: detail == null ? { url } : { url, detail } };
    }
    case 'input_audio': {
      const audio = part.input_audio;
      if (!isObject(audio)) throw wrongAt(`${path}.input_audio`, 'must be an object with data and format');
      const data = stringIn(audio, 'data', `${path}.input_audio`);
      return {
        type: 'input_audio',
        input_audio: { data, format: stringIn(audio, 'format', `${path}.input_audio`) },
      };
    }
    case 'input_file': {
      const which = ['file_id', 'file_url'].find((name) => part[name] != null);
      if (which !== undefined) return uncarriedFile(reading, part, which, path);
      const fileData = stringIn(part, 'file_data', path);
      const filename = part.filename == null ? undefined : stringIn(part, 'filename', path);
      return { type: 'file', file: { filename, file_data: fileData } };
    }
    default:
      return addUnknownPart(reading, part, path);
  }
}

function uncarriedFile(reading: Reading, part: JsonObject, name: string, path: string): undefined {
  stringIn(part, name, path);
  reading.uncarried.push({
    param: `${path}.${name}`,
    what: 'a file that lies at a provider or at an address',
  });
}

function addUnknownPart({ uncarried }: Reading, part: JsonObject, path: string): undefined {
  if (typeof part.type !== 'string') throw wrongAt(`${path}.type`, 'must be a string');
  uncarried.push({ param: `${path}.type`, what: `a part of type '${part.type.slice(0, 64)}'` });
}

function readCall(item: JsonObject, path: string): object {
  return functionCallOf(
    nameIn(item, 'call_id', path),
    nameIn(item, 'name', path),
    stringIn(item, 'arguments', path),
  );
}

function addCall(messages: ChatMessage[], call: object): void {
  const last = messages.at(-1);
  if (last?.role !== 'assistant') {
    messages.push({ role: 'assistant', content: null, tool_calls: [call] });
    return;
  }
  if (last.content === '') last.content = null;
  last.tool_calls ??= [];
  last.tool_calls.push(call);
}

/** A tool's message holds nothing but text in chat. */
function readOutput(reading: Reading, output: unknown, path: string): string {
  if (typeof output === 'string') return output;
  const texts: string[] = [];
  for (const [index, part] of partsAt(output, path).entries()) {
    const at = `${path}[${index}]`;
    if (!isObject(part)) throw wrongAt(at, 'must be an object');
    if (part.type === 'input_text' || part.type === 'output_text') texts.push(stringIn(part, 'text', at));
    else addUnknownPart(reading, part, at);
  }
  return texts.join('\n');
}
