import type {
  JSONValue,
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  LanguageModelV3TextPart,
  LanguageModelV3ToolCallPart,
  LanguageModelV3ToolResultOutput,
  LanguageModelV3ToolResultPart,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { type JsonRecord, listOf, recordOf, textOf } from './chat-request.ts';
import { mapCacheHint } from './map-cache-hint.ts';
import { mapParts } from './map-parts.ts';
import { mapReasoningDetails } from './map-reasoning-details.ts';
import type { Warnings } from './warnings.ts';

type AssistantPart = Extract<LanguageModelV3Message, { role: 'assistant' }>['content'][number];

/** Members of a message that are carried, or that only say again what others say. */
const CARRIED = new Set([
  ...['role', 'content', 'name', 'tool_calls', 'tool_call_id', 'refusal', 'cache_control', 'annotations'],
  ...['reasoning', 'reasoning_content', 'reasoning_details'],
]);

/**
 * OpenAI's messages as the SDK's prompt. Results of tools that follow each other become one message, as Gemini wants
 * all results of a turn together.
 */
export function mapMessages(
  messages: readonly unknown[],
  tongue: Tongue,
  warnings: Warnings,
): LanguageModelV3Prompt {
  const prompt: LanguageModelV3Prompt = [];
  const callIdToName = new Map<string, string>();
  let hasBegun = false;
  for (const value of messages) {
    const message = recordOf(value);
    for (const [name, member] of Object.entries(message)) {
      if (member !== null && !CARRIED.has(name)) warnings.dropped(`messages.${name}`);
    }
    if (message.name != null && message.role !== 'tool') warnings.dropped('messages.name');
    const providerOptions = mapCacheHint(message.cache_control, tongue, warnings);
    const hint = providerOptions === undefined ? {} : { providerOptions };
    switch (message.role) {
      case 'system':
      case 'developer':
        if (!hasBegun) prompt.push(...mapSystem(message.content, providerOptions, tongue, warnings));
        else {
          // None of the three takes instructions in the middle from all its models: they go up as the user's.
          warnings.changed('messages');
          prompt.push({ role: 'user', content: mapParts(message.content, tongue, warnings), ...hint });
        }
        break;
      case 'assistant': {
        hasBegun = true;
        const content = mapAssistant(message, tongue, warnings);
        for (const part of content)
          if (part.type === 'tool-call') callIdToName.set(part.toolCallId, part.toolName);
        if (content.length > 0) prompt.push({ role: 'assistant', content, ...hint });
        break;
      }
      case 'tool': {
        hasBegun = true;
        const result = mapToolResult(message, callIdToName, tongue, warnings);
        const last = prompt.at(-1);
        if (last?.role === 'tool') last.content.push({ ...result, ...hint });
        else prompt.push({ role: 'tool', content: [{ ...result, ...hint }] });
        break;
      }
      default:
        hasBegun = true;
        prompt.push({ role: 'user', content: mapParts(message.content, tongue, warnings), ...hint });
    }
  }
  return prompt;
}

/** A message for each part, so that each keeps its own cache hint. */
function mapSystem(
  content: unknown,
  whole: SharedV3ProviderOptions | undefined,
  tongue: Tongue,
  warnings: Warnings,
): LanguageModelV3Message[] {
  const parts = mapParts(content, tongue, warnings).filter(
    (part): part is LanguageModelV3TextPart => part.type === 'text',
  );
  return parts.map(({ text, providerOptions }, index) => {
    const own = providerOptions ?? (index === parts.length - 1 ? whole : undefined);
    return { role: 'system', content: text, ...(own === undefined ? {} : { providerOptions: own }) };
  });
}

function mapAssistant(message: JsonRecord, tongue: Tongue, warnings: Warnings): AssistantPart[] {
  const parts: AssistantPart[] = mapReasoningDetails(message.reasoning_details, tongue);
  for (const part of mapParts(message.content ?? [], tongue, warnings)) {
    if (part.type !== 'text' || part.text !== '') parts.push(part);
  }
  if (typeof message.refusal === 'string' && message.refusal !== '')
    parts.push({ type: 'text', text: message.refusal });
  for (const call of listOf(message.tool_calls)) parts.push(mapToolCall(recordOf(call), warnings));
  return parts;
}

function mapToolCall(call: JsonRecord, warnings: Warnings): LanguageModelV3ToolCallPart {
  const { name, arguments: input } = recordOf(call.function);
  const signature = recordOf(recordOf(call.extra_content).google).thought_signature;
  return {
    type: 'tool-call',
    toolCallId: textOf(call.id),
    toolName: textOf(name),
    input: readArguments(textOf(input), warnings),
    ...(typeof signature === 'string'
      ? { providerOptions: { google: { thoughtSignature: signature } } }
      : {}),
  };
}

/** The three take an object. What a model once wrote instead is told as it was. */
function readArguments(text: string, warnings: Warnings): object {
  if (text.trim() === '') return {};
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  } catch {
    // Told below.
  }
  warnings.changed('tool_calls');
  return { arguments: text };
}

function mapToolResult(
  message: JsonRecord,
  callIdToName: ReadonlyMap<string, string>,
  tongue: Tongue,
  warnings: Warnings,
): LanguageModelV3ToolResultPart {
  const toolCallId = textOf(message.tool_call_id);
  return {
    type: 'tool-result',
    toolCallId,
    toolName: callIdToName.get(toolCallId) ?? (textOf(message.name) || 'unknown'),
    output: mapOutput(message.content, tongue, warnings),
  };
}

function mapOutput(content: unknown, tongue: Tongue, warnings: Warnings): LanguageModelV3ToolResultOutput {
  if (!Array.isArray(content)) {
    const value: JSONValue = content == null ? '' : textOf(content);
    return { type: 'text', value };
  }
  const parts = mapParts(content, tongue, warnings);
  if (parts.every((part) => part.type === 'text'))
    return { type: 'text', value: parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n') };
  return {
    type: 'content',
    value: parts.map((part) => {
      if (part.type === 'text') return { type: 'text', text: part.text };
      if (part.data instanceof URL) return { type: 'image-url', url: part.data.href };
      const kind = part.mediaType.startsWith('image/') ? 'image-data' : 'file-data';
      return { type: kind, data: String(part.data), mediaType: part.mediaType };
    }),
  };
}
