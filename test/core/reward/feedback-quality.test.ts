import { describe, expect, it } from 'vitest';
import {
  type FeedbackBody,
  qualityOfFeedback,
  sourceOfName,
} from '../../../src/core/reward/feedback-quality.ts';

function qualityOf(body: FeedbackBody): number | undefined {
  const result = qualityOfFeedback(body);
  return 'verdict' in result ? result.verdict.quality : undefined;
}

function mistakesOf(body: FeedbackBody): readonly string[] {
  const result = qualityOfFeedback(body);
  return 'mistakes' in result ? result.mistakes : [];
}

describe('qualityOfFeedback', () => {
  it.each<[FeedbackBody, number]>([
    [{ score: 0.7 }, 0.7],
    [{ score: 0 }, 0],
    [{ outcome: 'success' }, 1],
    [{ outcome: 'partial' }, 0.5],
    [{ outcome: 'failure' }, 0],
    [{ tests_passed: true }, 1],
    [{ signals: { tests_passed: 0.4 } }, 0.4],
    [{ code_compiled: true, tests_passed: 0.25, user_accepted: true }, 0.25],
    [{ tests_passed: true, user_accepted: false }, 0],
    [{ outcome: 'partial', signals: { tests_passed: 0.8 } }, 0.8],
    [{ outcome: 'partial', signals: { tests_passed: false } }, 0.5],
    [{ outcome: 'success', score: 0.6 }, 0.6],
    [{ outcome: 'success', tool_calls_correct: true }, 1],
    [{ user_accepted: true, signals: { user_accepted: 1 } }, 1],
  ])('%j is worth %d', (body, quality) => {
    expect(qualityOf(body)).toBe(quality);
  });

  it.each<[FeedbackBody, RegExp]>([
    [{}, /Say something/],
    [{ comment: 'nice' }, /Say something/],
    [{ signals: {} }, /Say something/],
    [{ outcome: 'success', tests_passed: false }, /contradict/],
    [{ outcome: 'failure', score: 0.9 }, /contradict/],
    [{ score: 1, user_accepted: false }, /contradict/],
    [{ tests_passed: true, code_compiled: false }, /contradict/],
    [{ tests_passed: true, signals: { tests_passed: false } }, /given twice/],
    [{ signals: { test_passed: true } }, /not known/],
    [{ signals: { toString: true } }, /not known/],
    [{ score: 1.2 }, /score/],
    [{ score: Number.NaN }, /score/],
    [{ tests_passed: -1 }, /tests_passed/],
    [{ score: 1, source: 'a b' }, /source/],
    [{ score: 1, source: '' }, /source/],
    [{ score: 1, comment: 'x'.repeat(2_001) }, /comment/],
  ])('%j is a mistake', (body, mistake) => {
    expect(mistakesOf(body).join(' ')).toMatch(mistake);
  });

  it('lists all mistakes at once', () => {
    expect(mistakesOf({ score: 2, source: '?', signals: { nope: true } })).toHaveLength(3);
  });

  it('names the source `human` by default, and takes reported tests for a test', () => {
    expect(qualityOfFeedback({ score: 1 })).toEqual({
      verdict: { sourceName: 'human', source: 'human', quality: 1 },
    });
    expect(qualityOfFeedback({ tests_passed: true })).toMatchObject({ verdict: { source: 'client_test' } });
    expect(qualityOfFeedback({ user_accepted: true })).toMatchObject({ verdict: { source: 'human' } });
  });
});

describe('sourceOfName', () => {
  it.each([
    ['human', 'human'],
    ['USER', 'human'],
    ['ci', 'client_test'],
    ['ci:main', 'client_test'],
    ['client_test', 'client_test'],
    ['tests', 'client_test'],
    ['judge', 'judge'],
    ['judge4', 'judge'],
    ['llm-judge', 'judge'],
    ['heuristic', 'human'],
    ['check', 'human'],
    ['latest', 'human'],
  ])('%s is of class %s', (name, source) => {
    expect(sourceOfName(name, false)).toBe(source);
  });

  it('a name that says a person stays a person, any other becomes a test when it reports tests', () => {
    expect(sourceOfName('user', true)).toBe('human');
    expect(sourceOfName('acme', true)).toBe('client_test');
  });
});
