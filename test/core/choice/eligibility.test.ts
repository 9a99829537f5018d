import { expect, test } from 'vitest';
import type { ChoiceInput } from '../../../src/core/choice/choice-input.ts';
import { decide } from '../../../src/core/choice/decide.ts';
import { BUILT_IN_STRATEGIES } from '../../../src/core/choice/strategy.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { measured, quality } from '../learning/evidence.ts';
import { chatModel, choiceInput, priceOf, profileOf } from './candidates.ts';

/** Reason by endpoint of those left out. */
function exclusionsOf(input: ChoiceInput): Record<string, string> {
  return Object.fromEntries(decide(input).excluded.map((one) => [one.endpointId, one.reason]));
}

test('what a model is and can do', () => {
  const models = [
    chatModel('fits', [priceOf(1, 1)], { capabilities: new Set(['tools', 'json']) }),
    chatModel('blind', [priceOf(1, 1)], { capabilities: new Set(['json']) }),
    chatModel('short', [priceOf(1, 1)], { capabilities: new Set(['tools']), contextLength: 1100 }),
    chatModel('terse', [priceOf(1, 1)], { capabilities: new Set(['tools']), maxOutputTokens: 100 }),
    chatModel('embedder', [priceOf(1, 1)], { type: 'embedding' }),
  ];
  const profile = profileOf({ needs: new Set(['tools']), inputTokens: 1000, maxOutputTokens: 101 });
  const input = choiceInput(models, { profile });
  expect(exclusionsOf(input)).toEqual({
    'p0/blind': 'missing_capability',
    'p0/short': 'context_length',
    'p0/terse': 'context_length',
    'p0/embedder': 'wrong_type',
  });
  expect(decide(input).ranking.map((arm) => arm.modelId)).toEqual(['fits']);
  const embedding = choiceInput(models, { type: 'embedding' });
  expect(decide(embedding).ranking.map((arm) => arm.modelId)).toEqual(['embedder']);
});

test("the caller's refusals are kept with the time they end", () => {
  const models = [chatModel('a', [priceOf(1, 1), priceOf(1, 1)]), chatModel('b')];
  const decision = decide(
    choiceInput(models, {
      refusalOf: (endpoint, model) => {
        if (endpoint.provider === 'p1') return { reason: 'cooling', retryAtMs: 5000 };
        return model.id === 'b' ? { reason: 'not_allowed_for_key' } : undefined;
      },
    }),
  );
  expect(decision.excluded).toEqual([
    { endpointId: 'p1/a', modelId: 'a', reason: 'cooling', retryAtMs: 5000 },
    { endpointId: 'p0/b', modelId: 'b', reason: 'not_allowed_for_key' },
  ]);
  expect(decision.ranking.map((arm) => arm.endpointId)).toEqual(['p0/a']);
});

test("the cost ceiling reads the expected cost, cut to the client's bound on tokens", () => {
  // 1000 tokens in at $1/M and about 200 out at $100/M: $0.021.
  const models = [chatModel('dear', [priceOf(1, 100)])];
  const over = (maxCostUsd: number, maxOutputTokens?: number) =>
    exclusionsOf(choiceInput(models, { limits: { maxCostUsd }, profile: profileOf({ maxOutputTokens }) }));
  expect(over(0.022)).toEqual({});
  expect(over(0.02)).toEqual({ 'p0/dear': 'over_cost_ceiling' });
  expect(over(0.002, 10)).toEqual({});
  expect(over(0.0019, 10)).toEqual({ 'p0/dear': 'over_cost_ceiling' });
});

test('the latency ceiling excludes only an endpoint whose speed is known', () => {
  const models = [chatModel('a', [priceOf(1, 1), priceOf(1, 1)])];
  const learner = createLearner({ models, random: createRandom(1) });
  const input = choiceInput(models, { learner, limits: { maxLatencyMs: 500 } });
  expect(exclusionsOf(input)).toEqual({});
  learner.apply(measured('ttft', 'p0/a', 'translation', 3000, 5));
  expect(exclusionsOf(input)).toEqual({ 'p0/a': 'over_latency_ceiling' });
});

test('the quality floor needs ten outcomes to exclude; the stricter of strategy and request counts', () => {
  const models = [chatModel('poor'), chatModel('unproven')];
  const learner = createLearner({ models, random: createRandom(1) });
  learner.apply(quality('poor', 'translation', 3, 6));
  learner.apply(quality('unproven', 'translation', 0, 3));
  const strategy = { ...BUILT_IN_STRATEGIES.cascade, minQuality: 0.2 };
  const input = choiceInput(models, { learner, strategy, limits: { minQuality: 0.6 } });
  expect(exclusionsOf(input)).toEqual({});
  learner.apply(quality('poor', 'translation', 0, 1));
  expect(exclusionsOf(input)).toEqual({ 'p0/poor': 'below_min_quality' });
  expect(exclusionsOf({ ...input, limits: {} })).toEqual({});
});
