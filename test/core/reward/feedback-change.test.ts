import { randomInt, randomLcg } from 'd3-random';
import { describe, expect, it } from 'vitest';
import {
  type BeliefDelta,
  EVIDENCE_SOURCES,
  type QualityEvidence,
} from '../../../src/core/learning/delta.ts';
import { agreementDeltas } from '../../../src/core/reward/agreement.ts';
import {
  type AnswerEvidence,
  changeByFeedback,
  changeByRemoval,
  countedVerdict,
  type VerdictChange,
} from '../../../src/core/reward/feedback-change.ts';
import { qualityDelta } from '../../../src/core/reward/verdict.ts';
import type { EvidenceChange, RequestEvidence } from '../../../src/store/contract.ts';

const fresh: AnswerEvidence = {
  requestId: 'r1',
  modelId: 'm',
  task: 'code_review',
  epoch: 2,
  reason: 'auto',
  automatic: { source: 'heuristic', quality: 1, weight: 0.02 },
  feedback: [],
};

function said(sourceName: string, source: QualityEvidence['source'], quality: number) {
  return { sourceName, source, quality, comment: '', signals: '{}' };
}

/** What the store does with a change. */
function written(evidence: AnswerEvidence, change: VerdictChange): AnswerEvidence {
  const gone = change.upsert?.sourceName ?? change.removeSourceName;
  const kept = evidence.feedback.filter(({ sourceName }) => sourceName !== gone);
  return { ...evidence, feedback: change.upsert === undefined ? kept : [...kept, change.upsert] };
}

const ofQuality = (deltas: readonly BeliefDelta[]) =>
  deltas.filter(({ kind }) => kind === 'quality' || kind === 'verdicts');

/** Like the table of belief sums: by kind and source, or the source that is its subject, since all else is the same here. */
function addTo(sums: Map<string, number[]>, deltas: readonly BeliefDelta[]): void {
  for (const { kind, subject, source, a, b, c } of deltas) {
    const key = `${kind} ${source || subject}`;
    const [sumA = 0, sumB = 0, sumC = 0] = sums.get(key) ?? [];
    sums.set(key, [sumA + a, sumB + b, sumC + c]);
  }
}

describe('changeByFeedback', () => {
  it('a person replaces the automatic verdict, keyed by model, task, source and epoch', () => {
    const change = changeByFeedback(fresh, said('human', 'human', 0.25), 1_000);
    const key = { kind: 'quality', subject: 'm', task: 'code_review', epoch: 2 };
    expect(ofQuality(change.deltas)).toEqual([
      { ...key, source: 'heuristic', a: -0.02, b: -0, c: -0.0004 },
      { ...key, source: 'human', a: 0.25, b: 0.75, c: 1 },
    ]);
    expect(change).toMatchObject({
      automaticCounts: false,
      counted: { source: 'human', quality: 0.25, weight: 1 },
      upsert: { requestId: 'r1', sourceName: 'human', weight: 1, updatedAtMs: 1_000 },
    });
  });

  it('the same again changes nothing at all', () => {
    const first = written(fresh, changeByFeedback(fresh, said('human', 'human', 0.25), 1_000));
    const again = changeByFeedback(first, said('human', 'human', 0.25), 9_000);
    expect(again).toEqual({
      automaticCounts: false,
      counted: { source: 'human', quality: 0.25, weight: 1 },
      deltas: [],
      bookings: [],
      isOverCap: false,
    });
  });

  it('a weaker source is remembered without counting, and counts once the stronger is taken back', () => {
    const tested = written(fresh, changeByFeedback(fresh, said('ci', 'client_test', 1), 1));
    const judged = changeByFeedback(tested, said('judge', 'judge', 0), 2);
    expect(ofQuality(judged.deltas)).toEqual([]);
    expect(judged.upsert?.weight).toBe(0.5);
    const removed = changeByRemoval(written(tested, judged), 'ci');
    expect(removed.counted).toEqual({ source: 'judge', quality: 0, weight: 0.5 });
    expect(ofQuality(removed.deltas).map(({ source }) => source)).toEqual(['client_test', 'judge']);
  });

  it('the most recent among equals counts, even when the clock went back', () => {
    const first = written(fresh, changeByFeedback(fresh, said('anna', 'human', 1), 5_000));
    const second = changeByFeedback(first, said('bert', 'human', 0), 3_000);
    expect(second.counted?.quality).toBe(0);
    expect(second.upsert?.updatedAtMs).toBe(5_001);
  });

  it('a comment alone is kept and moves no belief', () => {
    const first = written(fresh, changeByFeedback(fresh, said('human', 'human', 1), 1));
    const change = changeByFeedback(first, { ...said('human', 'human', 1), comment: 'why' }, 2);
    expect(change.upsert?.comment).toBe('why');
    expect(change.deltas).toEqual([]);
  });

  it('a forced choice is remembered and moves no belief', () => {
    const change = changeByFeedback({ ...fresh, reason: 'explicit' }, said('human', 'human', 0), 1);
    expect(change).toMatchObject({ deltas: [], counted: undefined, automaticCounts: false });
    expect(change.upsert).toBeDefined();
  });

  it('fits what the store takes and gives', () => {
    const evidence: RequestEvidence = {
      ...fresh,
      keyId: '',
      endpointId: 'p/m',
      attemptNumber: 0,
      feedback: [],
    };
    const change: EvidenceChange = changeByFeedback(evidence, said('human', 'human', 1), 1);
    expect(change.upsert?.requestId).toBe('r1');
  });
});

describe('changeByRemoval', () => {
  it('brings the automatic verdict back', () => {
    const rated = written(fresh, changeByFeedback(fresh, said('human', 'human', 0), 1));
    const change = changeByRemoval(rated, 'human');
    expect(change).toMatchObject({ removeSourceName: 'human', automaticCounts: true });
    expect(ofQuality(change.deltas).map(({ source, a }) => [source, a])).toEqual([
      ['human', -0],
      ['heuristic', 0.02],
    ]);
  });

  it('of a source that said nothing changes nothing', () => {
    expect(changeByRemoval(fresh, 'nobody')).toMatchObject({ deltas: [], automaticCounts: true });
  });
});

describe('pairs of a verdict and a label', () => {
  const judged = written(fresh, changeByFeedback(fresh, said('j', 'judge', 0.4), 1_000));
  const pairs = (change: VerdictChange) =>
    change.deltas.flatMap(({ kind, subject, a, b, c }) => (kind === 'agreement' ? [[subject, a, b, c]] : []));

  it('are none before somebody labels the answer', () => {
    expect(pairs(changeByFeedback(fresh, said('j', 'judge', 0.4), 1_000))).toEqual([]);
  });

  it('come with the label, of every other source, and move with it', () => {
    const labelled = changeByFeedback(judged, said('human', 'human', 1), 2_000);
    expect(pairs(labelled)).toEqual([
      ['heuristic', 1, 1, 1],
      ['j', 1, 1, 0.4],
    ]);
    const corrected = changeByFeedback(written(judged, labelled), said('human', 'human', 0), 3_000);
    expect(pairs(corrected).filter(([subject]) => subject === 'j')).toEqual([
      ['j', -1, -1, -0.4],
      ['j', 1, 0, 0.4],
    ]);
  });

  it('are none of a request that named its model, nor of one whose key has moved enough today', () => {
    const named = { ...judged, reason: 'explicit' };
    expect(pairs(changeByFeedback(named, said('human', 'human', 1), 2_000))).toEqual([]);
    const spent = { keyId: 'k', day: 1, limit: 5, used: 5 };
    expect(pairs(changeByFeedback(judged, said('human', 'human', 1), 2_000, spent))).toEqual([]);
  });
});

describe('any history of feedback', () => {
  const automatics: (QualityEvidence | undefined)[] = [
    undefined,
    { source: 'heuristic', quality: 0, weight: 0.25 },
    { source: 'check', quality: 1, weight: 1 },
  ];
  const names = [
    ['human', 'human'],
    ['anna', 'human'],
    ['ci', 'client_test'],
    ['judge', 'judge'],
  ] as const;

  it.each([1, 2, 3])('leaves the final winner counted exactly once (seed %d)', (seed) => {
    const upTo = randomInt.source(randomLcg(seed / 10));
    for (let round = 0; round < 200; round += 1) {
      let evidence: AnswerEvidence = { ...fresh, automatic: automatics[upTo(automatics.length)()] };
      const sums = new Map<string, number[]>();
      if (evidence.automatic !== undefined) addTo(sums, [qualityDelta(evidence, evidence.automatic)]);
      for (let step = upTo(12)(); step >= 0; step -= 1) {
        const [name, source] = names[upTo(names.length)()] ?? names[0];
        const change =
          upTo(3)() === 0
            ? changeByRemoval(evidence, name)
            : changeByFeedback(evidence, said(name, source, upTo(11)() / 10), upTo(50)());
        addTo(sums, change.deltas);
        evidence = written(evidence, change);
        for (const sum of sums.values()) expect(Math.min(...sum)).toBeGreaterThan(-1e-9);
      }
      const winner = countedVerdict(evidence);
      for (const source of EVIDENCE_SOURCES) {
        const expected = winner?.source === source ? qualityDelta(fresh, winner) : { a: 0, b: 0, c: 0 };
        const kind = source === 'judge' ? 'verdicts' : 'quality';
        const [a = 0, b = 0, c = 0] = sums.get(`${kind} ${source}`) ?? [];
        expect(a).toBeCloseTo(expected.a, 9);
        expect(b).toBeCloseTo(expected.b, 9);
        expect(c).toBeCloseTo(expected.c, 9);
      }
      const paired = new Map<string, number[]>();
      addTo(paired, agreementDeltas(evidence, winner));
      for (const [key, sum] of sums) {
        if (!key.startsWith('agreement')) continue;
        for (const [index, value] of sum.entries())
          expect(value).toBeCloseTo(paired.get(key)?.[index] ?? 0, 9);
      }
      for (const key of paired.keys()) expect(sums.has(key)).toBe(true);
      const strongest = evidence.feedback.map(({ source }) => EVIDENCE_SOURCES.indexOf(source));
      const rank = winner === undefined ? -1 : EVIDENCE_SOURCES.indexOf(winner.source);
      expect(rank).toBeGreaterThanOrEqual(Math.max(-1, ...strongest));
    }
  });
});
