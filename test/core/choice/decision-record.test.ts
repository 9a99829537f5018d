import { expect, test } from 'vitest';
import type { Decision } from '../../../src/core/choice/decision.ts';
import { readDecision, writeDecision } from '../../../src/core/choice/decision-record.ts';
import { profileRequest } from '../../../src/core/task/profile-request.ts';

const ranked = (name: string, propensity: number) => ({
  endpointId: `acme/${name}`,
  modelId: name,
  provider: 'acme',
  propensity,
  utilityUsd: -0.012345678,
  quality: 2 / 3,
  expectedCostMicroUsd: 1234,
  expectedOutputTokens: 99.6,
  expectedTtftMs: 512,
  expectedLatencyMs: 2345,
});

function decisionOf(changes: Partial<Decision>): Decision {
  return {
    profile: profileRequest({ messages: [{ role: 'user', content: 'Hi' }], n: 3 }, undefined),
    strategy: 'balanced',
    reason: 'auto',
    valueOfQualityUsd: 0.01,
    valueOfSecondUsd: 0,
    ranking: [],
    excluded: [],
    circumstances: undefined,
    ...changes,
  };
}

test('what was written is read back, to a billionth', () => {
  const ranking = [ranked('large', 0.98 / 3 + 0.01), ranked('quo"ted\nüname', 0)];
  const excluded = [
    { endpointId: 'acme/ill', modelId: 'ill', reason: 'breaker_open' as const, retryAtMs: 1_800_000_000_000 },
    { endpointId: 'acme/blind', modelId: 'blind', reason: 'missing_capability' as const },
  ];
  const circumstances = { costPenalty: 1.25 };
  const text = writeDecision(decisionOf({ ranking, excluded, circumstances }));
  expect(text).not.toContain('\n');
  const record = readDecision(text);
  expect(record.choices).toBe(3);
  expect(record.excluded).toEqual(excluded);
  expect(record.circumstances).toEqual(circumstances);
  expect(record.ranking).toEqual(
    ranking.map((one) => ({
      ...one,
      propensity: expect.closeTo(one.propensity, 9),
      utilityUsd: expect.closeTo(one.utilityUsd, 9),
      quality: expect.closeTo(one.quality, 9),
      expectedOutputTokens: 100,
    })),
  );
});

test('an endpoint that serves another model after a reload is called by its new one', () => {
  const before = { ...ranked('a', 1), endpointId: 'acme/shared' };
  const after = { ...before, modelId: 'b' };
  for (const one of [before, after, before]) {
    const [read] = readDecision(writeDecision(decisionOf({ ranking: [one] }))).ranking;
    expect(read?.modelId).toBe(one.modelId);
  }
});

test.each(['', 'null', '{}', '{"n":"4","r":5}', '{"n":2', '[]'])('%j is an empty record', (text) => {
  expect(readDecision(text)).toEqual({
    choices: 1,
    ranking: [],
    excluded: [],
    circumstances: undefined,
    isDrawn: false,
  });
});

test.each([
  ['{"n":3,"r":[]}', 3],
  ['{"r":[]}', 1],
  ['{"n":0,"r":[]}', 1],
  ['{"n":"4","r":[]}', 1],
])('%s asks for %i choices', (text, choices) => {
  expect(readDecision(text).choices).toBe(choices);
});

test.each([true, false, undefined])('remembers whether chance decided: %s', (isDrawn) => {
  const ranking = [ranked('large', 1)];
  const excluded = [{ endpointId: 'acme/ill', modelId: 'ill', reason: 'disabled' as const }];
  const record = readDecision(writeDecision(decisionOf({ ranking, excluded, isDrawn })));
  expect(record.isDrawn).toBe(isDrawn === true);
  expect(record.excluded).toEqual(excluded);
});
