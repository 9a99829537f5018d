import { isObject, type JsonObject } from '../../wire/json-value.ts';
import { type ChatMessage, contentOf, functionCallOf } from '../chat-request.ts';
import { nameIn, partsAt, stringIn, wrongAt } from '../reading.ts';
import type { Uncarried } from '../uncarried.ts';
import type { MessagesBody } from './messages-body.ts';

interface Reading {
  readonly messages: ChatMessage[];
  readonly uncarried: Uncarried[];
}

/**
 * Anthropic's messages as chat messages. Results of tools, which are blocks of a user's turn there, are messages of
 * their own in chat, before the rest of the turn; a picture among them follows in the user's message, as a tool's
 * message holds nothing but text. What a model thought is left out: chat has no place for it.
 *
 * @throws GatewayError 400 what is malformed, with its path as `param`; what is well-formed and has no place in chat is
 *   put into `uncarried`
 */
export function messagesOfBlocks(turns: MessagesBody['messages'], uncarried: Uncarried[]): ChatMessage[] {
  const reading: Reading = { messages: [], uncarried };
  for (const [index, { role, content }] of turns.entries()) {
    const path = `messages[${index}].content`;
    if (typeof content === 'string') reading.messages.push({ role, content });
    else if (role === 'assistant') readAssistant(reading, content, path);
    else readUser(reading, role, content, path);
  }
  return reading.messages;
}

function readUser(reading: Reading, role: 'user' | 'system', content: unknown, path: string): void {
  const parts: object[] = [];
  for (const [block, at] of blocksOf(content, path)) {
    if (block.type === 'tool_result' && role === 'user') parts.push(...readResult(reading, block, at));
    else parts.push(...readPart(reading, block, at));
  }
  if (parts.length > 0) reading.messages.push({ role, content: contentOf(parts) });
}

/** @returns pictures and documents in the result: they go into the user's message */
function readResult(reading: Reading, block: JsonObject, path: string): object[] {
  const id = nameIn(block, 'tool_use_id', path);
  const texts: string[] = [];
  const others: object[] = [];
  if (typeof block.content === 'string') texts.push(block.content);
  else if (block.content != null) {
    for (const [inner, at] of blocksOf(block.content, `${path}.content`)) {
      if (inner.type === 'text') texts.push(stringIn(inner, 'text', at));
      else others.push(...readPart(reading, inner, at));
    }
  }
  if (others.length > 0) {
    texts.push('(see the attachment that follows)');
    others.unshift({ type: 'text', text: `Attached to the result of the tool call ${id}:` });
  }
  const text = texts.join('\n');
  reading.messages.push({
    role: 'tool',
    tool_call_id: id,
    content: block.is_error === true ? `Error: ${text}` : text,
  });
  return others;
}

function readAssistant({ messages, uncarried }: Reading, content: unknown, path: string): void {
  const texts: string[] = [];
  const calls: object[] = [];
  for (const [block, at] of blocksOf(content, path)) {
    if (block.type === 'text') texts.push(stringIn(block, 'text', at));
    else if (block.type === 'tool_use') {
      if (!isObject(block.input)) throw wrongAt(`${at}.input`, 'must be an object');
      const id = nameIn(block, 'id', at);
      calls.push(functionCallOf(id, nameIn(block, 'name', at), JSON.stringify(block.input)));
    } else if (block.type !== 'thinking' && block.type !== 'redacted_thinking') refuse(uncarried, block, at);
  }
  const text = texts.join('');
  if (calls.length === 0) messages.push({ role: 'assistant', content: text });
  else messages.push({ role: 'assistant', content: text === '' ? null : text, tool_calls: calls });
}

function readPart(reading: Reading, block: JsonObject, path: string): object[] {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: stringIn(block, 'text', path) }];
    case 'image':
      return readImage(reading, block, path);
    case 'document':
      return readDocument(reading, block, path);
    default:
      refuse(reading.uncarried, block, path);
      return [];
  }
}

function readImage({ uncarried }: Reading, block: JsonObject, path: string): object[] {
  const { source, at, type } = sourceOf(block, path);
  if (type === 'url') return [{ type: 'image_url', image_url: { url: stringIn(source, 'url', at) } }];
  if (type !== 'base64') {
    uncarried.push({ param: `${at}.type`, what: `an image whose source is '${type.slice(0, 64)}'` });
    return [];
  }
  return [{ type: 'image_url', image_url: { url: dataUrl(source, at) } }];
}

function readDocument(reading: Reading, block: JsonObject, path: string): object[] {
  const { source, at, type } = sourceOf(block, path);
  const filename = block.title == null ? undefined : stringIn(block, 'title', path);
  if (type === 'base64') {
    return [{ type: 'file', file: { filename: filename ?? 'document.pdf', file_data: dataUrl(source, at) } }];
  }
  const title = filename === undefined ? [] : [{ type: 'text', text: `${filename}:` }];
  if (type === 'text') return [...title, { type: 'text', text: stringIn(source, 'data', at) }];
  if (type === 'content') {
    const { content } = source;
    if (typeof content === 'string') return [...title, { type: 'text', text: content }];
    const inner = blocksOf(content, `${at}.content`).flatMap(([one, place]) => {
      if (one.type === 'text' || one.type === 'image') return readPart(reading, one, place);
      throw wrongAt(`${place}.type`, 'must be text or image');
    });
    return [...title, ...inner];
  }
  reading.uncarried.push({ param: `${at}.type`, what: `a document whose source is '${type.slice(0, 64)}'` });
  return [];
}

function sourceOf({ source }: JsonObject, path: string): { source: JsonObject; at: string; type: string } {
  const at = `${path}.source`;
  if (!isObject(source)) throw wrongAt(at, 'must be an object');
  return { source, at, type: stringIn(source, 'type', at) };
}

function dataUrl(source: JsonObject, path: string): string {
  return `data:${nameIn(source, 'media_type', path)};base64,${stringIn(source, 'data', path)}`;
}

function blocksOf(content: unknown, path: string): (readonly [JsonObject, string])[] {
  return partsAt(content, path).map((block, index) => {
    const at = `${path}[${index}]`;
    if (!isObject(block)) throw wrongAt(at, 'must be an object');
    if (typeof block.type !== 'string') throw wrongAt(`${at}.type`, 'must be a string');
    return [block, at] as const;
  });
}

function refuse(uncarried: Uncarried[], block: JsonObject, path: string): void {
  uncarried.push({ param: `${path}.type`, what: `a block of type '${String(block.type).slice(0, 64)}'` });
}
