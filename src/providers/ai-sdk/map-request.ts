import type { JSONObject, LanguageModelV3CallOptions, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { type ChatRequest, recordOf, textOf } from './chat-request.ts';
import { claudeThinking } from './claude-generation.ts';
import { mapMessages } from './map-messages.ts';
import { mapReasoning } from './map-reasoning.ts';
import { mapResponseFormat } from './map-response-format.ts';
import { mapToolChoice } from './map-tool-choice.ts';
import { mapTools } from './map-tools.ts';
import type { Warnings } from './warnings.ts';

/** Members that are carried, or say nothing that a provider would have to know. */
const CARRIED = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'modalities',
  'functions',
  'function_call',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'cache_control',
]);

/**
 * A chat request as the options of one call by the SDK's package. Left out is only what changes little, and
 * `warnings` names each: what changes the answer has been refused before (`cannotCarry`).
 */
export function mapRequest(
  request: ChatRequest,
  tongue: Tongue,
  upstreamModel: string,
  warnings: Warnings,
): LanguageModelV3CallOptions {
  const mostTokens = numberOf(request.max_completion_tokens) ?? numberOf(request.max_tokens);
  const reasoning = mapReasoning(request, tongue, upstreamModel, mostTokens, warnings);
  const own = mapOwnOptions(request, tongue, upstreamModel, reasoning.options, warnings);
  for (const [name, value] of Object.entries(request)) {
    if (value !== null && !CARRIED.has(name) && !own.carried.includes(name)) warnings.dropped(name);
  }
  return {
    prompt: mapMessages(request.messages, tongue, warnings),
    maxOutputTokens: mostTokens === undefined ? undefined : mostTokens - reasoning.budgetTokens,
    temperature: numberOf(request.temperature),
    topP: numberOf(request.top_p),
    topK: numberOf(request.top_k),
    stopSequences: mapStop(request.stop),
    seed: numberOf(request.seed),
    // Zero asks for nothing, and would be warned about.
    presencePenalty: numberOf(request.presence_penalty) || undefined,
    frequencyPenalty: numberOf(request.frequency_penalty) || undefined,
    responseFormat: mapResponseFormat(request.response_format),
    tools: mapTools(request.tools, tongue, warnings),
    toolChoice: mapToolChoice(request.tool_choice),
    providerOptions: own.options,
  };
}

/** What has no place in the SDK's common options. */
function mapOwnOptions(
  request: ChatRequest,
  tongue: Tongue,
  upstreamModel: string,
  reasoning: JSONObject,
  warnings: Warnings,
): { readonly options: SharedV3ProviderOptions; readonly carried: readonly string[] } {
  const isOneByOne = request.parallel_tool_calls === false;
  switch (tongue) {
    case 'anthropic':
      return {
        options: {
          anthropic: {
            ...reasoning,
            ...(isOneByOne ? { disableParallelToolUse: true } : {}),
            ...(typeof request.user === 'string' ? { metadata: { userId: request.user } } : {}),
            ...(request.cache_control == null ? {} : { cacheControl: cacheControlOf(request.cache_control) }),
          },
        },
        carried: ['user'],
      };
    case 'bedrock':
      if (request.cache_control != null) warnings.dropped('cache_control');
      if (isOneByOne && claudeThinking(upstreamModel) === undefined) warnings.dropped('parallel_tool_calls');
      return {
        options: {
          bedrock: reasoning,
          ...(isOneByOne ? { anthropic: { disableParallelToolUse: true } } : {}),
        },
        carried: [],
      };
    case 'google':
      if (isOneByOne) warnings.dropped('parallel_tool_calls');
      if (request.cache_control != null) warnings.dropped('cache_control');
      return { options: { google: reasoning }, carried: [] };
  }
}

function cacheControlOf(hint: unknown): JSONObject {
  const ttl = textOf(recordOf(hint).ttl);
  return ttl === '5m' || ttl === '1h' ? { type: 'ephemeral', ttl } : { type: 'ephemeral' };
}

function mapStop(stop: unknown): string[] | undefined {
  if (typeof stop === 'string') return [stop];
  if (!Array.isArray(stop) || stop.length === 0) return undefined;
  return stop.filter((text): text is string => typeof text === 'string');
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
