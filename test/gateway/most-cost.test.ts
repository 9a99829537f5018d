import { expect, test } from 'vitest';
import type { Candidate } from '../../src/core/choice/choice-input.ts';
import type { RequestProfile } from '../../src/core/task/task.ts';
import { mostCostMicroUsd } from '../../src/gateway/admission/most-cost.ts';

/** Answers of 100 tokens in the median; nine of ten are shorter than 100·e^(1.2816·0.5) = 189.8. */
const learner = {
  answerSizeOf: () => ({ logMean: Math.log(100), logVariance: 0.16, logMeanVariance: 0.09, samples: 20 }),
};
const candidate = (maxOutputTokens?: number) =>
  ({
    model: { id: 'm', contextLength: 128_000, maxOutputTokens },
    endpoint: { price: { inputUsdPerMillion: 1, outputUsdPerMillion: 10, cachedInputUsdPerMillion: 0 } },
  }) as unknown as Candidate;
const profile = (more: Partial<RequestProfile>) =>
  ({ task: 'summarization', inputTokens: 50, choices: 1, ...more }) as RequestProfile;

test.each([
  ['as long as the request allows', { maxOutputTokens: 4_000 }, undefined, 50 + 40_000],
  ['for each choice', { maxOutputTokens: 4_000, choices: 3 }, undefined, 50 + 120_000],
  ['no longer than the model can write', { maxOutputTokens: 4_000 }, 1_000, 50 + 10_000],
  ['without a bound, as nine of ten answers', {}, undefined, 50 + 1_900],
  ['and no longer than the model can write', {}, 60, 50 + 600],
  ['of a known length, that', { answerTokens: 0 }, undefined, 50],
])('an answer is taken to be %s', (_what, request, modelBound, microUsd) => {
  expect(mostCostMicroUsd(learner, profile(request), candidate(modelBound))).toBe(microUsd);
});
