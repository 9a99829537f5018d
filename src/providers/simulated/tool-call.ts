import type { Random } from '../../core/learning/random.ts';
import { FAIR } from './answer-text.ts';
import type { ChatRequest, OfferedTool } from './chat-request.ts';
import { pick } from './draw.ts';
import { contentWords } from './prompt-reading.ts';
import { type SchemaSource, valueFor } from './schema-value.ts';

export interface ToolCall {
  readonly name: string;
  /** JSON, unless the model was too weak for it. */
  readonly arguments: string;
}

/**
 * The call a model makes, if it makes one: always when the request demands it, else when the prompt shares a word with
 * an offered tool, never on top of a tool's result. Poor answers break the arguments, invent a tool, or call none.
 */
export function toolCallFor(request: ChatRequest, quality: number, random: Random): ToolCall | undefined {
  const tool = chosenTool(request);
  if (tool === undefined) return undefined;
  const source = sourceOf(request.prompt, random);
  const call: ToolCall = { name: tool.name, arguments: JSON.stringify(valueFor(tool.parameters, source)) };
  if (quality >= FAIR) return call;
  const spoilt: ToolCall[] = [
    { ...call, arguments: `${call.arguments.slice(0, -1)},` },
    { ...call, name: `${tool.name}_v2` },
  ];
  const isDemanded = request.toolChoice !== 'auto';
  return random() < 0.4 && !isDemanded ? undefined : pick(spoilt, random);
}

/** What strings and numbers of generated JSON are made of. */
export function sourceOf(prompt: string, random: Random): SchemaSource {
  const words = contentWords(prompt);
  const proper = words.filter((word, index) => index > 0 && /^\p{Lu}/u.test(word));
  return {
    words: proper.length > 0 ? proper : words.slice(0, 50),
    numbers: (prompt.slice(0, 8_000).match(/\d{1,9}(?:\.\d{1,6})?/g) ?? []).map(Number),
    random,
  };
}

function chosenTool({ tools, toolChoice, prompt, toolResult }: ChatRequest): OfferedTool | undefined {
  if (toolChoice === 'none' || tools.length === 0) return undefined;
  if (typeof toolChoice === 'object') return tools.find((tool) => tool.name === toolChoice.name);
  if (toolChoice === 'auto' && toolResult !== undefined) return undefined;
  const asked = new Set(contentWords(prompt).map(stem));
  const ranked = tools
    .map((tool) => ({ tool, shared: wordsOfTool(tool).filter((word) => asked.has(word)).length }))
    .sort((first, second) => second.shared - first.shared);
  const best = ranked[0];
  return best !== undefined && (best.shared > 0 || toolChoice === 'required') ? best.tool : undefined;
}

function wordsOfTool(tool: OfferedTool): string[] {
  const name = tool.name.replaceAll(/[_-]/g, ' ').replaceAll(/([a-z])([A-Z])/g, '$1 $2');
  return [...new Set(contentWords(`${name} ${tool.description}`).map(stem))];
}

function stem(word: string): string {
  return word.toLowerCase().slice(0, 6);
}
