import { expect, test } from 'vitest';
import { createRecentOutputs } from '../../../../src/core/dialects/responses/recent-outputs.ts';

const response = (id: string, text = 'x') => ({ id: `resp_${id}`, output: [{ id: `msg_${id}_0`, text }] });

test('an answer is kept for its own key, and not for ever', () => {
  const recent = createRecentOutputs(() => 100);
  recent.put(response('a'), 'key', 0);
  expect(recent.outputOf('a', 'key', 99)).toEqual(response('a').output);
  expect(recent.outputOf('a', 'other', 99)).toBeUndefined();
  expect(recent.outputOf('b', 'key', 99)).toBeUndefined();
  expect(recent.outputOf('a', 'key', 100)).toBeUndefined();
});

test('the oldest make room', () => {
  const recent = createRecentOutputs(() => 1_000, 100);
  for (const id of ['a', 'b', 'c']) recent.put(response(id, 'x'.repeat(20)), '', 0);
  expect(recent.outputOf('a', '', 1)).toBeUndefined();
  expect(recent.outputOf('c', '', 1)).toBeDefined();
  recent.put(response('d', 'x'.repeat(200)), '', 1);
  expect(recent.outputOf('d', '', 1)).toBeUndefined();
});

test('the same id again replaces its own, and never another key’s', () => {
  const recent = createRecentOutputs(() => 1_000, 100);
  recent.put(response('a'), 'key', 0);
  recent.put(response('a', 'other'), 'thief', 1);
  expect(recent.outputOf('a', 'key', 2)).toEqual(response('a').output);
  for (let round = 0; round < 50; round++) recent.put(response('a', 'new'), 'key', 3);
  expect(recent.outputOf('a', 'key', 4)).toEqual(response('a', 'new').output);
});

test('nothing is kept for no time', () => {
  const recent = createRecentOutputs(() => 0);
  recent.put(response('a'), '', 0);
  expect(recent.outputOf('a', '', 0)).toBeUndefined();
});
