import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/core/catalog/model.ts';
import type { QualityPrior } from '../../../src/core/learning/contract.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { indexLeaderboard } from '../../../src/core/priors/leaderboard.ts';
import { readModelName } from '../../../src/core/priors/model-name.ts';
import { guessByPriceAndSize, RULE_STRENGTH } from '../../../src/core/priors/price-and-size.ts';
import { LEADERBOARDS, priorOfCells, shippedPrior } from '../../../src/core/priors/shipped-prior.ts';
import { WILDBENCH } from '../../../src/core/priors/wildbench.ts';
import { TASKS } from '../../../src/core/task/task.ts';

function model(id: string, usd: number | undefined, changes: Partial<Model> = {}): Model {
  const price = { inputUsdPerMillion: 0, outputUsdPerMillion: usd ?? 0, cachedInputUsdPerMillion: 0 };
  return {
    id,
    type: 'chat',
    name: id,
    contextLength: 8192,
    capabilities: new Set(),
    isSimulated: false,
    endpoints: [
      {
        id: `p/${id}`,
        modelId: id,
        provider: 'p',
        upstreamModel: id,
        price,
        isPriceKnown: usd !== undefined,
      },
    ],
    ...changes,
  };
}

describe('leaderboards', () => {
  it('have whole rows, two sources of every column, and no model twice under two names', () => {
    for (const { name, scores, taskToColumns, date, source } of LEADERBOARDS) {
      const rows = Object.values(scores);
      const width = rows[0]?.length ?? 0;
      expect(rows.length, name).toBeGreaterThan(10);
      for (const row of rows) {
        expect(row, name).toHaveLength(width);
        for (const score of row) expect(Math.abs(score)).toBeLessThanOrEqual(100);
      }
      for (const columns of Object.values(taskToColumns)) {
        for (const column of columns) expect(column).toBeLessThan(width);
      }
      const keys = Object.keys(scores).map((key) => {
        const { line, version } = readModelName(key);
        return `${line} ${version}`;
      });
      expect(new Set(keys).size, name).toBe(keys.length);
      expect(date).toMatch(/^20\d\d-\d\d$/);
      expect(source).toMatch(/^https:\/\//);
    }
  });

  it('give a model its own scores, else those of the latest earlier version less than a whole one back', () => {
    const find = indexLeaderboard({
      ...WILDBENCH,
      scores: { 'llama-3-70b': [1], 'llama-3.1-70b': [2], 'llama-3.2-70b': [3], 'llama-3-8b': [4] },
    });
    expect(find(['meta-llama/Llama-3.1-70B-Instruct'])).toEqual({ scores: [2], isExact: true });
    expect(find(['llama-3.3-70b-versatile'])).toEqual({ scores: [3], isExact: false });
    expect(find(['llama-4-70b'])).toBeUndefined();
    expect(find(['llama-2-70b'])).toBeUndefined();
    expect(find(['llama-3.1-405b'])).toBeUndefined();
    expect(find(['our-best', 'llama-3-8b'])).toEqual({ scores: [4], isExact: true });
  });
});

describe('price and size', () => {
  const guess = (name: string, usd?: number) => guessByPriceAndSize(readModelName(name), usd);

  it('dearer and larger is better, a little', () => {
    expect(guess('a', 15)).toBeGreaterThan(guess('b', 0.6) ?? 1);
    expect(guess('a-70b')).toBeGreaterThan(guess('a-7b') ?? 1);
    expect(guess('new-opus')).toBeGreaterThan(guess('new-haiku') ?? 1);
    expect((guess('a', 100) ?? 0) - (guess('b', 0.05) ?? 0)).toBeLessThan(0.35);
  });

  it('a free model is not a poor one, a nameless one without a price says nothing', () => {
    expect(guess('llama3:70b', 0)).toBe(guess('llama3:70b'));
    expect(guess('our-finetune')).toBeUndefined();
    expect(guess('our-finetune', 0)).toBeUndefined();
  });

  it('absurd prices and sizes stay within what was fitted', () => {
    expect(guess('a', 1e12)).toBe(guess('a', 100));
    expect(guess('a', 1e-12)).toBe(guess('a', 0.05));
    expect(guess('a-999999b')).toBe(guess('a-700b'));
  });
});

describe('the shipped prior', () => {
  const models = [
    model('gpt-4o-2024-05-13', 15),
    model('openai/gpt-4o-mini-2024-07-18', 0.6),
    model('Meta-Llama-3-8B-Instruct', 0.08),
    model('claude-3-opus@20240229', 75),
    model('our-own', undefined),
    model('unheard-of-7b', 0.1),
    model('sim-atlas', 10, { isSimulated: true }),
    model('text-embedding-3-large', 0.13, { type: 'embedding' }),
  ];
  const prior = shippedPrior(models);

  it('knows every listed model on every task, strongly where its leaderboard measures the task', () => {
    for (const id of models.slice(0, 4).map((known) => known.id)) {
      for (const task of TASKS) expect(prior.get(id)?.get(task)).toBeDefined();
      expect(prior.get(id)?.get('code_generation')?.strength).toBe(30);
      expect(prior.get(id)?.get('translation')?.strength).toBe(10);
    }
    const coding = (id: string) => prior.get(id)?.get('code_generation')?.deviation ?? 0;
    expect(coding('gpt-4o-2024-05-13') - coding('Meta-Llama-3-8B-Instruct')).toBeCloseTo(
      (6.047 - 2.198) / 10,
      2,
    );
  });

  it('guesses weakly about a stranger, says nothing about one without price or size, about simulated and others', () => {
    expect(prior.get('unheard-of-7b')?.get('translation')?.strength).toBe(RULE_STRENGTH);
    expect(prior.get('unheard-of-7b')?.get('translation')?.deviation).toBeLessThan(-0.05);
    expect(prior.get('our-own')?.size).toBe(0);
    expect(prior.has('sim-atlas')).toBe(false);
    expect(prior.has('text-embedding-3-large')).toBe(false);
  });

  it('is about zero on average', () => {
    for (const task of TASKS) {
      const deviations = [...prior.values()].flatMap((cells) => cells.get(task)?.deviation ?? []);
      expect(Math.abs(deviations.reduce((sum, one) => sum + one, 0) / deviations.length)).toBeLessThan(0.06);
    }
  });

  it('one listed model alone is compared with nobody', () => {
    const alone = shippedPrior([model('gpt-4o', 10), model('stranger-a', 10), model('stranger-b', 10)]);
    expect(alone.get('gpt-4o')?.get('code_generation')).toEqual({ deviation: 0, strength: RULE_STRENGTH });
  });

  it('an earlier version speaks half as loud', () => {
    const later = shippedPrior([model('llama-3.1-8b', 0.08), model('gpt-4o-mini', 0.6), model('gpt-4o', 10)]);
    expect(later.get('llama-3.1-8b')?.get('code_generation')?.strength).toBe(15);
  });

  it('an empty catalogue is no trouble', () => expect(shippedPrior([]).size).toBe(0));

  it('moves beliefs before the first outcome, and is forgotten with outcomes that say otherwise', () => {
    const learner = createLearner({ models, random: createRandom(1), prior: priorOfCells(prior) });
    const mean = (id: string) => learner.qualityOf('code_generation', id).mean;
    expect(mean('gpt-4o-2024-05-13')).toBeGreaterThan(mean('Meta-Llama-3-8B-Instruct') + 0.2);
    expect(learner.qualityOf('code_generation', 'gpt-4o-2024-05-13').evidence).toBe('prior');
    for (const [subject, a] of [
      ['gpt-4o-2024-05-13', 30],
      ['Meta-Llama-3-8B-Instruct', 270],
    ] as const) {
      learner.apply({
        kind: 'quality',
        subject,
        task: 'code_generation',
        source: 'human',
        epoch: 0,
        a,
        b: 300 - a,
        c: 300,
      });
    }
    expect(mean('gpt-4o-2024-05-13')).toBeLessThan(0.2);
    expect(mean('Meta-Llama-3-8B-Instruct')).toBeGreaterThan(0.8);
  });

  it('takes another strength only between 0 and 30', () => {
    const sizeWith = (prior: QualityPrior | undefined) => {
      const learner = createLearner({ models, random: createRandom(1), prior });
      const { alpha, beta } = learner.qualityOf('translation', 'our-own');
      return alpha + beta;
    };
    const strengthOf = (strength: number) =>
      sizeWith({ deviationOf: () => 0, strengthOf: () => strength }) - sizeWith(undefined);
    expect(strengthOf(7)).toBeCloseTo(7, 9);
    expect(strengthOf(1000)).toBeCloseTo(30, 9);
    expect(strengthOf(-5)).toBeCloseTo(0, 9);
    expect(strengthOf(Number.NaN)).toBeCloseTo(0, 9);
  });
});
