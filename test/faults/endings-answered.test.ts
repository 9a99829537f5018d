import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANSWER_TEXT } from '../fixtures/misbehaving-answers.ts';
import { ask } from './ask.ts';
import { BAD_USAGE, BROKEN_AFTER_TOKEN, TOLERATED } from './endings-table.ts';
import { expectBrokenStream, expectWhole } from './expect-answer.ts';
import {
  among,
  attemptsOf,
  breakerOf,
  learntAbout,
  openScene,
  PATIENT_TIMEOUTS,
  type Scene,
} from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await openScene(['unary', 'stream'], { routing: PATIENT_TIMEOUTS });
});
afterAll(() => scene.close());

describe('tolerated', () => {
  test.concurrent.each(TOLERATED)('%s (%s) is a clean run', async (model, as) => {
    const { gateway } = scene;
    const id = `${as}.${model}`;
    const seen = await ask(gateway, { ...among(id, 'good'), stream: as === 'stream' });
    expectWhole(seen);
    expect(seen.headers).toMatchObject({ 'x-router-model': id, 'x-router-attempts': '1' });
    expect(await attemptsOf(gateway, seen)).toMatchObject([
      {
        ending: 'completed',
        error_code: null,
        finish_reason: 'stop',
        usage: { input_tokens: 10, output_tokens: 5 },
        cost: { actual_usd: 0.00002, is_estimate: false },
      },
    ]);
    expect(await breakerOf(gateway, `${as}/${model}`)).toBe('success');
    expect(await learntAbout(gateway, `${as}/${model}`)).toMatchObject({ availability: [1, 0] });
  });
});

describe('bad usage', () => {
  test.concurrent.each(BAD_USAGE)('%s (%s): an answer with an estimated price', async (model, as) => {
    const { gateway } = scene;
    const isStream = as === 'stream';
    const wishes = isStream ? { stream: true, stream_options: { include_usage: true } } : {};
    const seen = await ask(gateway, { ...among(`${as}.${model}`), ...wishes });
    expectWhole(seen);
    const [attempt] = await attemptsOf(gateway, seen);
    // The text is 30 characters in 39 bytes: ten tokens by its bytes.
    const outputTokens = Math.ceil(Buffer.byteLength(ANSWER_TEXT) / 4);
    expect(attempt).toMatchObject({
      ending: 'completed',
      usage: { output_tokens: outputTokens },
      cost: { is_estimate: true },
    });
    expect(attempt?.cost.actual_usd).toBeGreaterThan(0);
    const inputTokens = attempt?.usage.input_tokens ?? 0;
    const { usage } = seen.json ?? JSON.parse(seen.events.at(-2) ?? '');
    expect(usage).toMatchObject({
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
      cost: attempt?.cost.actual_usd,
    });
    expect(await breakerOf(gateway, `${as}/${model}`)).toBe('success');
    expect(await learntAbout(gateway, `${as}/${model}`)).toMatchObject({ availability: [1, 0] });
  });
});

describe('after the first token', () => {
  test.concurrent.each(BROKEN_AFTER_TOKEN)('%s: an error event, and nobody else is asked', async (model) => {
    const { gateway } = scene;
    const seen = await ask(gateway, { ...among(`stream.${model}`, 'good'), stream: true });
    expectBrokenStream(
      seen,
      ANSWER_TEXT,
      /^Provider 'stream' (broke off|stopped) in the middle of its answer\.$/,
    );
    const attempts = await attemptsOf(gateway, seen);
    expect(attempts).toMatchObject([
      { ending: 'stream_after_token', error_code: 'upstream_error', cost: { is_estimate: true } },
    ]);
    // What was said until then is charged.
    expect(attempts[0]?.cost.actual_usd).toBeGreaterThan(0);
    expect(await breakerOf(gateway, `stream/${model}`)).toBe('failures: 1');
    expect(await learntAbout(gateway, `stream/${model}`)).toEqual({ availability: [0, 1] });
    expect(await learntAbout(gateway, `stream.${model}`)).toEqual({ quality: [0, 0.25] });
  });
});
