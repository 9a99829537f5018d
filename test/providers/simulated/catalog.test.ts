import { describe, expect, test } from 'vitest';
import { MODEL_TYPES } from '../../../src/core/catalog/model.ts';
import { BUILT_IN_STRATEGIES } from '../../../src/core/choice/strategy.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { TASKS } from '../../../src/core/task/task.ts';
import { rankByTrueUtility } from '../../../src/providers/simulated/best-value.ts';
import { SIMULATED_MODELS } from '../../../src/providers/simulated/catalog.ts';
import { drawQuality } from '../../../src/providers/simulated/draw.ts';

const { valueOfQualityUsd, valueOfSecondUsd } = BUILT_IN_STRATEGIES.balanced;
const SPECIALISTS = {
  code_generation: 'sim-coder',
  code_review: 'sim-atlas-large',
  reasoning_math: 'sim-atlas-large',
  question_answering: 'sim-flash',
  summarization: 'sim-scribe',
  extraction: 'sim-courier',
  translation: 'sim-polyglot',
  creative_writing: 'sim-scribe',
  tool_use: 'sim-courier',
  conversation: 'sim-mini',
  unknown: 'sim-atlas-large',
} as const;

describe('under the balanced strategy each task has one best value, whatever the size', () => {
  test.each(TASKS)('%s', (task) => {
    for (const [inputTokens, outputTokens] of [
      [30, 40],
      [200, 80],
      [800, 150],
    ] as const) {
      for (const speed of [1, 0]) {
        const [best, second] = rankByTrueUtility(task, {
          valueOfQualityUsd,
          valueOfSecondUsd,
          inputTokens,
          outputTokens,
          speed,
        });
        const lead = ((best?.utilityUsd ?? 0) - (second?.utilityUsd ?? 0)) / valueOfQualityUsd;
        expect(best?.modelId).toBe(SPECIALISTS[task]);
        // In quality points; smaller leads do not show within some dozen outcomes.
        expect(lead).toBeGreaterThan(0.1);
      }
    }
  });
});

test('what one strategy prefers is not what another does', () => {
  const bestFor = (strategy: { valueOfQualityUsd: number; valueOfSecondUsd: number }) =>
    TASKS.map(
      (task) =>
        rankByTrueUtility(task, { ...strategy, inputTokens: 400, outputTokens: 150, speed: 1 })[0]?.modelId,
    );
  expect(new Set(bestFor(BUILT_IN_STRATEGIES.quality)).size).toBe(7);
  expect(bestFor(BUILT_IN_STRATEGIES.price)).not.toContain('sim-atlas-large');
});

test('facts hang together', () => {
  const chat = SIMULATED_MODELS.filter((model) => model.type === 'chat');
  expect(chat.length).toBeGreaterThanOrEqual(6);
  for (const type of MODEL_TYPES) {
    if (type === 'chat') continue;
    const [large, small] = SIMULATED_MODELS.filter((model) => model.type === type);
    expect(large?.ttftMs, type).toBeGreaterThan(small?.ttftMs ?? 0);
    if (type !== 'embedding') expect(large?.skill, type).toBeGreaterThan(small?.skill ?? 1);
  }
  for (const model of chat) {
    for (const task of TASKS) expect(model.taskToSkill[task]).toBeGreaterThan(0);
    expect(model.cachedInputUsdPerMillion).toBeLessThanOrEqual(model.inputUsdPerMillion);
  }
  expect(chat.filter((model) => model.capabilities.includes('tools')).length).toBeGreaterThanOrEqual(3);
  expect(chat.filter((model) => model.capabilities.includes('vision')).length).toBeGreaterThanOrEqual(2);
});

test.each([0.1, 0.5, 0.93])('qualities are drawn around a skill of %d', (skill) => {
  const random = createRandom(11);
  const draws = Array.from({ length: 20_000 }, () => drawQuality(skill, random));
  const mean = draws.reduce((sum, quality) => sum + quality, 0) / draws.length;
  const variance = draws.reduce((sum, quality) => sum + (quality - mean) ** 2, 0) / draws.length;
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThanOrEqual(1);
  expect(mean).toBeCloseTo(skill, 2);
  // Beta(6s, 6(1−s)) has variance s(1−s)/7.
  expect(variance).toBeCloseTo((skill * (1 - skill)) / 7, 3);
});
