import type { Random } from '../../core/learning/random.ts';
import type { Answer, Choice } from './answer.ts';
import type { ChatRequest } from './chat-request.ts';

/** What is the same in every piece of one answer. */
export interface Envelope {
  readonly request: ChatRequest;
  readonly answer: Answer;
  readonly createdAtSeconds: number;
  readonly cachedTokens: number;
}

type Json = Record<string, unknown>;

const FINGERPRINT = 'fp_simulated';

/** A `CreateChatCompletionResponse`, with what was drawn under `simulated`. */
export function completionBody(envelope: Envelope): Json {
  const { answer, request } = envelope;
  return {
    ...head(envelope, 'chat.completion'),
    choices: answer.choices.map((choice, index) => ({
      index,
      message: message(choice),
      logprobs: logprobs(choice, choice.tokens, request.topLogprobs, answer.random),
      finish_reason: choice.finishReason,
    })),
    usage: usage(envelope),
    simulated: drawn(answer),
  };
}

/** Opens one choice of a stream: the role, or the name of the tool that is called. */
export function firstChunk(envelope: Envelope, index: number, choice: Choice): Json {
  const call = choice.toolCall;
  const delta =
    call === undefined
      ? { role: 'assistant', content: '', refusal: null }
      : {
          role: 'assistant',
          content: null,
          tool_calls: [
            { index: 0, id: call.id, type: 'function', function: { name: call.name, arguments: '' } },
          ],
        };
  return chunk(envelope, [{ index, delta, logprobs: null, finish_reason: null }]);
}

export function tokenChunk(envelope: Envelope, index: number, choice: Choice, token: string): Json {
  const delta =
    choice.toolCall === undefined
      ? { content: token }
      : { tool_calls: [{ index: 0, function: { arguments: token } }] };
  const probabilities = logprobs(choice, [token], envelope.request.topLogprobs, envelope.answer.random);
  return chunk(envelope, [{ index, delta, logprobs: probabilities, finish_reason: null }]);
}

export function finishChunk(envelope: Envelope, index: number, choice: Choice): Json {
  const choices = [{ index, delta: {}, logprobs: null, finish_reason: choice.finishReason }];
  return { ...chunk(envelope, choices), simulated: drawn(envelope.answer) };
}

/** The last chunk of a stream whose request asked for usage. */
export function usageChunk(envelope: Envelope): Json {
  return { ...chunk(envelope, []), usage: usage(envelope) };
}

function chunk(envelope: Envelope, choices: readonly Json[]): Json {
  const body = { ...head(envelope, 'chat.completion.chunk'), choices };
  return envelope.request.includesUsage ? { ...body, usage: null } : body;
}

function head({ answer, request, createdAtSeconds }: Envelope, object: string): Json {
  return {
    id: answer.id,
    object,
    created: createdAtSeconds,
    model: request.model.id,
    system_fingerprint: FINGERPRINT,
  };
}

function message(choice: Choice): Json {
  const text = choice.tokens.join('');
  const call = choice.toolCall;
  if (call === undefined) return { role: 'assistant', content: text, refusal: null };
  const called = { id: call.id, type: 'function', function: { name: call.name, arguments: text } };
  return { role: 'assistant', content: null, refusal: null, tool_calls: [called] };
}

function usage({ answer, request, cachedTokens }: Envelope): Json {
  return {
    prompt_tokens: request.promptTokens,
    completion_tokens: answer.completionTokens,
    total_tokens: request.promptTokens + answer.completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function drawn({ quality, task }: Answer): Json {
  return { quality, task };
}

/** Log probabilities of the right shape and sign; they mean nothing. */
function logprobs(
  choice: Choice,
  tokens: readonly string[],
  alternatives: number | undefined,
  random: Random,
): Json | null {
  if (alternatives === undefined || choice.toolCall !== undefined) return null;
  const content = tokens.map((token) => {
    const own = tokenLogprob(token, -0.5 * random());
    const others = Array.from({ length: Math.max(0, alternatives - 1) }, (_, rank) =>
      tokenLogprob(` alternative${rank + 1}`, own.logprob - 1 - rank),
    );
    return { ...own, top_logprobs: alternatives === 0 ? [] : [own, ...others] };
  });
  return { content, refusal: null };
}

function tokenLogprob(token: string, logprob: number): { token: string; logprob: number; bytes: number[] } {
  return { token, logprob, bytes: [...Buffer.from(token)] };
}
