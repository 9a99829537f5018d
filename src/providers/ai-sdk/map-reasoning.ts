import type { JSONObject } from '@ai-sdk/provider';
import type { Tongue } from '../../core/catalog/model.ts';
import { type ChatRequest, listOf, recordOf } from './chat-request.ts';
import { claudeThinking } from './claude-generation.ts';
import type { Warnings } from './warnings.ts';

export interface Reasoning {
  /** Members of the provider's own options. */
  readonly options: JSONObject;
  /** Tokens of thinking that the package adds to the bound on the answer. At OpenAI the bound holds for both. */
  readonly budgetTokens: number;
}

const NOTHING: Reasoning = { options: {}, budgetTokens: 0 };

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof EFFORTS)[number];

/** As Google's own OpenAI-compatible address translates them. */
const EFFORT_TO_TOKENS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};
/** Anthropic takes no smaller budget. */
const LEAST_TOKENS = 1_024;

/** `reasoning_effort`, or `effort` in OpenRouter's `reasoning`, in the words of the provider and the model. */
export function mapReasoning(
  request: ChatRequest,
  tongue: Tongue,
  upstreamModel: string,
  mostTokens: number | undefined,
  warnings: Warnings,
): Reasoning {
  const effort = effortOf(request, warnings);
  if (effort === undefined) return NOTHING;
  if (tongue === 'google') return ofGemini(effort, upstreamModel, warnings);
  const thinking = claudeThinking(upstreamModel);
  if (thinking === undefined) return ofOther(effort, tongue, upstreamModel, warnings);
  if (thinking === 'none') return leftOut(effort, warnings);
  const name = tongue === 'anthropic' ? 'thinking' : 'reasoningConfig';
  if (effort === 'none') return { options: { [name]: { type: 'disabled' } }, budgetTokens: 0 };
  if (isInToolLoopWithoutThinking(request.messages, tongue)) return leftOut(effort, warnings);
  if (thinking === 'budget') return byBudget(effort, name, mostTokens, warnings);
  const word = effort === 'minimal' ? 'low' : effort;
  const adaptive = { type: 'adaptive', display: 'summarized' };
  const options: JSONObject =
    tongue === 'anthropic'
      ? { thinking: adaptive, effort: word }
      : { reasoningConfig: { ...adaptive, maxReasoningEffort: word } };
  return { options, budgetTokens: 0 };
}

function effortOf(request: ChatRequest, warnings: Warnings): Effort | undefined {
  const said = request.reasoning_effort ?? recordOf(request.reasoning).effort;
  if (said == null) {
    if (request.reasoning != null) warnings.dropped('reasoning');
    return undefined;
  }
  const effort = EFFORTS.find((known) => known === said);
  if (effort === undefined) warnings.dropped('reasoning_effort');
  return effort;
}

/** Who asks for no thinking of a model that has none gets it. */
function leftOut(effort: Effort, warnings: Warnings): Reasoning {
  if (effort !== 'none') warnings.dropped('reasoning_effort');
  return NOTHING;
}

/** At most half of what the client allows in all; under the least budget there is no thinking. */
function byBudget(
  effort: Effort,
  name: string,
  mostTokens: number | undefined,
  warnings: Warnings,
): Reasoning {
  const most = mostTokens === undefined ? Number.POSITIVE_INFINITY : Math.floor(mostTokens / 2);
  const budgetTokens = Math.min(EFFORT_TO_TOKENS[effort], most);
  if (budgetTokens < LEAST_TOKENS) return leftOut(effort, warnings);
  return { options: { [name]: { type: 'enabled', budgetTokens } }, budgetTokens };
}

function ofGemini(effort: Effort, upstreamModel: string, warnings: Warnings): Reasoning {
  // Names without a number, as `gemini-flash-latest`, are the newest; Gemma does not think.
  const isGemini = upstreamModel.includes('gemini');
  const generation = isGemini ? Number(/gemini-(\d+(?:\.\d+)?)/.exec(upstreamModel)?.[1] ?? 3) : 0;
  if (generation < 2.5) return leftOut(effort, warnings);
  if (generation < 3) {
    const isPro = upstreamModel.includes('pro');
    // It thinks always, then at least the least.
    if (effort === 'none' && isPro) warnings.changed('reasoning_effort');
    const thinkingBudget = effort === 'none' && isPro ? 128 : EFFORT_TO_TOKENS[effort];
    return {
      options: { thinkingConfig: { thinkingBudget, includeThoughts: thinkingBudget > 0 } },
      budgetTokens: 0,
    };
  }
  if (effort === 'none') warnings.changed('reasoning_effort');
  return {
    options: { thinkingConfig: { thinkingLevel: geminiLevel(effort, upstreamModel), includeThoughts: true } },
    budgetTokens: 0,
  };
}

function geminiLevel(effort: Effort, upstreamModel: string): string {
  if (effort === 'none' || effort === 'minimal') return upstreamModel.includes('pro') ? 'low' : 'minimal';
  return effort === 'xhigh' || effort === 'max' ? 'high' : effort;
}

/** Models at Bedrock that are no Claudes: OpenAI's and Amazon's own take an effort. */
function ofOther(effort: Effort, tongue: Tongue, upstreamModel: string, warnings: Warnings): Reasoning {
  const isOpenai = /(^|\.)openai\./.test(upstreamModel);
  const isNova = /(^|\.)amazon\.nova-2/.test(upstreamModel);
  if (tongue !== 'bedrock' || !(isOpenai || isNova)) return leftOut(effort, warnings);
  if (effort === 'none') {
    warnings.dropped('reasoning_effort');
    return NOTHING;
  }
  const maxReasoningEffort =
    effort === 'minimal' ? 'low' : effort === 'xhigh' || effort === 'max' ? 'high' : effort;
  return {
    options: { reasoningConfig: isNova ? { type: 'enabled', maxReasoningEffort } : { maxReasoningEffort } },
    budgetTokens: 0,
  };
}

/**
 * Whether the model waits for a tool that it called in a turn whose thinking is gone. With thinking on, Anthropic
 * refuses that; the turn goes on without.
 */
function isInToolLoopWithoutThinking(messages: readonly unknown[], tongue: Tongue): boolean {
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = recordOf(messages[index]);
    if (message.role === 'user') return false;
    if (message.role !== 'assistant' || listOf(message.tool_calls).length === 0) continue;
    return !listOf(message.reasoning_details).some((detail) => recordOf(detail).format === tongue);
  }
  return false;
}
