import { describe, expect, test } from 'vitest';
import { createChangeWatch } from '../../../src/core/learning/change-watch.ts';
import type { Learner } from '../../../src/core/learning/contract.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom, type Random } from '../../../src/core/learning/random.ts';
import type { Task } from '../../../src/core/task/task.ts';
import { chatModel } from '../choice/candidates.ts';
import { measured, quality } from './evidence.ts';

const TASK_TO_QUALITY = { translation: 0.9, extraction: 0.7, code_review: 0.5 } as const;
const WATCHED = Object.entries(TASK_TO_QUALITY) as [Task, number][];

/** Labelled outcomes of one model over three tasks; the request numbers at which an alarm opened an epoch. */
function alarmsOf(learner: Learner, random: Random, count: number, factor: number): number[] {
  const alarms: number[] = [];
  for (let request = 0; request < count; request += 1) {
    const [task, truth] = WATCHED[request % WATCHED.length] ?? ['unknown', 0];
    const outcome = random() < truth * factor ? 1 : 0;
    if (learner.watchQuality('model', task, outcome)) {
      alarms.push(request);
      learner.openEpoch('model', learner.epochOf('model') + 1);
    }
    learner.apply(quality('model', task, outcome, 1 - outcome, learner.epochOf('model')));
  }
  return alarms;
}

function learnerOf(): Learner {
  return createLearner({ models: [chatModel('model')], random: createRandom(1) });
}

describe('quality', () => {
  test('no more than 3 false alarms in 30,000 outcomes, over five seeds', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(alarmsOf(learnerOf(), createRandom(seed), 30_000, 1).length).toBeLessThanOrEqual(3);
    }
  });

  test('a drop by half is noticed within 150 outcomes, over twenty seeds, and then believed', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const learner = learnerOf();
      const random = createRandom(seed);
      alarmsOf(learner, random, 2000, 1);
      const [first = Number.POSITIVE_INFINITY, ...more] = alarmsOf(learner, random, 300, 0.5);
      expect(first).toBeLessThan(150);
      expect(more.length).toBeLessThanOrEqual(2);
      // A tenth of 667 outcomes at .9 is left after one alarm; a second one takes that down to 7.
      expect(learner.qualityOf('translation', 'model').mean).toBeLessThan(0.6);
    }
  });

  test('nothing is called a change before 15 outcomes of the cell are known', () => {
    const learner = learnerOf();
    learner.apply(quality('model', 'translation', 15, 0));
    for (let outcome = 0; outcome < 100; outcome += 1) {
      expect(learner.watchQuality('model', 'translation', 0)).toBeUndefined();
    }
    learner.apply(quality('model', 'translation', 1, 0));
    const alarms = Array.from({ length: 100 }, () => learner.watchQuality('model', 'translation', 0));
    expect(alarms.some((one) => one !== undefined)).toBe(true);
  });
});

test('a provider that slows down threefold is noticed, three stragglers are not', () => {
  const learner = learnerOf();
  const random = createRandom(6);
  const paceOf = (center: number) => center * Math.exp(0.4 * (random() + random() + random() - 1.5));
  const alarmsAt = (center: number, count: number) =>
    Array.from({ length: count }, () => {
      const pace = paceOf(center);
      const isAlarm = learner.watchTiming('p0/model', 'translation', pace) !== undefined;
      learner.apply(measured('token_time', 'p0/model', 'translation', pace));
      return isAlarm;
    }).filter(Boolean).length;
  expect(alarmsAt(10, 3000)).toBe(0);
  expect(alarmsAt(1000, 3)).toBe(0);
  expect(alarmsAt(10, 500)).toBe(0);
  expect(alarmsAt(30, 30)).toBeGreaterThan(0);
});

test.each([
  ['pace', 'token_time', 'watchTiming'],
  ['first token', 'ttft', 'watchFirstToken'],
] as const)(
  'false alarms of the %s are rare where times are log-normal, and a doubling is found',
  (_, kind, watch) => {
    let falseAlarms = 0;
    for (let seed = 1; seed <= 10; seed += 1) {
      const learner = learnerOf();
      const random = createRandom(seed);
      const timed = (center: number) => {
        // A sum of twelve uniform numbers less 6 is nearly a standard normal.
        let normal = -6;
        for (let at = 0; at < 12; at += 1) normal += random();
        const ms = center * Math.exp(0.5 * normal);
        const isAlarm = learner[watch]('p0/model', 'translation', ms) !== undefined;
        if (isAlarm) learner.openEndpointEpoch('p0/model', learner.endpointEpochOf('p0/model') + 1);
        const epoch = learner.endpointEpochOf('p0/model');
        learner.apply(measured(kind, 'p0/model', 'translation', ms, 1, epoch));
        return isAlarm;
      };
      falseAlarms += Array.from({ length: 3000 }, () => timed(40)).filter(Boolean).length;
      const after = Array.from({ length: 100 }, () => timed(80));
      expect(after.indexOf(true)).toBeGreaterThan(0);
      const { msPerToken, ttftMs } = learner.timingOf('p0/model', 'translation');
      // Between 45 and 91, the means of both; 46 had the old answers kept their weight.
      expect(kind === 'ttft' ? ttftMs : msPerToken).toBeGreaterThan(60);
    }
    // 30,000 answers in all.
    expect(falseAlarms).toBeLessThanOrEqual(3);
  },
);

test('the pace and the first token are watched apart', () => {
  const learner = learnerOf();
  learner.apply(measured('ttft', 'p0/model', 'translation', 100, 200));
  const alarms = Array.from({ length: 100 }, () => learner.watchTiming('p0/model', 'translation', 1000));
  expect(alarms.some((one) => one !== undefined)).toBe(false);
  const first = Array.from({ length: 20 }, () => learner.watchFirstToken('p0/model', 'translation', 1000));
  expect(first.some((one) => one !== undefined)).toBe(true);
});

test('S ← max(0, S + z − 0.25), alarm at 18, then from zero again', () => {
  const watch = createChangeWatch();
  // 2.25 a step once the slack is off: 8 steps make 16 + …, the ninth passes 18.
  const alarmsOf = (index: number, z: number, count: number) =>
    Array.from({ length: count }, (_, step) => (watch.observe(index, z, 0, z) ? step : -1)).filter(
      (step) => step >= 0,
    );
  expect(alarmsOf(20, 2.25, 18)).toEqual([8, 17]);
  expect(alarmsOf(3, 0.25, 1000)).toEqual([]);
  expect(watch.observe(3, Number.NaN, 0, 0)).toBeUndefined();
  expect(alarmsOf(0, -2.25, 9)).toEqual([8]);
});

test('an alarm says which way, and from what to what since its sum passed 3', () => {
  const watch = createChangeWatch();
  const last = (z: number, expected: number, seen: number, count: number) =>
    Array.from({ length: count }, () => watch.observe(5, z, expected, seen)).at(-1);
  // What came before the fall began is not in it.
  expect(last(0.3, 0.8, 0.9, 50)).toBeUndefined();
  expect(last(-0.75, 0.8, 0.7, 5)).toBeUndefined();
  const fall = last(-2.25, 0.8, 0.1, 8);
  expect(fall).toMatchObject({ isRise: false });
  expect(fall?.expected).toBeCloseTo(0.8);
  expect(fall?.seen).toBeCloseTo(0.1);
  // Nor is the one before in the next.
  const rise = last(2.25, 0.4, 0.9, 9);
  expect(rise).toMatchObject({ isRise: true });
  expect(rise?.expected).toBeCloseTo(0.4);
  expect(rise?.seen).toBeCloseTo(0.9);
});

test.each([
  ['halves', 0.5, 'worse'],
  ['rises again by as much', 2, 'better'],
] as const)(
  'a quality that %s is told as such, over twenty seeds, and on average near its true sizes',
  (_, factor, direction) => {
    const base = factor > 1 ? 0.4 : 0.9;
    const told = { before: 0, after: 0 };
    for (let seed = 1; seed <= 20; seed += 1) {
      const learner = learnerOf();
      const random = createRandom(seed);
      const observe = (truth: number) => {
        const outcome = random() < truth ? 1 : 0;
        const change = learner.watchQuality('model', 'translation', outcome);
        learner.apply(quality('model', 'translation', outcome, 1 - outcome));
        return change;
      };
      for (let count = 0; count < 1000; count += 1) observe(base);
      const changes = Array.from({ length: 300 }, () => observe(base * factor));
      const change = changes.find((one) => one !== undefined);
      expect(change?.direction).toBe(direction);
      told.before += (change?.before ?? 0) / 20;
      told.after += (change?.after ?? 0) / 20;
    }
    expect(Math.abs(told.before - base)).toBeLessThan(0.03);
    expect(Math.abs(told.after - base * factor)).toBeLessThan(0.1);
  },
);

test("what a judge's verdicts say of a change is told in quality, not in verdicts", () => {
  const learner = learnerOf();
  learner.apply(quality('model', 'translation', 90, 10));
  const { slope, offset } = learner.reliabilityOf('outrider_judge:j');
  let change: ReturnType<Learner['watchQuality']>;
  for (let count = 0; change === undefined && count < 300; count += 1) {
    change = learner.watchQuality('model', 'translation', offset + 0.2 * slope, 'outrider_judge:j');
  }
  expect(change).toMatchObject({ direction: 'worse' });
  expect(change?.after).toBeCloseTo(0.2);
});

test.each([
  ['slower', 400, 'worse'],
  ['faster', 25, 'better'],
] as const)('an endpoint that becomes %s is told as such, in milliseconds', (_, changed, direction) => {
  const told = { before: 0, after: 0 };
  for (let seed = 1; seed <= 20; seed += 1) {
    const learner = learnerOf();
    const random = createRandom(seed);
    const observe = (center: number) => {
      const ms = center * Math.exp(0.6 * (random() + random() + random() - 1.5));
      const change = learner.watchFirstToken('p0/model', 'translation', ms);
      learner.apply(measured('ttft', 'p0/model', 'translation', ms));
      return change;
    };
    for (let count = 0; count < 500; count += 1) observe(100);
    const change = Array.from({ length: 60 }, () => observe(changed)).find((one) => one !== undefined);
    expect(change?.direction).toBe(direction);
    told.before += Math.log(change?.before ?? 1) / 20;
    told.after += Math.log(change?.after ?? 1) / 20;
  }
  expect(Math.abs(Math.exp(told.before) / 100 - 1)).toBeLessThan(0.1);
  expect(Math.abs(told.after - Math.log(changed))).toBeLessThan(Math.log(1.2));
});
