export interface KnownProvider {
  /** Environment variables its own client reads for the key, most usual first. */
  readonly keyNames: readonly string[];
  /** Where it speaks OpenAI's API. */
  readonly baseUrl: string;
  /** False where `stream_options` is refused; such a provider reports usage in the last chunk unasked. */
  readonly streamUsage?: false;
}

/** Hosted providers by the name they get in model lists and `provider/model`. Order is that of `/v1/models`. */
export const KNOWN_PROVIDERS = {
  openai: { keyNames: ['OPENAI_API_KEY'], baseUrl: 'https://api.openai.com/v1' },
  anthropic: { keyNames: ['ANTHROPIC_API_KEY'], baseUrl: 'https://api.anthropic.com/v1' },
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

/** Which of them a `[providers.*]` table speaks of: by its address, and without one by its name. */
export function knownProviderAt(name: string, baseUrl: string | undefined): KnownProviderName | undefined {
  const names = Object.keys(KNOWN_PROVIDERS) as KnownProviderName[];
  return names.find((known) =>
    baseUrl === undefined ? known === name : KNOWN_PROVIDERS[known].baseUrl === baseUrl.replace(/\/+$/, ''),
  );
}
