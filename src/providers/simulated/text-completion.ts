import type { Random } from '../../core/learning/random.ts';
import { estimateTextTokens } from '../../core/task/token-estimate.ts';
import { type JsonObject, listOf, objectOf, textOf } from '../../core/wire/json-value.ts';
import { tokensOf } from './answer.ts';
import { answerText } from './answer-text.ts';
import { ApiError } from './api-error.ts';
import type { SimulatedModelFacts } from './catalog.ts';
import { drawQuality } from './draw.ts';
import { modelOfType } from './model-of-type.ts';

const USUAL_TOKENS = 16;

/** Everything of one answer to `POST /v1/completions`, before it is written as JSON or as a stream. */
export interface TextCompletion {
  readonly model: SimulatedModelFacts;
  readonly isStream: boolean;
  readonly includesUsage: boolean;
  readonly choices: readonly { readonly tokens: readonly string[]; readonly finishReason: string }[];
  readonly usage: Readonly<Record<string, number>>;
  readonly createdAtSeconds: number;
}

/** @throws ApiError */
export function completeText(body: JsonObject, random: Random, createdAtSeconds: number): TextCompletion {
  const model = modelOfType(body, 'completion');
  const { prompt } = body;
  // Clients say null for what they leave to the provider.
  const most = body.max_tokens ?? USUAL_TOKENS;
  const count = body.n ?? 1;
  const isTokens = Array.isArray(prompt) && typeof prompt[0] === 'number';
  const prompts = (Array.isArray(prompt) && !isTokens ? listOf(prompt) : [prompt]).map((one) =>
    Array.isArray(one) ? one.join(' ') : textOf(one),
  );
  if (typeof most !== 'number' || most < 1)
    throw new ApiError(400, "'max_tokens' must be at least 1.", 'max_tokens');
  const promptTokens = prompts.reduce((sum, one) => sum + estimateTextTokens(one), 0);
  const choices = prompts.flatMap((one) =>
    Array.from({ length: Number(count) }, () => {
      const quality = drawQuality(model.skill ?? 0.5, random);
      const text = answerText({ task: 'creative_writing', prompt: one, quality, modelId: model.id, random });
      const tokens = tokensOf(` ${text}`);
      const isCut = tokens.length > most;
      return { tokens: isCut ? tokens.slice(0, most) : tokens, finishReason: isCut ? 'length' : 'stop' };
    }),
  );
  const completionTokens = choices.reduce((sum, { tokens }) => sum + tokens.length, 0);
  return {
    model,
    isStream: body.stream === true,
    includesUsage: objectOf(body.stream_options).include_usage === true,
    choices,
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
    createdAtSeconds,
  };
}

export function textCompletionBody(completion: TextCompletion): Record<string, unknown> {
  const choices = completion.choices.map(({ tokens, finishReason }, index) => ({
    text: tokens.join(''),
    index,
    logprobs: null,
    finish_reason: finishReason,
  }));
  return { ...headOf(completion), choices, usage: completion.usage };
}

export function textCompletionEvents(completion: TextCompletion): string[] {
  const chunks = completion.choices.flatMap(({ tokens, finishReason }, index) => [
    ...tokens.map((text) => ({ text, index, logprobs: null, finish_reason: null as string | null })),
    { text: '', index, logprobs: null, finish_reason: finishReason },
  ]);
  const events: object[] = chunks.map((choice) => ({ ...headOf(completion), choices: [choice] }));
  if (completion.includesUsage) {
    events.push({ ...headOf(completion), choices: [], usage: completion.usage });
  }
  return [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n'];
}

function headOf({ model, createdAtSeconds }: TextCompletion) {
  return { id: 'cmpl-sim', object: 'text_completion', created: createdAtSeconds, model: model.id };
}
