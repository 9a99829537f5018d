import { expect, test } from 'vitest';
import { createBudgets, readPacerStates } from '../../../src/core/choice/budgets.ts';
import { BUILT_IN_STRATEGIES } from '../../../src/core/choice/strategy.ts';

const plain = BUILT_IN_STRATEGIES.balanced;
const thrifty = { ...plain, name: 'thrifty', budgetUsdPer1kRequests: 2 };

test('strategies without a budget cost nothing more and have no standing', () => {
  const budgets = createBudgets({ plain, thrifty });
  budgets.spent('balanced', 1e9, true);
  budgets.spent('thrifty', 4000, true);
  expect(budgets.costPenaltyOf(plain)).toBe(0);
  expect(budgets.standingOf(plain)).toBeUndefined();
  expect(budgets.costPenaltyOf(thrifty)).toBeGreaterThan(0);
  expect(budgets.standingOf(thrifty)).toMatchObject({ usdPer1kRequests: 2 });
  expect(Object.keys(budgets.states())).toEqual(['thrifty']);
});

test('what was stored is read again, and nothing that makes no sense', () => {
  const budgets = createBudgets({ thrifty });
  budgets.spent('thrifty', 4000, true);
  const states = readPacerStates(JSON.stringify(budgets.states()));
  expect(states).toEqual(budgets.states());
  expect(createBudgets({ thrifty }, states).states()).toEqual(budgets.states());
  const good = { targetUsd: 1, meanCostUsd: 0, multiplier: 0 };
  expect(
    readPacerStates(
      JSON.stringify({
        good,
        free: { ...good, targetUsd: 0 },
        negative: { ...good, multiplier: -1 },
        text: { ...good, meanCostUsd: '1' },
        nothing: null,
        missing: {},
      }),
    ),
  ).toEqual({ good });
  for (const text of ['', 'null', '7', '[', '"x"']) expect(readPacerStates(text)).toEqual({});
});

test('a budget that goes and comes back starts anew', () => {
  const budgets = createBudgets({ thrifty });
  budgets.spent('thrifty', 4000, true);
  budgets.setStrategies({ plain });
  budgets.setStrategies({ thrifty });
  expect(budgets.costPenaltyOf(thrifty)).toBe(0);
});
