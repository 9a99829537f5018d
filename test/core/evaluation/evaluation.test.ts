import { describe, expect, it } from 'vitest';
import { type EvaluationRow, scoresOfRows } from '../../../src/core/evaluation/evaluation.ts';

const row = (changes: Partial<EvaluationRow>): EvaluationRow => ({
  modelId: 'm',
  task: undefined,
  prompt: undefined,
  score: 1,
  samples: 1,
  ...changes,
});
const scores = (rows: readonly EvaluationRow[]) => scoresOfRows(rows, async () => undefined);

describe('rows to scores', () => {
  it('are means by model and task, weighted by samples', async () => {
    const rows = [
      row({ task: 'translation', score: 1, samples: 3 }),
      row({ task: 'translation', score: 0 }),
      row({ task: 'extraction', score: 0.5 }),
      row({ modelId: 'n', task: 'translation', score: 0.25 }),
    ];
    expect(await scores(rows)).toEqual([
      { modelId: 'm', task: 'translation', score: 0.75, samples: 4 },
      { modelId: 'm', task: 'extraction', score: 0.5, samples: 1 },
      { modelId: 'n', task: 'translation', score: 0.25, samples: 1 },
    ]);
  });

  it('classify a prompt as a request would be, a list of messages too', async () => {
    const translate = 'Translate the following sentence to French: the cat sleeps on the sofa.';
    const messages = JSON.stringify([
      { role: 'system', content: 'You are helpful.' },
      { role: 'user', content: translate },
    ]);
    expect(
      (await scores([row({ prompt: translate }), row({ prompt: messages })])).map(({ task, samples }) => [
        task,
        samples,
      ]),
    ).toEqual([['translation', 2]]);
    // What the operator says wins.
    expect((await scores([row({ prompt: translate, task: 'extraction' })]))[0]?.task).toBe('extraction');
    expect(
      (await scores([row({ prompt: '' }), row({ prompt: '[not json' })])).every(({ score }) => score === 1),
    ).toBe(true);
  });

  it('lets others in between', async () => {
    let pauses = 0;
    const rows = Array.from({ length: 1_000 }, () => row({ task: 'translation', score: 0.1 }));
    const [score] = await scoresOfRows(rows, async () => {
      pauses += 1;
    });
    expect(pauses).toBe(4);
    expect(score?.score).toBeCloseTo(0.1, 9);
  });
});
