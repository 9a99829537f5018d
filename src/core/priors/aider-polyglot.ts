import type { Leaderboard } from './leaderboard.ts';

/**
 * Aider's polyglot leaderboard (Apache-2.0): per cent of 225 hard programming exercises in six languages solved at the second
 * try. Of several runs of a model the one without thinking, or at the maker's default effort, as far as there is one;
 * pairs of models are left out.
 *
 * A point is worth .3 hundredths of quality: the exercises were chosen because models fail them, so the spread is far
 * wider than on the code people ask for.
 */
export const AIDER_POLYGLOT: Leaderboard = {
  name: 'Aider polyglot',
  source: 'https://aider.chat/docs/leaderboards/',
  date: '2025-10',
  qualityPerPoint: 0.003,
  taskToColumns: { code_generation: [0], code_review: [0] },
  isGeneral: false,
  scores: {
    'claude-3.5-haiku': [28.0],
    'claude-3.5-sonnet': [51.6],
    'claude-3.7-sonnet': [60.4],
    'claude-opus-4': [70.7],
    'claude-sonnet-4': [56.4],
    codestral: [11.1],
    'command-a': [12.0],
    'deepseek-r1': [71.4],
    'deepseek-v2.5': [17.8],
    'deepseek-v3': [55.1],
    'deepseek-v3.2': [70.2],
    'gemini-2-flash': [22.2],
    'gemini-2.5-flash': [44.0],
    'gemini-2.5-pro': [79.1],
    'gemma-3-27b': [4.9],
    'gpt-4.1': [52.4],
    'gpt-4.1-mini': [32.4],
    'gpt-4.1-nano': [8.9],
    'gpt-4.5': [44.9],
    'gpt-4o': [23.1],
    'gpt-4o-mini': [3.6],
    'gpt-5': [86.7],
    'gpt-oss-120b': [41.8],
    'grok-3': [53.3],
    'grok-3-mini': [34.7],
    'grok-4': [79.6],
    'kimi-k2': [59.1],
    'llama-4-maverick': [15.6],
    o1: [61.7],
    'o1-mini': [32.9],
    o3: [76.9],
    'o3-mini': [53.8],
    'o3-pro': [84.9],
    'o4-mini': [72.0],
    'qwen-2.5-coder-32b': [16.4],
    'qwen-3-235b': [59.6],
    'qwen-3-32b': [40.0],
    'qwen-max': [21.8],
    'qwq-32b': [20.9],
    'yi-lightning': [12.9],
  },
};
