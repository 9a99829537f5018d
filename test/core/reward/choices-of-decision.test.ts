import { expect, test } from 'vitest';
import { choicesOfDecision } from '../../../src/core/reward/choices-of-decision.ts';

test.each([
  ['{"choices":3,"ranking":[]}', 3],
  ['{"ranking":[]}', 1],
  ['{"choices":0}', 1],
  ['{"choices":"4"}', 1],
  ['null', 1],
  ['', 1],
])('%s asks for %i', (decision, choices) => {
  expect(choicesOfDecision(decision)).toBe(choices);
});
