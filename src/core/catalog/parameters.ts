import type { Capability, Endpoint, Model } from './model.ts';

/** Sampling parameters of OpenAI's chat API, and those of others that servers of open models take. */
export const SAMPLING_PARAMETERS: readonly string[] = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'top_a',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'repetition_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
];

/** Those that only servers of open models take: said of a model only where the configuration says so. */
const NOT_USUAL: ReadonlySet<string> = new Set(['top_k', 'min_p', 'top_a', 'repetition_penalty']);

const CAPABILITY_TO_PARAMETERS: Readonly<Partial<Record<Capability, readonly string[]>>> = {
  tools: ['tools', 'tool_choice', 'parallel_tool_calls'],
  json: ['response_format'],
  reasoning: ['reasoning_effort'],
};

/** What requests may say to a chat model here: what one of its endpoints takes at least. Empty for models of other types. */
export function supportedParametersOf(model: Model): string[] {
  if (model.type !== 'chat') return [];
  const said = model.supportedParameters ?? SAMPLING_PARAMETERS.filter((name) => !NOT_USUAL.has(name));
  const names = [...said, ...[...model.capabilities].flatMap((one) => CAPABILITY_TO_PARAMETERS[one] ?? [])];
  return [...new Set(names)].filter((name) =>
    model.endpoints.some(({ unsupportedParameters }) => unsupportedParameters?.has(name) !== true),
  );
}

/** What an endpoint does not take: what is said of it or its model, and what a list of supported ones leaves out. */
export function unsupportedParametersOf(
  supported: readonly string[] | undefined,
  unsupported: readonly string[],
): Endpoint['unsupportedParameters'] {
  const left = supported === undefined ? [] : SAMPLING_PARAMETERS.filter((name) => !supported.includes(name));
  const names = new Set([...left, ...unsupported]);
  return names.size === 0 ? undefined : names;
}
