import type { ChatRequestView } from './task.ts';
import { estimateTextTokens, estimateValueTokens } from './token-estimate.ts';

/** What one pass over a request's messages finds. Texts are the client's strings, not copies. */
export interface RequestReading {
  /** Text of the last user message: its longest text part. */
  readonly request: string;
  /** Text of the user message before it, for follow-ups such as "and in Go?". */
  readonly previous: string;
  /** The first system or developer message. */
  readonly system: string;
  readonly userTurns: number;
  readonly hasImage: boolean;
  readonly hasAudio: boolean;
  /** A tool was called, or answered, in the conversation. */
  readonly hasToolTurn: boolean;
  readonly toolsOffered: number;
  readonly inputTokens: number;
}

/** A picture costs 85 to about 1,100 tokens by detail and provider; audio about 10 a second. */
const IMAGE_TOKENS = 800;
const AUDIO_TOKENS = 600;
const FILE_TOKENS = 1_500;
const MESSAGE_TOKENS = 4;
/** How far content parts are followed; deeper nesting is nobody's API. */
const PART_DEPTH = 2;

interface Parts {
  text: string;
  tokens: number;
  hasImage: boolean;
  hasAudio: boolean;
}

/** Reads a request once, linear in its messages and parts; never throws on odd content. */
export function readRequest(body: ChatRequestView): RequestReading {
  let request = '';
  let previous = '';
  let system = '';
  let userTurns = 0;
  let hasToolTurn = false;
  let tokens = 3;
  const parts: Parts = { text: '', tokens: 0, hasImage: false, hasAudio: false };
  const messages: readonly unknown[] = Array.isArray(body.messages) ? body.messages : [];
  for (const message of messages) {
    if (typeof message !== 'object' || message === null) continue;
    const { role, content, tool_calls: toolCalls } = message as Record<string, unknown>;
    parts.text = '';
    parts.tokens = 0;
    readContent(content, parts, PART_DEPTH);
    tokens += MESSAGE_TOKENS + parts.tokens;
    if (role === 'user') {
      userTurns += 1;
      if (parts.text !== '') {
        previous = request;
        request = parts.text;
      }
    } else if (role === 'system' || role === 'developer') {
      if (system === '') system = parts.text;
    } else if (role === 'tool' || role === 'function') {
      hasToolTurn = true;
    }
    if (Array.isArray(toolCalls) && toolCalls.length > 0) {
      hasToolTurn = true;
      tokens += estimateValueTokens(toolCalls);
    }
  }
  const tools = offered(body.tools) ? body.tools : offered(body.functions) ? body.functions : undefined;
  if (tools) tokens += estimateValueTokens(tools);
  if (body.response_format) tokens += estimateValueTokens(body.response_format);
  return {
    request,
    previous,
    system,
    userTurns,
    hasImage: parts.hasImage,
    hasAudio: parts.hasAudio,
    hasToolTurn,
    toolsOffered: tools?.length ?? 0,
    inputTokens: tokens,
  };
}

function offered(tools: unknown): tools is readonly unknown[] {
  return Array.isArray(tools) && tools.length > 0;
}

function readContent(content: unknown, into: Parts, depth: number): void {
  if (typeof content === 'string') {
    into.tokens += estimateTextTokens(content);
    // The longest part says most: clients put boilerplate and data into parts of their own.
    if (content.length > into.text.length) into.text = content;
    return;
  }
  if (typeof content !== 'object' || content === null || depth === 0) return;
  if (Array.isArray(content)) {
    for (const part of content) readContent(part, into, depth - 1);
    return;
  }
  const part = content as Record<string, unknown>;
  switch (part.type) {
    case 'image_url':
    case 'input_image':
    case 'image':
      into.hasImage = true;
      into.tokens += IMAGE_TOKENS;
      return;
    case 'input_audio':
    case 'audio':
      into.hasAudio = true;
      into.tokens += AUDIO_TOKENS;
      return;
    case 'file':
    case 'input_file':
      into.tokens += FILE_TOKENS;
      return;
    default:
      if (typeof part.text === 'string') readContent(part.text, into, 1);
  }
}
