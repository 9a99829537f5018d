import { expect, test } from 'vitest';
import { decideInTiers } from '../../../src/core/choice/decide-in-tiers.ts';
import { chatModel, choiceInput, priceOf } from './candidates.ts';

const [a, b, c] = [
  chatModel('a', [priceOf(9, 9)]),
  chatModel('b'),
  chatModel('c', [priceOf(1, 1), priceOf(2, 2)]),
];
const models = [a, b, c].filter((model) => model !== undefined);
const tierOf = (id: string, details = {}) =>
  choiceInput(models, {
    candidates: models
      .filter((model) => model.id === id)
      .flatMap((model) => model.endpoints.map((endpoint) => ({ model, endpoint }))),
    ...details,
  });

test('an earlier tier comes first whatever it costs, and the choice is made in it alone', () => {
  const { ranking, reason, excluded } = decideInTiers([
    tierOf('a', { isExplicit: true }),
    tierOf('c'),
    tierOf('b'),
  ]);
  expect(ranking.map(({ endpointId }) => endpointId)).toEqual(['p0/a', 'p0/c', 'p1/c', 'p0/b']);
  expect(ranking.map(({ propensity }) => propensity)).toEqual([1, 0, 0, 0]);
  expect({ reason, excluded }).toEqual({ reason: 'explicit', excluded: [] });
});

test('where nobody of the first can serve, the choice is the second tier’s, and all exclusions are told', () => {
  const refusalOf = () => ({ reason: 'cooling' as const, retryAtMs: 5 });
  const decision = decideInTiers([
    tierOf('a', { refusalOf, isExplicit: true }),
    tierOf('c', { explore: true }),
  ]);
  expect(decision.reason).toMatch(/^(auto|explore)$/);
  expect(decision.ranking.reduce((sum, { propensity }) => sum + propensity, 0)).toBeCloseTo(1, 9);
  expect(decision.excluded).toEqual([{ endpointId: 'p0/a', modelId: 'a', reason: 'cooling', retryAtMs: 5 }]);
});

test('nobody at all: an empty ranking with every reason', () => {
  const refusalOf = () => ({ reason: 'disabled' as const });
  const { ranking, excluded } = decideInTiers([tierOf('a', { refusalOf }), tierOf('c', { refusalOf })]);
  expect(ranking).toEqual([]);
  expect(excluded).toHaveLength(3);
});
