import type { SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { isRecord } from '../openai/read-answer.ts';
import type { Warnings } from './warnings.ts';

/** `cache_control` as Anthropic and OpenRouter write it, on a part, a message or a tool: up to here the prompt is worth keeping. */
export function mapCacheHint(
  hint: unknown,
  tongue: Tongue,
  warnings: Warnings,
): SharedV3ProviderOptions | undefined {
  if (!isRecord(hint)) return undefined;
  const ttl = hint.ttl === '5m' || hint.ttl === '1h' ? { ttl: hint.ttl } : {};
  switch (tongue) {
    case 'anthropic':
      return { anthropic: { cacheControl: { type: 'ephemeral', ...ttl } } };
    case 'bedrock':
      return { bedrock: { cachePoint: { type: 'default', ...ttl } } };
    case 'google':
      // It caches prompts by itself.
      warnings.dropped('cache_control');
      return undefined;
  }
}
