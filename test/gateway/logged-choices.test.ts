import { expect, test } from 'vitest';
import { momentsOf, NO_MOMENTS } from '../../src/core/learning/moments.ts';
import { type ChoiceReportDeps, readLoggedChoices } from '../../src/gateway/reports/logged-choices.ts';
import type { ChoiceSum } from '../../src/store/contract.ts';

function sumOf(size: ChoiceSum['size'], modelId: string, offered: number, costMicroUsd: number): ChoiceSum {
  return {
    task: 'translation',
    size,
    modelId,
    offered,
    supported: offered,
    expectedCostMicroUsd: offered * costMicroUsd,
    expectedSeconds: offered,
    costMicroUsd: modelId === 'wide' ? momentsOf(costMicroUsd, 0.5) : NO_MOMENTS,
    costErrorMicroUsd: NO_MOMENTS,
    seconds: NO_MOMENTS,
    secondsError: NO_MOMENTS,
    ratings: [],
  };
}

test('a model that long prompts do not fit into is not expected to cost for them what it does for short ones', async () => {
  const sums = [
    sumOf('small', 'wide', 10, 100),
    sumOf('small', 'narrow', 10, 50),
    sumOf('huge', 'wide', 10, 20_000),
  ];
  const models = ['wide', 'narrow', 'stranger'].map((id) => ({ id, type: 'chat' }));
  const deps = {
    live: { catalog: { models } },
    learner: {},
    store: { readChoices: async () => sums },
    nowMs: () => Date.UTC(2026, 10, 28),
  } as unknown as ChoiceReportDeps;
  const { groups, models: ids } = await readLoggedChoices(deps, {});
  const expected = (size: string, id: string) =>
    groups.find((group) => group.size === size)?.expectedCostUsd[ids.indexOf(id)];
  expect(expected('small', 'narrow')).toBeCloseTo(0.000_05, 12);
  // Half the price of the other, here as there.
  expect(expected('huge', 'narrow')).toBeCloseTo(0.01, 12);
  expect(expected('huge', 'stranger')).toBe(0);
});
