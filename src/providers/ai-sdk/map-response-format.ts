import type { LanguageModelV3CallOptions } from '@ai-sdk/provider';
import { recordOf } from './chat-request.ts';
import { isSchema } from './map-tools.ts';

/** Undefined for text, which is what all answer with unasked. */
export function mapResponseFormat(format: unknown): LanguageModelV3CallOptions['responseFormat'] {
  const { type, json_schema: wrapped } = recordOf(format);
  if (type === 'json_object') return { type: 'json' };
  if (type !== 'json_schema') return undefined;
  const { schema, name, description } = recordOf(wrapped);
  return {
    type: 'json',
    ...(isSchema(schema) ? { schema } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof description === 'string' ? { description } : {}),
  };
}
