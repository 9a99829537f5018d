import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import { type Booking, type DailyCap, dayOf } from '../../../src/core/reward/daily-cap.ts';
import {
  type AnswerEvidence,
  changeByFeedback,
  changeByRemoval,
  type VerdictChange,
} from '../../../src/core/reward/feedback-change.ts';

const fresh: AnswerEvidence = {
  requestId: 'r1',
  modelId: 'm',
  task: 'code_review',
  epoch: 0,
  reason: 'auto',
  automatic: { source: 'heuristic', quality: 1, weight: 0.02 },
  feedback: [],
};
const said = (quality: number, source: 'human' | 'judge' = 'human', sourceName: string = source) => ({
  sourceName,
  source,
  quality,
  comment: '',
  signals: '{}',
});
const cap = (used: number, changes: Partial<DailyCap> = {}): DailyCap => ({
  keyId: 'k',
  day: 7,
  limit: 2,
  used,
  ...changes,
});

function written(evidence: AnswerEvidence, change: VerdictChange): AnswerEvidence {
  const gone = change.upsert?.sourceName ?? change.removeSourceName;
  const kept = evidence.feedback.filter(({ sourceName }) => sourceName !== gone);
  return { ...evidence, feedback: change.upsert === undefined ? kept : [...kept, change.upsert] };
}

describe('the daily cap', () => {
  it('books what counts on the account of the key and the day', () => {
    const change = changeByFeedback(fresh, said(1), 1_000, cap(1));
    expect(change).toMatchObject({ isOverCap: false, bookings: [{ keyId: 'k', day: 7, weight: 1 }] });
    expect(change.upsert).toMatchObject({ weight: 1, chargedTo: { keyId: 'k', day: 7 } });
    expect(change.deltas).not.toEqual([]);
  });

  it('what is over it is remembered and moves nothing, the automatic verdict stays', () => {
    const change = changeByFeedback(fresh, said(0), 1_000, cap(1.5));
    expect(change).toMatchObject({ isOverCap: true, automaticCounts: true, deltas: [], bookings: [] });
    expect(change.upsert).toMatchObject({ weight: 0, quality: 0, chargedTo: undefined });
    const again = changeByFeedback(written(fresh, change), said(0), 2_000, cap(0));
    expect(again).toMatchObject({ isOverCap: true, deltas: [], bookings: [] });
    expect(again.upsert).toBeUndefined();
    // A weaker verdict of the same request still counts.
    const judged = changeByFeedback(written(fresh, change), said(0.5, 'judge'), 3_000, cap(1.5));
    expect(judged.counted).toEqual({ source: 'judge', quality: 0.5, weight: 0.5 });
  });

  it('one that was over it is booked anew when it says something else', () => {
    const over = written(fresh, changeByFeedback(fresh, said(0), 1_000, cap(2)));
    const change = changeByFeedback(over, said(1), 2_000, cap(0, { day: 8 }));
    expect(change).toMatchObject({ isOverCap: false, bookings: [{ keyId: 'k', day: 8, weight: 1 }] });
  });

  it('a correction by the same key stays on its first account and is never capped', () => {
    const given = written(fresh, changeByFeedback(fresh, said(1), 1_000, cap(0)));
    const change = changeByFeedback(given, said(0), 2_000, cap(2, { day: 8 }));
    expect(change).toMatchObject({ isOverCap: false, bookings: [], counted: { quality: 0, weight: 1 } });
    expect(change.upsert?.chargedTo).toEqual({ keyId: 'k', day: 7 });
  });

  it("another key's correction gives the first account back and is booked on its own", () => {
    const given = written(fresh, changeByFeedback(fresh, said(1), 1_000, cap(0)));
    const change = changeByFeedback(given, said(0), 2_000, cap(0, { keyId: 'other' }));
    expect(change.bookings).toEqual([
      { keyId: 'k', day: 7, weight: -1 },
      { keyId: 'other', day: 7, weight: 1 },
    ]);
  });

  it('a heavier class of the same source weighs as before where there is no room for more', () => {
    const ci = (source: 'human' | 'judge') => said(1, source, 'ci');
    const given = written(fresh, changeByFeedback(fresh, ci('judge'), 1_000, cap(0)));
    const roomy = changeByFeedback(given, ci('human'), 2_000, cap(1.5));
    expect(roomy.upsert).toMatchObject({ weight: 1 });
    expect(roomy.bookings.reduce((sum, { weight }) => sum + weight, 0)).toBe(0.5);
    const full = changeByFeedback(given, ci('human'), 2_000, cap(2));
    expect(full).toMatchObject({ bookings: [], isOverCap: false });
    expect(full.upsert).toMatchObject({ weight: 0.5, chargedTo: { keyId: 'k', day: 7 } });
  });

  it('taking back takes off what was booked, and nothing for one that was over', () => {
    const given = written(fresh, changeByFeedback(fresh, said(1), 1_000, cap(0)));
    expect(changeByRemoval(given, 'human').bookings).toEqual([{ keyId: 'k', day: 7, weight: -1 }]);
    const over = written(fresh, changeByFeedback(fresh, said(1), 1_000, cap(2)));
    expect(changeByRemoval(over, 'human')).toMatchObject({ bookings: [], deltas: [] });
  });

  it('a request that named its model takes no room', () => {
    const change = changeByFeedback({ ...fresh, reason: 'explicit' }, said(1), 1_000, cap(2));
    expect(change).toMatchObject({ isOverCap: false, bookings: [], deltas: [] });
  });

  it('days are those of UTC', () => {
    expect(dayOf(Date.UTC(2026, 10, 28, 23, 59, 59, 999))).toBe(dayOf(Date.UTC(2026, 10, 28)));
    expect(dayOf(Date.UTC(2026, 10, 29))).toBe(dayOf(Date.UTC(2026, 10, 28)) + 1);
  });

  it('whatever is given, corrected and taken back, no account passes the cap, and accounts and sums are what stands', () => {
    const random = createRandom(3);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const answers = Array.from(
      { length: 12 },
      (_, index): AnswerEvidence => ({ ...fresh, requestId: `r${index}` }),
    );
    const accounts = new Map<string, number>();
    const sums = { a: 0.02 * 12, b: 0 };
    const limit = 3;
    const book = ({ keyId, day, weight }: Booking) =>
      accounts.set(`${keyId} ${day}`, (accounts.get(`${keyId} ${day}`) ?? 0) + weight);
    let overCap = 0;
    for (let step = 0; step < 4_000; step += 1) {
      const index = Math.floor(random() * answers.length);
      const evidence = answers[index] as AnswerEvidence;
      const account = { keyId: pick(['k', 'other']), day: Math.floor(step / 1_000) };
      const used = accounts.get(`${account.keyId} ${account.day}`) ?? 0;
      const name = pick(['human', 'judge', 'ci']);
      const change =
        random() < 0.3
          ? changeByRemoval(evidence, name)
          : changeByFeedback(evidence, said(pick([0, 0.5, 1]), pick(['human', 'judge']), name), step, {
              ...account,
              limit,
              used,
            });
      change.bookings.forEach(book);
      for (const { a, b } of change.deltas) {
        sums.a += a;
        sums.b += b;
      }
      if (change.isOverCap) overCap += 1;
      answers[index] = written(evidence, change);
      for (const weight of accounts.values()) expect(weight).toBeLessThanOrEqual(limit);
    }
    expect(overCap).toBeGreaterThan(100);
    const standing = new Map<string, number>();
    for (const { chargedTo, weight } of answers.flatMap(({ feedback }) => feedback)) {
      if (chargedTo)
        standing.set(
          `${chargedTo.keyId} ${chargedTo.day}`,
          (standing.get(`${chargedTo.keyId} ${chargedTo.day}`) ?? 0) + weight,
        );
    }
    expect(new Map([...accounts].filter(([, weight]) => weight !== 0))).toEqual(standing);
    for (const evidence of answers) {
      let left = evidence;
      for (const { sourceName } of evidence.feedback) {
        const change = changeByRemoval(left, sourceName);
        change.bookings.forEach(book);
        for (const { a, b } of change.deltas) {
          sums.a += a;
          sums.b += b;
        }
        left = written(left, change);
      }
    }
    expect([...accounts.values()].every((weight) => weight === 0)).toBe(true);
    expect(sums.a).toBeCloseTo(0.24, 9);
    expect(sums.b).toBeCloseTo(0, 9);
  });
});
