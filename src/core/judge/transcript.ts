import type { ChatRequestView } from '../task/task.ts';

/** Of a longer request the judge sees the beginning and, three times as much, the end. */
const MAX_CHARACTERS = 24_000;
const LEFT_OUT = '\n[… left out …]\n';

/** Parts that a judge who reads only text would judge without having seen them. */
const UNREADABLE = new Set([
  'image_url',
  'input_image',
  'image',
  'input_audio',
  'audio',
  'file',
  'input_file',
]);

/** A request as text, turn by turn; undefined when more than text is in it. */
export function transcriptOf({ messages }: ChatRequestView): string | undefined {
  const turns: string[] = [];
  for (const { role, content, tool_calls: toolCalls } of messages) {
    const text = textOf(content);
    if (text === undefined) return undefined;
    const calls = Array.isArray(toolCalls) && toolCalls.length > 0 ? JSON.stringify(toolCalls) : '';
    turns.push(`[${role}]\n${[text, calls].filter((part) => part !== '').join('\n')}`);
  }
  return shortened(turns.join('\n\n'));
}

export function shortened(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  return text.slice(0, MAX_CHARACTERS / 4) + LEFT_OUT + text.slice((-3 * MAX_CHARACTERS) / 4);
}

function textOf(content: unknown): string | undefined {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const texts: string[] = [];
  for (const part of content) {
    if (UNREADABLE.has(part?.type)) return undefined;
    if (typeof part?.text === 'string') texts.push(part.text);
  }
  return texts.join('\n');
}
