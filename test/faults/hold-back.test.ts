import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANSWER_TEXT } from '../fixtures/misbehaving-answers.ts';
import { ask } from './ask.ts';
import { BROKEN_AFTER_TOKEN, TOLERATED } from './endings-table.ts';
import { expectOurError, expectWhole } from './expect-answer.ts';
import { attemptsOf, breakerOf, learntAbout, openScene, PATIENT_TIMEOUTS, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene(['alone', 'other', 'fine'], { routing: PATIENT_TIMEOUTS });
});
afterAll(() => scene.close());

function heldBack(...models: string[]): object {
  return { model: 'auto', stream: true, route: { strategy: 'priority', models, hold_back: true } };
}

describe('a death in the middle', () => {
  test.concurrent.each(BROKEN_AFTER_TOKEN)('%s fails over', async (model) => {
    const { gateway } = scene;
    const seen = await ask(gateway, heldBack(`other.${model}`, 'good'));
    expectWhole(seen);
    expect(seen.headers).toMatchObject({
      'x-router-model': 'good',
      'x-router-reason': 'fallback',
      'x-router-attempts': '2',
    });
    const attempts = await attemptsOf(gateway, seen);
    expect(attempts.map(({ ending }) => ending)).toEqual(['stream_after_token', 'completed']);
    // What the dead one said is charged all the same.
    expect(attempts[0]?.cost.actual_usd).toBeGreaterThan(0);
    expect(await breakerOf(gateway, `other/${model}`)).toBe('failures: 1');
    expect(await learntAbout(gateway, `other.${model}`)).toEqual({});
  });

  test.concurrent.each(BROKEN_AFTER_TOKEN)(
    '%s alone is an error and not a piece of an answer',
    async (model) => {
      const { gateway } = scene;
      const seen = await ask(gateway, heldBack(`alone.${model}`));
      expectOurError(seen, 502, 'upstream_error');
      expect(seen.text).not.toContain(ANSWER_TEXT.slice(0, 5));
      expect(await attemptsOf(gateway, seen)).toMatchObject([{ ending: 'stream_after_token' }]);
      expect(await learntAbout(gateway, `alone.${model}`)).toEqual({ quality: [0, 0.25] });
    },
  );
});

test.concurrent.each(TOLERATED.filter(([, as]) => as === 'stream'))(
  '%s is held back and whole',
  async (model) => {
    const { gateway } = scene;
    const seen = await ask(gateway, heldBack(`fine.${model}`));
    expectWhole(seen);
    expect(seen.headers['x-router-attempts']).toBe('1');
  },
);

test('nothing is sent until the answer is whole', async () => {
  const { gateway } = scene;
  // Eight tokens at 80 ms: unheld, the head of the answer comes with the first.
  const headAfterMs = async (body: object) => {
    const beganMs = performance.now();
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'Say hello.' }], ...body }),
    });
    const ms = performance.now() - beganMs;
    const text = await answer.text();
    expect(text).toContain('[DONE]');
    return { headMs: ms, wholeMs: performance.now() - beganMs };
  };
  const held = await headAfterMs(heldBack('fine.stream-usage-in-each'));
  const free = await headAfterMs({ model: 'fine.stream-usage-in-each', stream: true });
  expect(held.headMs).toBeGreaterThan(600);
  expect(held.wholeMs - held.headMs).toBeLessThan(300);
  expect(free.wholeMs - free.headMs).toBeGreaterThan(400);
});
