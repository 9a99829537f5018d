import type { JSONObject, LanguageModelV3ReasoningPart, SharedV3ProviderMetadata } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { listOf, recordOf, textOf } from './chat-request.ts';

/**
 * One block of a model's thinking as the client gets it and sends it back with its next turn, in the shape that
 * OpenRouter's clients know. Anthropic refuses a tool's result whose call came without its signed thinking.
 */
export interface ReasoningDetail {
  readonly type: 'reasoning.text' | 'reasoning.encrypted';
  /** Whose signature it bears: to others it means nothing, and is not sent. */
  readonly format: Tongue;
  readonly index: number;
  readonly text?: string;
  readonly signature?: string;
  /** What the provider keeps to itself, by the name that its API has for it. */
  readonly data?: string;
  readonly id?: string;
}

/** Names under which hidden thinking comes, in the SDK's spelling. */
const ENCRYPTED = ['redactedData', 'redactedContent'] as const;

/** Undefined where a provider signs nothing: then there is nothing that must come back. */
export function reasoningDetail(
  text: string,
  metadata: SharedV3ProviderMetadata | undefined,
  format: Tongue,
  index: number,
): ReasoningDetail | undefined {
  const own = metadata?.[format] ?? {};
  const signature = own.signature ?? own.thoughtSignature;
  if (typeof signature === 'string') return { type: 'reasoning.text', format, index, text, signature };
  for (const id of ENCRYPTED) {
    const data = own[id];
    if (typeof data === 'string') return { type: 'reasoning.encrypted', format, index, data, id };
  }
  return undefined;
}

/** The blocks of an assistant's message that this provider wrote itself. */
export function mapReasoningDetails(details: unknown, tongue: Tongue): LanguageModelV3ReasoningPart[] {
  return listOf(details).flatMap((value): LanguageModelV3ReasoningPart[] => {
    const { format, text, signature, data, id } = recordOf(value);
    if (format !== tongue) return [];
    const own: JSONObject = {};
    if (typeof signature === 'string')
      own[tongue === 'google' ? 'thoughtSignature' : 'signature'] = signature;
    const name = ENCRYPTED.find((known) => known === id);
    if (name !== undefined && typeof data === 'string') own[name] = data;
    if (Object.keys(own).length === 0) return [];
    return [{ type: 'reasoning', text: textOf(text), providerOptions: { [tongue]: own } }];
  });
}
