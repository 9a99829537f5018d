import type { LanguageModelV3Content, LanguageModelV3GenerateResult } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { mapFinishReason } from './map-finish-reason.ts';
import { type ReasoningDetail, reasoningDetail } from './map-reasoning-details.ts';
import { mapUsage } from './map-usage.ts';
import { toolCallOf } from './tool-call.ts';

/** What an answer is called: by the provider where it says so. */
export interface AnswerName {
  readonly id: string;
  readonly model: string;
  /** Epoch seconds. */
  readonly created: number;
}

/** An answer as OpenAI's chat completion; undefined when it is none: the model failed, or never said why it ended. */
export function writeCompletion(
  result: LanguageModelV3GenerateResult,
  tongue: Tongue,
  name: AnswerName,
): Readonly<Record<string, unknown>> | undefined {
  const finishReason = mapFinishReason(result.finishReason);
  if (finishReason === undefined) return undefined;
  const usage = mapUsage(result.usage);
  return {
    id: name.id,
    object: 'chat.completion',
    created: name.created,
    model: name.model,
    choices: [
      {
        index: 0,
        message: messageOf(result.content, tongue),
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    ...(usage === undefined ? {} : { usage }),
  };
}

function messageOf(content: readonly LanguageModelV3Content[], tongue: Tongue): object {
  let text = '';
  let reasoning = '';
  const details: ReasoningDetail[] = [];
  const toolCalls: object[] = [];
  const images: object[] = [];
  for (const part of content) {
    switch (part.type) {
      case 'text':
        text += part.text;
        break;
      case 'reasoning': {
        reasoning += part.text;
        const detail = reasoningDetail(part.text, part.providerMetadata, tongue, details.length);
        if (detail) details.push(detail);
        break;
      }
      case 'tool-call':
        if (part.providerExecuted !== true) toolCalls.push(toolCallOf(part));
        break;
      case 'file':
        images.push(imageOf(part.mediaType, part.data));
        break;
      default:
        // Sources and approvals come of tools that the provider runs itself; none is asked for.
        break;
    }
  }
  return {
    role: 'assistant',
    content: text === '' && toolCalls.length > 0 ? null : text,
    refusal: null,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(images.length === 0 ? {} : { images }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  };
}

/** A picture that a model drew into its answer, as OpenRouter shows it. */
export function imageOf(mediaType: string, data: string | Uint8Array): object {
  const base64 = typeof data === 'string' ? data : Buffer.from(data).toString('base64');
  return { type: 'image_url', image_url: { url: `data:${mediaType};base64,${base64}` } };
}
