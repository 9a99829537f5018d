import { expect, test } from 'vitest';
import type { RankedCandidate } from '../../../src/core/choice/decision.ts';
import { chanceOf, isFreeChoice } from '../../../src/core/choice/free-choice.ts';

const ranked = (modelId: string, propensity: number): RankedCandidate => ({
  endpointId: `acme/${modelId}`,
  modelId,
  provider: 'acme',
  propensity,
  utilityUsd: 0,
  quality: 0.5,
  expectedCostMicroUsd: 1,
  expectedOutputTokens: 1,
  expectedTtftMs: 1,
  expectedLatencyMs: 1,
});
const two = [ranked('large', 0.75), ranked('small', 0.25)];

test.each(['auto', 'explore'])('%s is free where chance chose among models', (reason) => {
  expect(isFreeChoice({ reason, isDrawn: true, ranking: two })).toBe(true);
});

test.each(['explicit', 'sticky', 'dry-run', 'judge'])('%s is not', (reason) => {
  expect(isFreeChoice({ reason, isDrawn: true, ranking: two })).toBe(false);
});

test('an order by config, cost or mean utility is not, nor the choice of one model', () => {
  expect(isFreeChoice({ reason: 'auto', isDrawn: false, ranking: two })).toBe(false);
  expect(isFreeChoice({ reason: 'auto', ranking: two })).toBe(false);
  expect(isFreeChoice({ reason: 'auto', isDrawn: true, ranking: [ranked('large', 1)] })).toBe(false);
  const endpoints = [ranked('large', 0.5), ranked('large', 0.5)];
  expect(isFreeChoice({ reason: 'auto', isDrawn: true, ranking: endpoints })).toBe(false);
  expect(isFreeChoice({ reason: 'auto', isDrawn: true, ranking: [] })).toBe(false);
});

test('a model has the chance of all its endpoints, to a billionth', () => {
  expect(chanceOf([...two, ranked('large', 1e-10)], 'large')).toBe(0.75);
  expect(chanceOf([ranked('large', 0.1), ranked('small', 0.7), ranked('large', 0.2)], 'large')).toBe(0.3);
  expect(chanceOf(two, 'tiny')).toBe(0);
  expect(chanceOf([ranked('large', 0.7), ranked('large', 0.4)], 'large')).toBe(1);
});
