import type { SharedV3Warning } from '@ai-sdk/provider';

/** What became of a request's members on their way, each once, in the short words of `x-router-warnings`. */
export interface Warnings {
  /** Not sent to this provider. */
  dropped(param: string): void;
  /** Sent otherwise than it came: a value clamped, a message in another role. */
  changed(param: string): void;
  list(): readonly string[];
}

/** Whoever sends forty unknown members knows. */
const MOST = 20;

export function createWarnings(): Warnings {
  const words = new Set<string>();
  const add = (what: string, param: string) => {
    // A client's own names, and commas part the list.
    if (words.size < MOST) words.add(`${what}:${param.slice(0, 64).replace(/[^\w.-]+/g, '_')}`);
  };
  return {
    dropped: (param) => add('dropped', param),
    changed: (param) => add('changed', param),
    list: () => [...words],
  };
}

const FEATURE_TO_PARAM: Readonly<Record<string, string>> = {
  frequencyPenalty: 'frequency_penalty',
  presencePenalty: 'presence_penalty',
  maxOutputTokens: 'max_tokens',
  topK: 'top_k',
  topP: 'top_p',
  responseFormat: 'response_format',
  toolChoice: 'tool_choice',
  toolContent: 'messages',
  'providerOptions.anthropic.thinking': 'reasoning_effort',
  'providerOptions.anthropic.effort': 'reasoning_effort',
  'providerOptions.anthropic.structuredOutputMode': 'response_format',
  'extended thinking': 'reasoning_effort',
  'adaptive thinking': 'reasoning_effort',
  budgetTokens: 'reasoning_effort',
};

/** How the packages say that a value went up after all, though not as it was. */
const IS_CHANGE = /clamp|limited|lowered|\busing\b/i;

/** What the SDK's package says it left out, in the words of the request that the client sent. */
export function addSdkWarnings(warnings: Warnings, given: readonly SharedV3Warning[]): void {
  for (const warning of given) {
    if (warning.type === 'other') {
      warnings.changed('messages');
      continue;
    }
    const param = FEATURE_TO_PARAM[warning.feature] ?? warning.feature;
    const isChange = warning.type === 'compatibility' || IS_CHANGE.test(warning.details ?? '');
    if (isChange) warnings.changed(param);
    else warnings.dropped(param);
  }
}
