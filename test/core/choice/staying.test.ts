import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/choice/decide.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { quality } from '../learning/evidence.ts';
import { chatModel, choiceInput } from './candidates.ts';

const models = ['good', 'better', 'best'].map((id) => chatModel(id));
const learner = createLearner({ models, random: createRandom(1) });
learner.apply(quality('good', 'translation', 100, 100));
learner.apply(quality('better', 'translation', 120, 80));
learner.apply(quality('best', 'translation', 160, 40));

function decided(warmCacheUsd: number, details: object = {}) {
  const staying = { endpointId: 'p0/good', warmCacheUsd };
  return decide(choiceInput(models, { learner, staying, ...details }));
}

describe('a conversation', () => {
  test('stays while elsewhere is less to be gained than its cache saves: propensity 1, the best stand in', () => {
    const { reason, ranking, circumstances } = decided(0.03);
    expect(reason).toBe('sticky');
    expect(ranking.map(({ modelId }) => modelId)).toEqual(['good', 'best', 'better']);
    expect(ranking.map(({ propensity }) => propensity)).toEqual([1, 0, 0]);
    const gainUsd = (ranking[1]?.utilityUsd ?? 0) - (ranking[0]?.utilityUsd ?? 0);
    expect(gainUsd).toBeGreaterThan(0.005);
    expect(circumstances).toEqual({ costPenalty: undefined, staying: { warmCacheUsd: 0.03, gainUsd } });
    // One way or the other of the very gain.
    expect(decided(gainUsd).reason).toBe('sticky');
    expect(decided(gainUsd - 1e-9).reason).not.toBe('sticky');
  });

  test('that leaves is a request like any other: drawn, with its propensities', () => {
    const { reason, ranking, circumstances } = decided(0.0001);
    expect(['auto', 'explore']).toContain(reason);
    expect(ranking.reduce((sum, arm) => sum + arm.propensity, 0)).toBeCloseTo(1, 12);
    expect(circumstances).toBeUndefined();
  });

  test('leaves a model that may not serve it', () => {
    const refusalOf = (endpoint: { id: string }) =>
      endpoint.id === 'p0/good' ? ({ reason: 'breaker_open' } as const) : undefined;
    const { reason, ranking } = decided(1, { refusalOf });
    expect(reason).not.toBe('sticky');
    expect(ranking.map(({ modelId }) => modelId)).not.toContain('good');
    expect(decided(1, { limits: { minQuality: 0.55 } }).reason).not.toBe('sticky');
  });

  test('draws nothing while it stays', () => {
    let draws = 0;
    decided(1, {
      random: () => {
        draws += 1;
        return 0.5;
      },
    });
    expect(draws).toBe(0);
  });
});
