import { estimateTextTokens, estimateValueTokens } from '../../../core/task/token-estimate.ts';
import { isObject } from '../../../core/wire/json-value.ts';
import type { RequestBody } from '../job.ts';
import type { Operation } from '../operation.ts';
import { jsonOperation } from './json-operation.ts';
import { meterTokensIn } from './meter-input.ts';
import { NO_NEEDS } from './no-needs.ts';

export interface ModerationBody extends RequestBody {
  /** A text, texts, or the parts of one input (texts and pictures). */
  readonly input: string | readonly (string | Readonly<Record<string, unknown>>)[];
}

/** `POST /v1/moderations` */
export const MODERATION: Operation<ModerationBody> = jsonOperation<ModerationBody>({
  name: 'moderation',
  type: 'moderation',
  upstreamPath: '/moderations',
  profile({ body: { input } }) {
    const inputs = typeof input === 'string' ? [input] : input;
    return {
      task: 'moderation',
      confidence: 1,
      complexity: 0,
      language: 'und',
      needs: NO_NEEDS,
      inputTokens: inputs.reduce((sum, one) => sum + tokensOf(one), 0),
      contextTokens: 0,
      choices: 1,
      answerTokens: 0,
      isTimedWhole: true,
    };
  },
  flawOf: ({ results }, { body }) => flawOfResults(results, body),
  meter: meterTokensIn,
});

function tokensOf(input: ModerationBody['input'][number]): number {
  return typeof input === 'string' ? estimateTextTokens(input) : estimateValueTokens(input);
}

function flawOfResults(results: unknown, { input }: ModerationBody): string | undefined {
  if (!Array.isArray(results) || results.length === 0) return 'no results';
  const asked = Array.isArray(input) && typeof input[0] === 'string' ? input.length : 1;
  if (results.length !== asked) return `${results.length} results for ${asked} inputs`;
  const isWhole = results.every((result) => isObject(result) && typeof result.flagged === 'boolean');
  return isWhole ? undefined : 'a result that says neither yes nor no';
}
