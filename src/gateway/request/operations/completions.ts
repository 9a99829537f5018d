import { checkAnswer } from '../../../core/reward/check-answer.ts';
import { estimateTextTokens } from '../../../core/task/token-estimate.ts';
import { tokensShown, withAdditions } from '../answer-body.ts';
import type { TokensBody } from '../job.ts';
import { meterTokens } from '../meter-tokens.ts';
import type { Operation } from '../operation.ts';
import { upstreamBody } from '../upstream-body.ts';
import { lastChunk, wantsOneUsage } from './chat.ts';
import { jsonOperation } from './json-operation.ts';
import { NO_NEEDS } from './no-needs.ts';

export interface CompletionsBody extends TokensBody {
  /** A text, texts, tokens, or lists of tokens. */
  readonly prompt: string | readonly (string | number | readonly number[])[];
  readonly max_tokens?: number | null;
  readonly n?: number | null;
  readonly best_of?: number | null;
}

/** What OpenAI's API writes at most when nothing is said. */
const USUAL_TOKENS = 16;

/** `POST /v1/completions`: text that goes on where a prompt ends, of models of type `completion` only. */
export const COMPLETIONS: Operation<CompletionsBody> = jsonOperation<CompletionsBody>({
  name: 'completions',
  type: 'completion',
  upstreamPath: '/completions',
  isStream: ({ body }) => body.stream === true,
  encode: upstreamBody,
  profile({ body }) {
    const prompts = promptsOf(body);
    const tokens = prompts.map((one) => (typeof one === 'string' ? estimateTextTokens(one) : one.length));
    return {
      task: 'text_completion',
      confidence: 1,
      complexity: 0,
      language: 'und',
      needs: NO_NEEDS,
      inputTokens: tokens.reduce((sum, one) => sum + one, 0),
      contextTokens: Math.max(...tokens),
      maxOutputTokens: body.max_tokens ?? USUAL_TOKENS,
      choices: (body.n ?? 1) * prompts.length,
    };
  },
  answerForm: () => 'completion',
  clearsUsage: wantsOneUsage,
  check: ({ body }, { facts }) =>
    checkAnswer(
      {
        responseFormat: undefined,
        tools: [],
        toolChoice: undefined,
        maxTokensBound: body.max_tokens ?? USUAL_TOKENS,
      },
      facts,
    ),
  meter: meterTokens,
  answerBody: (answer, end, said, additions) =>
    withAdditions(answer.body, answer.json ?? {}, tokensShown(end, said), additions),
  lastEvents: (ended) => lastChunk(ended, 'text_completion', 'cmpl'),
});

function promptsOf({ prompt }: CompletionsBody): readonly (string | readonly number[])[] {
  if (typeof prompt === 'string') return [prompt];
  return typeof prompt[0] === 'number' ? [prompt as readonly number[]] : (prompt as readonly string[]);
}
