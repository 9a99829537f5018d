import type { Capability, Endpoint, Model, Tongue } from './model.ts';

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

/** Without these another answer would be written: a request with one is refused, not sent without (`cannotCarry`). */
const NOT_CARRIED: ReadonlySet<string> = new Set(['n', 'logit_bias', 'logprobs', 'top_logprobs']);

const OF_OPEN_MODELS = ['min_p', 'top_a', 'repetition_penalty'];

/** What the language of a provider has no word for, and whose loss changes little: left out like any other parameter. */
export function parametersNotTaken(tongue: Tongue): readonly string[] {
  if (tongue === 'google') return OF_OPEN_MODELS;
  return [...OF_OPEN_MODELS, 'seed', 'frequency_penalty', 'presence_penalty'];
}

/** What requests may say to a chat model here: what one of its endpoints takes at least. Empty for models of other types. */
export function supportedParametersOf(model: Model): string[] {
  if (model.type !== 'chat') return [];
  const said = model.supportedParameters ?? SAMPLING_PARAMETERS.filter((name) => !NOT_USUAL.has(name));
  const names = [...said, ...[...model.capabilities].flatMap((one) => CAPABILITY_TO_PARAMETERS[one] ?? [])];
  return [...new Set(names)].filter((name) =>
    model.endpoints.some(
      ({ unsupportedParameters, tongue }) =>
        unsupportedParameters?.has(name) !== true && (tongue === undefined || !NOT_CARRIED.has(name)),
    ),
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
