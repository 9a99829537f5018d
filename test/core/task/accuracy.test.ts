import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelledLines } from '../../../scripts/classifier/training-set.ts';
import { profileRequest } from '../../../src/core/task/profile-request.ts';
import { CLASSIFIED_TASKS } from '../../../src/core/task/task.ts';

/** The held-out prompts, which training never reads; floors a few points under docs/task-classifier.md. */
const folder = path.resolve(import.meta.dirname, '../../../scripts/classifier/heldout');
const verdicts = readdirSync(folder).flatMap((name) =>
  readLabelledLines(readFileSync(path.join(folder, name), 'utf8'), name).map((example) => {
    const { task, confidence } = profileRequest({ messages: [{ role: 'user', content: example.text }] });
    return { ...example, confidence, isRight: task === example.task };
  }),
);

function accuracyOf(group: typeof verdicts): number {
  return group.filter(({ isRight }) => isRight).length / group.length;
}

describe('held-out prompts', () => {
  it('covers every task in every language', () => {
    for (const source of new Set(verdicts.map((verdict) => verdict.source))) {
      const tasks = new Set(verdicts.filter((verdict) => verdict.source === source).map(({ task }) => task));
      expect([...tasks].sort()).toEqual([...CLASSIFIED_TASKS].sort());
    }
  });

  it('are mostly placed right', () => {
    expect(accuracyOf(verdicts)).toBeGreaterThan(0.67);
  });

  it.each([...new Set(verdicts.map((verdict) => verdict.source))])(
    'no language is left behind: %s',
    (source) => {
      expect(accuracyOf(verdicts.filter((verdict) => verdict.source === source))).toBeGreaterThan(0.55);
    },
  );

  it('are placed right more often where confidence is high', () => {
    const sure = verdicts.filter(({ confidence }) => confidence >= 0.8);
    const unsure = verdicts.filter(({ confidence }) => confidence < 0.5);
    expect(accuracyOf(sure)).toBeGreaterThan(0.8);
    expect(accuracyOf(sure)).toBeGreaterThan(accuracyOf(unsure) + 0.2);
  });
});
