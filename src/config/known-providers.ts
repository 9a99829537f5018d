import type { Tongue } from '../core/catalog/model.ts';

export interface KnownProvider {
  /** Environment variables its own client reads for the key, most usual first. */
  readonly keyNames: readonly string[];
  /** Spoken when it is found by its key alone; absent: OpenAI's API (docs/decisions/0080). */
  readonly tongue?: Tongue;
  /** Where it speaks OpenAI's API. */
  readonly baseUrl: string;
  /** False where `stream_options` is refused; such a provider reports usage in the last chunk unasked. */
  readonly streamUsage?: false;
  /** Whether it has the Responses API. */
  readonly responses?: true;
}

/** Hosted providers by the name they get in model lists and `provider/model`. Order is that of `/v1/models`. */
export const KNOWN_PROVIDERS = {
  openai: { keyNames: ['OPENAI_API_KEY'], baseUrl: 'https://api.openai.com/v1', responses: true },
  anthropic: {
    keyNames: ['ANTHROPIC_API_KEY'],
    tongue: 'anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
  },
  gemini: {
    keyNames: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  },
  groq: { keyNames: ['GROQ_API_KEY'], baseUrl: 'https://api.groq.com/openai/v1' },
  mistral: { keyNames: ['MISTRAL_API_KEY'], baseUrl: 'https://api.mistral.ai/v1', streamUsage: false },
  deepseek: { keyNames: ['DEEPSEEK_API_KEY'], baseUrl: 'https://api.deepseek.com/v1' },
  xai: { keyNames: ['XAI_API_KEY'], baseUrl: 'https://api.x.ai/v1' },
  together: { keyNames: ['TOGETHER_API_KEY'], baseUrl: 'https://api.together.xyz/v1' },
  fireworks: { keyNames: ['FIREWORKS_API_KEY'], baseUrl: 'https://api.fireworks.ai/inference/v1' },
  cerebras: { keyNames: ['CEREBRAS_API_KEY'], baseUrl: 'https://api.cerebras.ai/v1' },
  openrouter: { keyNames: ['OPENROUTER_API_KEY'], baseUrl: 'https://openrouter.ai/api/v1' },
} as const satisfies Record<string, KnownProvider>;

export type KnownProviderName = keyof typeof KNOWN_PROVIDERS;

/** Where the three that speak their own language do so. Bedrock's has the region in it. */
export function nativeBaseUrl(tongue: Tongue, region: string): string {
  if (tongue === 'anthropic') return 'https://api.anthropic.com/v1';
  if (tongue === 'google') return 'https://generativelanguage.googleapis.com/v1beta';
  const domain = region.startsWith('eusc-')
    ? 'amazonaws.eu'
    : `amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return `https://bedrock-runtime.${region}.${domain}`;
}

/**
 * Which of them a `[providers.*]` table speaks of: by its address, and without one by its kind or its name. Bedrock
 * is none of them: which models an account has there is for its owner to say.
 */
export function knownProviderAt(
  name: string,
  { kind, base_url: baseUrl }: { readonly kind?: unknown; readonly base_url?: unknown },
): KnownProviderName | undefined {
  const isAt = (url: string) => baseUrl === undefined || String(baseUrl).replace(/\/+$/, '') === url;
  if (kind === 'anthropic') return isAt(nativeBaseUrl(kind, '')) ? 'anthropic' : undefined;
  if (kind === 'google') return isAt(nativeBaseUrl(kind, '')) ? 'gemini' : undefined;
  if (kind === 'bedrock' || kind === 'simulated') return undefined;
  const names = Object.keys(KNOWN_PROVIDERS) as KnownProviderName[];
  return names.find((known) =>
    baseUrl === undefined ? known === name : isAt(KNOWN_PROVIDERS[known].baseUrl),
  );
}
