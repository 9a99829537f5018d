/** A chat request that another dialect was translated into. Members that are undefined are left out of its JSON. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly [name: string]: unknown;
}

/** Not read-only: a turn is gathered piece by piece, and copying it for each would take quadratic time. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  content: string | readonly object[] | null;
  readonly refusal?: string;
  tool_calls?: object[];
  readonly tool_call_id?: string;
}

/** One part of text is sent as a plain string: not every server knows parts. */
export function contentOf(parts: readonly object[]): string | readonly object[] {
  const [only] = parts;
  const isText = parts.length === 1 && only !== undefined && 'text' in only && typeof only.text === 'string';
  return isText ? (only.text as string) : parts;
}

export function functionCallOf(id: string, name: string, args: string): object {
  return { id, type: 'function', function: { name, arguments: args } };
}
