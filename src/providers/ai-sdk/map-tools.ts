import type { JSONSchema7, LanguageModelV3FunctionTool } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { isRecord } from '../openai/read-answer.ts';
import { listOf, recordOf, textOf } from './chat-request.ts';
import { mapCacheHint } from './map-cache-hint.ts';
import type { Warnings } from './warnings.ts';

const NO_ARGUMENTS: JSONSchema7 = { type: 'object', properties: {} };

/** Undefined where none is offered. */
export function mapTools(
  tools: unknown,
  tongue: Tongue,
  warnings: Warnings,
): LanguageModelV3FunctionTool[] | undefined {
  const offered = listOf(tools);
  if (offered.length === 0) return undefined;
  return offered.map((value) => {
    const tool = recordOf(value);
    const { name, description, parameters, strict, cache_control: inner } = recordOf(tool.function);
    const providerOptions = hintOfTool(tool.cache_control ?? inner, tongue, warnings);
    return {
      type: 'function',
      name: textOf(name),
      inputSchema: isSchema(parameters) ? parameters : NO_ARGUMENTS,
      ...(typeof description === 'string' ? { description } : {}),
      ...(typeof strict === 'boolean' ? { strict } : {}),
      ...(providerOptions === undefined ? {} : { providerOptions }),
    };
  });
}

function hintOfTool(hint: unknown, tongue: Tongue, warnings: Warnings) {
  if (tongue !== 'bedrock') return mapCacheHint(hint, tongue, warnings);
  if (hint != null) warnings.dropped('cache_control');
  return undefined;
}

/** A schema is any object: whether it is a good one, is for the provider to say. */
export function isSchema(value: unknown): value is JSONSchema7 {
  return isRecord(value);
}
