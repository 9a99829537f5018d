import type { Capability } from '../core/catalog/model.ts';
import type { KnownProviderName } from './known-providers.ts';

export interface KnownModel {
  readonly capabilities: readonly Capability[];
  /** Only where the price data does not know it. */
  readonly contextLength?: number;
  /** Provider → its name for this model. More than one: endpoints of the same model, which fail over to each other. */
  readonly at: Partial<Readonly<Record<KnownProviderName, string>>>;
}

const FULL: readonly Capability[] = ['tools', 'json', 'vision', 'reasoning'];
const TEXT: readonly Capability[] = ['tools', 'json'];
const THINKING: readonly Capability[] = ['tools', 'json', 'reasoning'];

/**
 * Chat models offered when a provider is found by its key alone: a short choice across its price range, not all it
 * sells. Each is in the price data, which a test checks. Whoever wants others lists them in `outrider.toml`.
 */
export const KNOWN_MODELS: Readonly<Record<string, KnownModel>> = {
  'gpt-6-astra': { capabilities: FULL, at: { openai: 'gpt-6-astra' } },
  'gpt-6-sol': { capabilities: FULL, at: { openai: 'gpt-6-sol', openrouter: 'openai/gpt-6-sol' } },
  'gpt-6-luna': { capabilities: FULL, at: { openai: 'gpt-6-luna', openrouter: 'openai/gpt-6-luna' } },
  'gpt-5.4-mini': { capabilities: FULL, at: { openai: 'gpt-5.4-mini' } },
  'gpt-5.4-nano': { capabilities: FULL, at: { openai: 'gpt-5.4-nano' } },
  'gpt-4.1-mini': { capabilities: ['tools', 'json', 'vision'], at: { openai: 'gpt-4.1-mini' } },

  'claude-fable-5-1': { capabilities: FULL, at: { anthropic: 'claude-fable-5-1' } },
  'claude-opus-5-5': {
    capabilities: FULL,
    at: { anthropic: 'claude-opus-5-5', openrouter: 'anthropic/claude-opus-5.5' },
  },
  'claude-sonnet-5': {
    capabilities: FULL,
    at: { anthropic: 'claude-sonnet-5', openrouter: 'anthropic/claude-sonnet-5' },
  },
  'claude-sonnet-4-6': { capabilities: FULL, at: { anthropic: 'claude-sonnet-4-6' } },
  'claude-haiku-4-5': { capabilities: FULL, at: { anthropic: 'claude-haiku-4-5' } },

  'gemini-3.1-pro-preview': {
    capabilities: FULL,
    contextLength: 1_048_576,
    at: { gemini: 'gemini-3.1-pro-preview' },
  },
  'gemini-3.8-flash': { capabilities: FULL, at: { gemini: 'gemini-3.8-flash' } },
  'gemini-3.5-flash-lite': { capabilities: FULL, at: { gemini: 'gemini-3.5-flash-lite' } },
  'gemini-3.1-flash-lite': {
    capabilities: FULL,
    at: { gemini: 'gemini-3.1-flash-lite', openrouter: 'google/gemini-3.1-flash-lite' },
  },
  'gemini-2.5-pro': { capabilities: FULL, contextLength: 1_048_576, at: { gemini: 'gemini-2.5-pro' } },
  'gemini-2.5-flash': { capabilities: FULL, at: { gemini: 'gemini-2.5-flash' } },

  'gpt-oss-120b': {
    capabilities: THINKING,
    at: {
      groq: 'openai/gpt-oss-120b',
      fireworks: 'accounts/fireworks/models/gpt-oss-120b',
      cerebras: 'gpt-oss-120b',
      openrouter: 'openai/gpt-oss-120b',
    },
  },
  'gpt-oss-20b': {
    capabilities: THINKING,
    at: { groq: 'openai/gpt-oss-20b', fireworks: 'accounts/fireworks/models/gpt-oss-20b' },
  },
  'llama-3.3-70b': {
    capabilities: TEXT,
    contextLength: 131_072,
    at: { groq: 'llama-3.3-70b-versatile', together: 'meta-llama/Llama-3.3-70B-Instruct-Turbo' },
  },
  'llama-3.1-8b': {
    capabilities: TEXT,
    contextLength: 131_072,
    at: { groq: 'llama-3.1-8b-instant', together: 'meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo' },
  },
  'llama-4-scout': {
    capabilities: ['tools', 'json', 'vision'],
    contextLength: 131_072,
    at: {
      groq: 'meta-llama/llama-4-scout-17b-16e-instruct',
      together: 'meta-llama/Llama-4-Scout-17B-16E-Instruct',
    },
  },
  'llama-4-maverick': {
    capabilities: ['tools', 'json', 'vision'],
    contextLength: 524_288,
    at: { together: 'meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8' },
  },
  'qwen3-32b': { capabilities: THINKING, at: { groq: 'qwen/qwen3-32b' } },

  'mistral-large-3': { capabilities: ['tools', 'json', 'vision'], at: { mistral: 'mistral-large-2512' } },
  'mistral-medium-3.5': { capabilities: ['tools', 'json', 'vision'], at: { mistral: 'mistral-medium-3-5' } },
  'mistral-small-4': { capabilities: ['tools', 'json', 'vision'], at: { mistral: 'mistral-small-2603' } },
  codestral: { capabilities: TEXT, at: { mistral: 'codestral-2508' } },
  'ministral-8b': { capabilities: ['tools', 'json', 'vision'], at: { mistral: 'ministral-8b-2512' } },

  'deepseek-v4-pro': {
    capabilities: THINKING,
    at: { deepseek: 'deepseek-v4-pro', fireworks: 'accounts/fireworks/models/deepseek-v4-pro' },
  },
  'deepseek-v4-flash': {
    capabilities: THINKING,
    at: {
      deepseek: 'deepseek-v4-flash',
      fireworks: 'accounts/fireworks/models/deepseek-v4-flash',
      openrouter: 'deepseek/deepseek-v4-flash',
    },
  },
  'kimi-k3': {
    capabilities: FULL,
    at: { fireworks: 'accounts/fireworks/models/kimi-k3', openrouter: 'moonshotai/kimi-k3' },
  },
  'glm-5.2': { capabilities: THINKING, at: { fireworks: 'accounts/fireworks/models/glm-5p2' } },

  'grok-4.6': { capabilities: FULL, at: { xai: 'grok-4.6' } },
  'grok-4.3': { capabilities: FULL, at: { xai: 'grok-4.3' } },
  'grok-4-1-fast': { capabilities: ['tools', 'json', 'vision'], at: { xai: 'grok-4-1-fast-non-reasoning' } },
  'grok-4-1-fast-reasoning': { capabilities: FULL, at: { xai: 'grok-4-1-fast-reasoning' } },
  'grok-code-fast-1': { capabilities: THINKING, at: { xai: 'grok-code-fast-1' } },

  'gemma-4-31b': { capabilities: TEXT, at: { cerebras: 'gemma-4-31b' } },
};
