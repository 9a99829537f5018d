import { describe, expect, it } from 'vitest';
import type { BeliefDelta, BeliefKind } from '../../../src/core/learning/delta.ts';
import { ENDINGS, type Ending } from '../../../src/core/outcome/endings.ts';
import { type AttemptOutcome, deltasOfEnding } from '../../../src/core/reward/attempt-deltas.ts';
import { verdictOfSeenFailure } from '../../../src/core/reward/verdict.ts';

const stream: AttemptOutcome = {
  modelId: 'm',
  endpointId: 'p/m',
  task: 'translation',
  epoch: 3,
  endpointEpoch: 2,
  reason: 'auto',
  isStream: true,
  ending: 'completed',
  outputTokens: 101,
  choices: 1,
  ttftMs: 200,
  latencyMs: 1_200,
  automatic: { source: 'heuristic', quality: 1, weight: 0.02 },
};
const unary: AttemptOutcome = { ...stream, isStream: false, ttftMs: 1_190 };

function of(kind: BeliefKind, attempt: AttemptOutcome): BeliefDelta | undefined {
  return deltasOfEnding(attempt).find((delta) => delta.kind === kind);
}

const endings = Object.keys(ENDINGS) as Ending[];

describe('deltasOfEnding', () => {
  it('a completed stream teaches quality, tokens, first token, pace and availability', () => {
    const log = Math.log(10);
    expect(deltasOfEnding(stream)).toEqual([
      {
        kind: 'quality',
        subject: 'm',
        task: 'translation',
        source: 'heuristic',
        epoch: 3,
        a: 0.02,
        b: 0,
        c: 0.0004,
      },
      expect.objectContaining({ kind: 'tokens', subject: 'm', epoch: 3, a: 1, b: Math.log(101) }),
      expect.objectContaining({ kind: 'ttft', subject: 'p/m', epoch: 2, a: 1, b: Math.log(200) }),
      {
        kind: 'token_time',
        subject: 'p/m',
        task: 'translation',
        source: '',
        epoch: 2,
        a: 1,
        b: log,
        c: log * log,
      },
      { kind: 'availability', subject: 'p/m', task: 'translation', source: '', epoch: 2, a: 1, b: 0, c: 0 },
    ]);
  });

  it('of several choices one is learnt: estimates multiply by their number', () => {
    expect(deltasOfEnding({ ...stream, outputTokens: 404, choices: 4 })).toEqual(deltasOfEnding(stream));
    const four: AttemptOutcome = { ...unary, outputTokens: 404, choices: 4 };
    expect(deltasOfEnding(four)).toEqual(deltasOfEnding(unary));
  });

  it('a unary answer teaches the pace but never a time to first token', () => {
    expect(of('ttft', unary)).toBeUndefined();
    expect(of('token_time', unary)).toMatchObject({ a: 1, b: Math.log(1_200 / 101) });
    expect(of('token_time', { ...unary, outputTokens: 15 })).toBeUndefined();
  });

  it('a stream that came in one piece is timed like a unary answer', () => {
    const buffered = { ...stream, ttftMs: 1_199 };
    expect(of('ttft', buffered)).toBeUndefined();
    expect(of('token_time', buffered)).toMatchObject({ b: Math.log(1_200 / 101) });
  });

  it('a stream of one token has a first token and no pace', () => {
    const short = { ...stream, outputTokens: 1 };
    expect(of('ttft', short)).toMatchObject({ b: Math.log(200) });
    expect(of('token_time', short)).toBeUndefined();
  });

  it('a forced choice teaches cost and latency, not quality', () => {
    const kinds = deltasOfEnding({ ...stream, reason: 'explicit' }).map(({ kind }) => kind);
    expect(kinds).toEqual(['tokens', 'ttft', 'token_time', 'availability']);
  });

  it('broken clocks and counts teach nothing, and nothing is ever not finite', () => {
    const values = [0, -5, Number.NaN, Number.POSITIVE_INFINITY];
    for (const broken of values) {
      for (const field of ['outputTokens', 'ttftMs', 'latencyMs'] as const) {
        for (const attempt of [stream, unary]) {
          for (const delta of deltasOfEnding({ ...attempt, [field]: broken })) {
            expect([delta.a, delta.b, delta.c].every(Number.isFinite), `${field} = ${broken}`).toBe(true);
          }
        }
      }
    }
  });

  it.each(endings)('ending %s teaches what the table of endings says', (ending) => {
    const automatic = verdictOfSeenFailure(ending);
    const kinds = deltasOfEnding({ ...stream, ending, automatic }).map(({ kind, a, b }) => [
      kind,
      a > b ? 'good' : 'bad',
    ]);
    const { learnt } = ENDINGS[ending];
    if (learnt === 'nothing') expect(kinds).toEqual([]);
    if (learnt === 'failure')
      expect(kinds).toEqual([
        ['quality', 'bad'],
        ['availability', 'bad'],
      ]);
    if (learnt === 'completed') expect(kinds.map(([kind]) => kind)).not.toContain('quality');
  });

  it('a failure that fail-over hid feeds availability alone', () => {
    const hidden = { ...stream, ending: 'timeout', automatic: undefined } as const;
    expect(deltasOfEnding(hidden)).toEqual([
      { kind: 'availability', subject: 'p/m', task: 'translation', source: '', epoch: 2, a: 0, b: 1, c: 0 },
    ]);
  });

  it('an ending that teaches nothing teaches nothing, even with a verdict on its row', () => {
    expect(deltasOfEnding({ ...stream, ending: 'client_left' })).toEqual([]);
  });
});
