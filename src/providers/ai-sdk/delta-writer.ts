import type { LanguageModelV3StreamPart, SharedV3ProviderMetadata } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { reasoningDetail } from './map-reasoning-details.ts';
import { signatureOf } from './tool-call.ts';
import { type AnswerName, imageOf } from './write-completion.ts';

/** What one part of a stream comes to. */
export interface Delta {
  readonly delta: object;
  /** Bytes of text, reasoning and arguments in it, as they stand escaped in JSON; 0 for what is none. */
  readonly textBytes: number;
  /** Of the answer itself, for the checks. */
  readonly text: string;
}

interface OpenCall {
  readonly index: number;
  name: string;
  arguments: string;
}

/** The parts of one stream as the deltas of OpenAI's chunks, and what the answer has come to so far. */
export interface DeltaWriter {
  /** Undefined for parts that say nothing a client would see. */
  deltaOf(part: LanguageModelV3StreamPart): Delta | undefined;
  toolCalls(): readonly { readonly name: string; readonly arguments: string }[];
}

export function createDeltaWriter(tongue: Tongue): DeltaWriter {
  const calls = new Map<string, OpenCall>();
  const thoughts = new Map<string, { text: string; metadata: SharedV3ProviderMetadata | undefined }>();
  let details = 0;

  const open = (id: string, name: string): OpenCall => {
    const call: OpenCall = { index: calls.size, name, arguments: '' };
    calls.set(id, call);
    return call;
  };
  const argue = (call: OpenCall, more: string): Delta | undefined => {
    if (more === '') return undefined;
    call.arguments += more;
    return ofCall({ index: call.index, function: { arguments: more } }, more);
  };
  const think = (id: string, text: string, metadata: SharedV3ProviderMetadata | undefined): void => {
    const before = thoughts.get(id);
    thoughts.set(id, { text: (before?.text ?? '') + text, metadata: metadata ?? before?.metadata });
  };

  return {
    toolCalls: () => [...calls.values()],
    deltaOf(part) {
      switch (part.type) {
        case 'text-delta':
          if (part.delta === '') return undefined;
          return { delta: { content: part.delta }, textBytes: bytesOf(part.delta), text: part.delta };
        case 'reasoning-start':
          think(part.id, '', part.providerMetadata);
          return undefined;
        case 'reasoning-delta':
          think(part.id, part.delta, part.providerMetadata);
          if (part.delta === '') return undefined;
          return { delta: { reasoning_content: part.delta }, textBytes: bytesOf(part.delta), text: '' };
        case 'reasoning-end': {
          const whole = thoughts.get(part.id);
          thoughts.delete(part.id);
          const metadata = part.providerMetadata ?? whole?.metadata;
          const detail = reasoningDetail(whole?.text ?? '', metadata, tongue, details);
          if (detail === undefined) return undefined;
          details += 1;
          // Its text has gone out already, and is counted.
          return { delta: { reasoning_details: [detail] }, textBytes: 0, text: '' };
        }
        case 'tool-input-start':
          if (part.providerExecuted === true) return undefined;
          return begun(open(part.id, part.toolName), part.id, part.providerMetadata);
        case 'tool-input-delta': {
          const call = calls.get(part.id);
          return call && argue(call, part.delta);
        }
        case 'tool-call': {
          if (part.providerExecuted === true) return undefined;
          const call = calls.get(part.toolCallId);
          if (call !== undefined) return call.arguments === '' ? argue(call, part.input || '{}') : undefined;
          const whole = open(part.toolCallId, part.toolName);
          whole.arguments = part.input || '{}';
          return begun(whole, part.toolCallId, part.providerMetadata);
        }
        case 'file':
          return { delta: { images: [imageOf(part.mediaType, part.data)] }, textBytes: 0, text: '' };
        default:
          return undefined;
      }
    },
  };
}

function begun(call: OpenCall, id: string, metadata: SharedV3ProviderMetadata | undefined): Delta {
  const { index, name, arguments: input } = call;
  const told = {
    index,
    id,
    type: 'function',
    function: { name, arguments: input },
    ...signatureOf(metadata),
  };
  return ofCall(told, name + input);
}

function ofCall(call: object, text: string): Delta {
  return { delta: { tool_calls: [call] }, textBytes: bytesOf(text), text: '' };
}

function bytesOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/**
 * One event of a stream.
 *
 * @param hasUsage whether its client gets the usage in an event of its own: `usage` is null in all others then
 */
export function chunkEvent(
  name: AnswerName,
  delta: object,
  finishReason: string | null,
  hasUsage: boolean,
): string {
  const chunk = {
    id: name.id,
    object: 'chat.completion.chunk',
    created: name.created,
    model: name.model,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    ...(hasUsage ? { usage: null } : {}),
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
