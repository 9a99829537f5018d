import { expect, it } from 'vitest';
import type { Evaluation } from '../../../src/core/evaluation/evaluation.ts';
import type { Databases } from '../each-database.ts';

const NIGHTLY: Evaluation = {
  name: 'nightly',
  pushedAtMs: 1_700_000_000_000,
  scores: [
    { modelId: 'large', task: 'translation', score: 0.75, samples: 40 },
    { modelId: 'small', task: 'translation', score: 1 / 3, samples: 3 },
  ],
};

export function evaluationsContract({ createUrl, open }: Databases): void {
  it('are listed by name as they were pushed, also by others and after a restart', async () => {
    const url = await createUrl();
    const store = await open(url);
    expect(await store.listEvaluations()).toEqual([]);
    await store.saveEvaluation(NIGHTLY);
    await store.saveEvaluation({ ...NIGHTLY, name: 'a', scores: NIGHTLY.scores.slice(0, 1) });
    const others = await (await open(url)).listEvaluations();
    expect(others).toEqual([{ ...NIGHTLY, name: 'a', scores: NIGHTLY.scores.slice(0, 1) }, NIGHTLY]);
  });

  it('of the same name replace each other whole', async () => {
    const store = await open(await createUrl());
    await store.saveEvaluation(NIGHTLY);
    const next: Evaluation = {
      name: 'nightly',
      pushedAtMs: NIGHTLY.pushedAtMs + 1,
      scores: [{ modelId: 'large', task: 'extraction', score: 0, samples: 1 }],
    };
    await store.saveEvaluation(next);
    expect(await store.listEvaluations()).toEqual([next]);
  });

  it('pushed by many at once under one name leave one of them, never a mixture', async () => {
    const url = await createUrl();
    const stores = [await open(url), await open(url)];
    const pushed = Array.from(
      { length: 12 },
      (_, index): Evaluation => ({
        name: 'same',
        pushedAtMs: index,
        scores: ['x', 'y', `only-${index}`].map((modelId) => ({
          modelId,
          task: 'unknown',
          score: index / 12,
          samples: index + 1,
        })),
      }),
    );
    await Promise.all(pushed.map((one, index) => stores[index % 2]?.saveEvaluation(one)));
    const [left, ...more] = (await stores[0]?.listEvaluations()) ?? [];
    expect(more).toEqual([]);
    const origin = pushed.find(({ pushedAtMs }) => pushedAtMs === left?.pushedAtMs);
    expect(new Set(left?.scores)).toEqual(new Set(origin?.scores));
  });

  it('are deleted by name, once', async () => {
    const store = await open(await createUrl());
    await store.saveEvaluation(NIGHTLY);
    await store.saveEvaluation({ ...NIGHTLY, name: 'other' });
    expect(await store.deleteEvaluation('nightly')).toBe(true);
    expect(await store.deleteEvaluation('nightly')).toBe(false);
    expect((await store.listEvaluations()).map(({ name }) => name)).toEqual(['other']);
  });

  it('skip what no honest writer could have left', async () => {
    const store = await open(await createUrl());
    const bad = (score: number, samples: number) => ({
      modelId: `m${score}${samples}`,
      task: 'translation' as const,
      score,
      samples,
    });
    await store.saveEvaluation({ ...NIGHTLY, scores: [bad(2, 1), bad(-1, 1), bad(0.5, 0), bad(0.5, 7)] });
    expect((await store.listEvaluations())[0]?.scores).toEqual([bad(0.5, 7)]);
  });
}
