import type { LanguageModelV3FinishReason } from '@ai-sdk/provider';

/** OpenAI's word for why an answer ended; undefined where it did not end but failed, or was cut off. */
export function mapFinishReason({ unified, raw }: LanguageModelV3FinishReason): string | undefined {
  switch (unified) {
    case 'stop':
      return 'stop';
    case 'length':
      return 'length';
    case 'tool-calls':
      return 'tool_calls';
    case 'content-filter':
      return 'content_filter';
    case 'error':
      return undefined;
    case 'other':
      // The packages say this, without the provider's own word, of a stream that just stopped.
      return raw === undefined ? undefined : 'stop';
  }
}
