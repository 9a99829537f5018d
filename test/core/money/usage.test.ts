import { describe, expect, it } from 'vitest';
import { estimateUsage, readUsage } from '../../../src/core/money/usage.ts';

describe('readUsage', () => {
  it('reads Chat Completions with its cached share', () => {
    const usage = {
      prompt_tokens: 120,
      completion_tokens: 30,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 64, audio_tokens: 0 },
    };
    expect(readUsage(usage)).toEqual({
      inputTokens: 120,
      outputTokens: 30,
      cachedInputTokens: 64,
      isEstimated: false,
    });
  });

  it('reads what was kept for the next time, and believes no more than fits', () => {
    const said = (cached: number, written: number) =>
      readUsage({
        prompt_tokens: 120,
        completion_tokens: 30,
        prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
      });
    expect(said(20, 100)).toEqual({
      inputTokens: 120,
      outputTokens: 30,
      cachedInputTokens: 20,
      cacheWriteTokens: 100,
      isEstimated: false,
    });
    expect(said(21, 100)).toMatchObject({ cachedInputTokens: 0, cacheWriteTokens: 0, isEstimated: true });
    expect(said(20, 0)).not.toHaveProperty('cacheWriteTokens');
  });

  it('reads Responses, DeepSeek and embeddings', () => {
    const responses = { input_tokens: 9, output_tokens: 2, input_tokens_details: { cached_tokens: 3 } };
    expect(readUsage(responses)).toMatchObject({ inputTokens: 9, outputTokens: 2, cachedInputTokens: 3 });
    const deepSeek = { prompt_tokens: 9, completion_tokens: 2, prompt_cache_hit_tokens: 5 };
    expect(readUsage(deepSeek)).toMatchObject({ cachedInputTokens: 5, isEstimated: false });
    expect(readUsage({ prompt_tokens: 8, total_tokens: 8 })).toMatchObject({
      inputTokens: 8,
      outputTokens: 0,
    });
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', [1, 2]],
    ['a number', 7],
    ['an empty object', {}],
    ['no output and no total', { prompt_tokens: 5 }],
    ['a total below its part', { prompt_tokens: 5, total_tokens: 3 }],
    ['strings', { prompt_tokens: '5', completion_tokens: '6' }],
    ['negative input', { prompt_tokens: -5, completion_tokens: 6 }],
    ['negative output', { prompt_tokens: 5, completion_tokens: -6 }],
    ['fractions', { prompt_tokens: 5, completion_tokens: 6.5 }],
    ['infinity', { prompt_tokens: Number.POSITIVE_INFINITY, completion_tokens: 6 }],
    ['absurdly many', { prompt_tokens: 5, completion_tokens: 1e12 }],
  ])('does not believe %s', (_, usage) => {
    expect(readUsage(usage)).toBeUndefined();
  });

  it.each([-1, '3', 11, 0.5, {}])(
    'takes a cached count of %j as none, and says that it is estimated',
    (cached) => {
      const usage = {
        prompt_tokens: 10,
        completion_tokens: 6,
        prompt_tokens_details: { cached_tokens: cached },
      };
      expect(readUsage(usage)).toEqual({
        inputTokens: 10,
        outputTokens: 6,
        cachedInputTokens: 0,
        isEstimated: true,
      });
    },
  );
});

describe('estimateUsage', () => {
  it('takes a token for four bytes, and at least one for each event of a stream', () => {
    const bare = { inputTokens: 12, outputTokens: 0, cachedInputTokens: 0, isEstimated: true };
    expect(estimateUsage({ inputTokens: 12, outputBytes: 401 })).toEqual({ ...bare, outputTokens: 101 });
    expect(estimateUsage({ inputTokens: 12, outputBytes: 20, tokenEvents: 9 })).toEqual({
      ...bare,
      outputTokens: 9,
    });
    expect(estimateUsage({ inputTokens: Number.NaN, outputBytes: -4 })).toEqual({ ...bare, inputTokens: 0 });
  });
});
