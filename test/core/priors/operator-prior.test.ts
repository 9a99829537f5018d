import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../src/core/evaluation/evaluation.ts';
import { withEvaluations } from '../../../src/core/priors/operator-prior.ts';
import type { PriorCell } from '../../../src/core/priors/shipped-prior.ts';
import type { Task } from '../../../src/core/task/task.ts';

const IDS = new Set(['a', 'b']);
const NOTHING = new Map<string, ReadonlyMap<Task, PriorCell>>();

function evaluation(scores: readonly (readonly [string, number, number])[], name = 'e'): Evaluation {
  return {
    name,
    pushedAtMs: 0,
    scores: scores.map(([modelId, score, samples]) => ({ modelId, task: 'translation', score, samples })),
  };
}

function cellOf(evaluations: readonly Evaluation[], modelId: string, before = NOTHING) {
  return withEvaluations(before, evaluations, IDS).get(modelId)?.get('translation');
}

describe('an evaluation as a prior', () => {
  it('by hand: deviation from the average that leans on two of .65, strength the samples', () => {
    const evaluations = [
      evaluation([
        ['a', 0.9, 300],
        ['b', 0.5, 15],
      ]),
    ];
    const average = (1 * 0.9 + 0.5 * 0.5 + 2 * 0.65) / (1 + 0.5 + 2);
    expect(cellOf(evaluations, 'a')).toEqual({ deviation: expect.closeTo(0.9 - average, 12), strength: 30 });
    expect(cellOf(evaluations, 'b')).toEqual({ deviation: expect.closeTo(0.5 - average, 12), strength: 15 });
  });

  it('replaces what was known before in proportion, all of it from 30 samples on', () => {
    const before = new Map([
      ['a', new Map<Task, PriorCell>([['translation', { deviation: -0.2, strength: 20 }]])],
    ]);
    const full = cellOf([evaluation([['a', 0.65, 30]])], 'a', before);
    expect(full).toEqual({ deviation: expect.closeTo(0, 12), strength: 30 });
    const half = cellOf([evaluation([['a', 0.65, 15]])], 'a', before);
    expect(half).toEqual({ deviation: expect.closeTo((10 * -0.2) / 25, 12), strength: 25 });
    expect(before.get('a')?.get('translation')?.strength).toBe(20);
  });

  it('pools evaluations by their samples; many of them count no more than one', () => {
    const pooled = cellOf([evaluation([['a', 1, 10]], 'x'), evaluation([['a', 0, 30]], 'y')], 'a');
    const single = cellOf([evaluation([['a', 0.25, 40]])], 'a');
    expect(pooled).toEqual(single);
    const many = Array.from({ length: 100 }, (_, index) => evaluation([['a', 0.25, 1_000_000]], `e${index}`));
    expect(cellOf(many, 'a')).toEqual(single);
  });

  it('says nothing of models that are not here, and leaves other tasks alone', () => {
    const after = withEvaluations(
      NOTHING,
      [
        evaluation([
          ['gone', 1, 30],
          ['a', 0.5, 30],
        ]),
      ],
      IDS,
    );
    expect([...after.keys()]).toEqual(['a']);
    expect([...(after.get('a')?.keys() ?? [])]).toEqual(['translation']);
    expect(after.get('a')?.get('translation')?.deviation).toBeCloseTo(0.5 - (0.5 + 1.3) / 3, 12);
  });
});
