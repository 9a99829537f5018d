import { expect, test } from 'vitest';
import type { RankedCandidate } from '../../../src/core/choice/decision.ts';
import { createDryRunTally } from '../../../src/core/choice/dry-run-tally.ts';

function ranked(modelId: string, expectedCostMicroUsd: number, quality: number): RankedCandidate {
  return {
    endpointId: `p/${modelId}`,
    modelId,
    provider: 'p',
    propensity: 1,
    utilityUsd: 0,
    quality,
    expectedCostMicroUsd,
    expectedOutputTokens: 10,
    expectedTtftMs: 1,
    expectedLatencyMs: 2,
  };
}

test('sums by strategy and task; nobody to choose leaves the baseline what it is', () => {
  const tally = createDryRunTally();
  const habit = ranked('habit', 2_000_000, 0.5);
  const translation = { task: 'translation', strategy: 'balanced' } as const;
  tally.record(translation, habit, ranked('cheap', 500_000, 0.75));
  tally.record(translation, habit, habit);
  tally.record({ ...translation, task: 'extraction' }, habit, undefined);
  tally.record({ ...translation, strategy: 'price' }, habit, ranked('cheap', 1, 1));
  expect(tally.read('balanced', 'translation')).toEqual({
    requests: 2,
    agreed: 1,
    baselineCostUsd: 4,
    choiceCostUsd: 2.5,
    baselineQuality: 1,
    choiceQuality: 1.25,
    modelToChoices: new Map([
      ['cheap', 1],
      ['habit', 1],
    ]),
  });
  expect(tally.read('balanced')).toMatchObject({ requests: 3, agreed: 2, choiceCostUsd: 4.5 });
  expect(tally.read('quality')).toMatchObject({ requests: 0, modelToChoices: new Map() });
  tally.reset();
  expect(tally.read('balanced').requests).toBe(0);
});
