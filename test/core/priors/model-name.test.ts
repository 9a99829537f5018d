import { describe, expect, it } from 'vitest';
import { readModelName } from '../../../src/core/priors/model-name.ts';

function keyOf(name: string): string {
  const { line, version } = readModelName(name);
  return `${line} ${version}`;
}

describe('one model under many names', () => {
  const sames: readonly (readonly string[])[] = [
    [
      'gpt-4o-mini',
      'openai/gpt-4o-mini-2024-07-18',
      'gpt-4o-mini-2024-07-18',
      'GPT-4o-mini',
      'azure/gpt-4o-mini',
    ],
    ['gpt-4.1-mini', 'openai/gpt-4.1-mini-2025-04-14', 'gpt-4-1-mini'],
    [
      'llama-3.1-70b',
      'meta-llama/Llama-3.1-70B-Instruct',
      'meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo',
      'llama3.1:70b-instruct-q4_K_M',
      'llama-3.1-70b-versatile',
      '@cf/meta/llama-3.1-70b-instruct',
      'us.meta.llama3-1-70b-instruct-v1:0',
    ],
    [
      'claude-3.5-sonnet',
      'claude-3-5-sonnet@20241022',
      'claude-3-5-sonnet-20241022',
      'claude-3-5-sonnet-latest',
      'anthropic/claude-3.5-sonnet',
      'anthropic.claude-3-5-sonnet-20241022-v2:0',
      'us.anthropic.claude-3-5-sonnet-20240620-v1:0',
    ],
    [
      'claude-opus-4',
      'claude-4-opus-20250514',
      'claude-opus-4-20250514',
      'anthropic/claude-opus-4',
      'claude-opus-4-0',
    ],
    ['claude-sonnet-4.6', 'claude-sonnet-4-6', 'anthropic/claude-sonnet-4.6'],
    [
      'qwen-2.5-coder-7b',
      'qwen2.5-coder:7b-q4_K_M',
      'Qwen/Qwen2.5-Coder-7B-Instruct',
      'qwen2.5-coder-7b-instruct-awq',
      'qwen2.5-coder:7b',
    ],
    ['qwen-3-235b', 'Qwen/Qwen3-235B-A22B-Instruct-2507', 'qwen3-235b-a22b', 'qwen3:235b'],
    [
      'gemini-2.5-flash',
      'google/gemini-2.5-flash',
      'gemini-2.5-flash-preview-05-20',
      'models/gemini-2.5-flash',
    ],
    ['gemini-2.0-flash', 'gemini-2.0-flash-001', 'gemini-2-flash'],
    ['mistral-large-2', 'mistral-large-2407', 'Mistral-Large-2', 'mistralai/mistral-large-2407'],
    ['deepseek-v3', 'deepseek-v3-0324', 'deepseek-ai/DeepSeek-V3', 'deepseek/deepseek-v3'],
    ['deepseek-r1', 'deepseek-r1-0528', 'deepseek-ai/DeepSeek-R1'],
    ['glm-5.2', 'accounts/fireworks/models/glm-5p2', 'zai/glm-5.2'],
    [
      'llama-4-maverick',
      'meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8',
      'llama4-maverick-instruct-basic',
    ],
    ['gemma-3-27b', 'gemma3:27b-it-q8_0', 'google/gemma-3-27b-it', 'gemma-3-27b-it@together'],
    ['o3', 'o3-2025-04-16', 'openai/o3-high'],
    ['gpt-4-turbo', 'gpt-4-turbo-2024-04-09', 'gpt-4-0125-preview'],
    ['mixtral-8x7b', 'mistralai/Mixtral-8x7B-Instruct-v0.1'],
    ['gpt-oss-120b', 'openai/gpt-oss-120b', 'gpt-oss:120b'],
  ];
  for (const [first = '', ...others] of sames) {
    for (const other of others) it(`${other} is ${first}`, () => expect(keyOf(other)).toBe(keyOf(first)));
  }

  it('keeps apart what is not the same', () => {
    const differing = [
      'gpt-4o',
      'gpt-4o-mini',
      'gpt-4.1',
      'gpt-4.1-mini',
      'gpt-4.1-nano',
      'gpt-4-turbo',
      'gpt-5',
      'gpt-5-mini',
      'gpt-3.5-turbo',
      'llama-3.1-70b',
      'llama-3.1-8b',
      'llama-3.3-70b',
      'llama-3-70b',
      'claude-3-5-sonnet',
      'claude-3-5-haiku',
      'claude-3-opus',
      'claude-sonnet-4',
      'claude-opus-4',
      'qwen2.5-coder:7b',
      'qwen2.5-coder:32b',
      'qwen2.5:7b',
      'qwen3-32b',
      'o3',
      'o3-mini',
      'o4-mini',
      'gemini-2.5-flash',
      'gemini-2.5-flash-lite',
      'gemini-2.5-pro',
      'deepseek-v3',
      'deepseek-r1',
      'mixtral-8x7b',
      'mistral-7b',
      'mistral-large-2407',
      'mistral-large-2512',
      'mistral-small-2503',
      'grok-3',
      'grok-3-mini',
      'kimi-k2',
      'command-r',
      'command-r-plus',
    ];
    expect(new Set(differing.map(keyOf)).size).toBe(differing.length);
  });
});

describe('size and tier', () => {
  it.each([
    ['mistral-7b-instruct', 7],
    ['qwen2.5-coder:7b-q4_K_M', 7],
    ['mixtral-8x22b', 176],
    ['phi-3.5:3.8b', 3.8],
    ['Qwen3-235B-A22B', 235],
    ['gpt-4o', undefined],
    ['llama-4-scout-17b-16e-instruct', undefined],
  ])('%s', (name, size) => expect(readModelName(name).sizeBillions).toBe(size));

  it.each([
    ['claude-haiku-4-5', 'small'],
    ['gpt-5.4-nano', 'small'],
    ['claude-opus-5-5', 'large'],
    ['gemini-3.1-pro-preview', 'large'],
    ['gpt-4o', undefined],
    ['gemini-2.5-flash-lite', 'small'],
  ])('%s', (name, tier) => expect(readModelName(name).tier).toBe(tier));
});

it('takes any text, a long one in no time', () => {
  for (const text of ['', '/', ':', '@', '---', 'ünï/cödé', '💥', 'q4_K_M', '7b', '2024-07-18']) {
    expect(readModelName(text).version).toBeGreaterThanOrEqual(0);
  }
  const hostile = `${'q4_'.repeat(100_000)}${'-1'.repeat(100_000)}`;
  const startedAt = performance.now();
  readModelName(hostile);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
