import type { Leaderboard } from './leaderboard.ts';

/**
 * LiveBench, releases 2025-05-30 and 2026-06-25: objective scores, per cent. Two releases are two leaderboards, as their
 * questions differ. Columns are means of the release's subtasks:
 * coding (`code_completion`, `code_generation`); reasoning and mathematics, half each; tables (`tablejoin`,
 * `tablereformat`); `summarize`; `story_generation`. Of models listed with and without thinking, the one without, or the
 * maker's default effort; the release of 2026 lists the highest effort alone.
 *
 * A point is worth half a hundredth of quality: its questions are made to be hard, requests of a day are easier.
 */
const COMMON = {
  qualityPerPoint: 0.005,
  taskToColumns: {
    code_generation: [0],
    code_review: [0],
    reasoning_math: [1],
    extraction: [2],
    summarization: [3],
    creative_writing: [4],
  },
  isGeneral: true,
} as const;

export const LIVEBENCH_2025: Leaderboard = {
  name: 'LiveBench 2025-05-30',
  source: 'https://github.com/LiveBench/livebench.github.io/blob/main/public/table_2025_05_30.csv',
  date: '2025-08',
  ...COMMON,
  scores: {
    'claude-3.5-haiku': [53.2, 30.5, 54.1, 58.6, 59.0],
    'claude-3.5-sonnet': [73.9, 46.9, 56.2, 69.0, 68.7],
    'claude-3.7-sonnet': [74.3, 56.9, 60.0, 72.7, 79.8],
    'claude-opus-4': [73.6, 67.6, 66.5, 75.8, 74.8],
    'claude-sonnet-4': [78.2, 65.6, 64.7, 77.1, 78.8],
    'command-a': [54.3, 40.9, 48.5, 75.9, 87.8],
    'command-r-plus': [27.1, 22.2, 49.2, 48.7, 64.2],
    'command-r': [26.1, 19.5, 39.8, 49.0, 54.2],
    'deepseek-r1': [71.4, 88.2, 71.5, 77.3, 81.2],
    'deepseek-v3': [68.9, 57.9, 64.0, 84.4, 77.2],
    'gemini-2-flash-lite': [59.3, 43.6, 65.4, 78.5, 73.2],
    'gemini-2.5-flash-lite': [59.2, 67.3, 65.5, 85.1, 82.2],
    'gemini-2.5-flash': [63.5, 81.3, 69.8, 73.8, 81.7],
    'gemini-2.5-pro': [70.7, 88.5, 71.6, 79.7, 77.2],
    'gemma-3-12b': [42.2, 38.4, 33.9, 76.8, 72.9],
    'gemma-3-27b': [48.9, 43.3, 38.8, 80.0, 70.6],
    'gemma-3-4b': [15.7, 25.6, 17.9, 57.6, 60.7],
    'glm-4.5-air': [57.8, 78.8, 66.0, 80.2, 82.9],
    'glm-4.5': [60.3, 75.8, 66.3, 80.1, 82.2],
    'gpt-4.1-mini': [72.1, 56.3, 61.3, 66.2, 72.4],
    'gpt-4.1-nano': [63.9, 39.0, 49.8, 53.5, 56.4],
    'gpt-4.1': [73.2, 53.4, 66.4, 69.4, 81.2],
    'gpt-4.5': [76.1, 61.2, 60.1, 64.6, 78.4],
    'gpt-4o': [69.3, 40.6, 63.5, 63.1, 66.2],
    'gpt-5-mini': [72.9, 84.3, 71.9, 84.2, 89.2],
    'gpt-5-nano': [65.6, 67.9, 65.7, 79.3, 74.7],
    'gpt-5': [73.3, 93.3, 72.4, 89.7, 89.6],
    'gpt-oss-120b': [58.8, 73.6, 56.8, 63.9, 67.3],
    'grok-3-mini': [54.5, 82.3, 64.6, 76.0, 79.9],
    'grok-3': [73.6, 55.6, 55.6, 82.4, 85.5],
    'grok-4': [71.3, 93.3, 69.5, 77.4, 75.6],
    'kimi-k2': [71.8, 68.7, 63.4, 78.1, 82.2],
    'llama-4-maverick': [54.2, 52.2, 47.1, 71.0, 77.1],
    'mistral-large-2.1': [62.9, 38.0, 54.2, 63.3, 70.3],
    'mistral-medium-3': [61.5, 50.9, 60.2, 65.1, 73.4],
    'mistral-small-3.1': [49.6, 37.7, 52.1, 62.9, 61.4],
    o3: [77.9, 85.8, 68.2, 80.0, 82.6],
    'o4-mini': [74.2, 79.7, 68.5, 75.2, 85.5],
    'phi-4-reasoning-plus': [60.6, 60.3, 54.7, 69.6, 75.8],
    'qwen-2.5-72b': [57.3, 43.0, 50.2, 67.2, 62.8],
    'qwen-2.5-max': [66.8, 47.7, 64.3, 77.8, 77.4],
    'qwen-3-235b': [66.4, 83.0, 65.2, 71.8, 76.3],
    'qwen-3-30b': [47.5, 74.0, 66.6, 83.6, 81.9],
    'qwen-3-32b': [64.2, 81.6, 68.3, 82.8, 86.7],
    'qwen-3-coder-480b': [73.2, 60.9, 64.7, 71.7, 75.1],
  },
};

export const LIVEBENCH_2026: Leaderboard = {
  name: 'LiveBench 2026-06-25',
  source: 'https://github.com/LiveBench/new-livebench/blob/main/public/table_2026_06_25.csv',
  date: '2026-06',
  ...COMMON,
  scores: {
    'claude-opus-4.5': [79.7, 85.2, 72.0, 63.7, 65.8],
    'claude-opus-4.6': [78.2, 89.0, 73.1, 65.2, 66.1],
    'claude-opus-4.7': [82.1, 90.0, 72.6, 66.3, 69.4],
    'claude-opus-4.8': [79.3, 92.5, 72.9, 74.5, 74.5],
    'claude-sonnet-4.6': [79.3, 85.9, 70.6, 61.6, 68.9],
    'deepseek-v4-flash': [69.2, 75.1, 72.1, 68.8, 67.3],
    'deepseek-v4-pro': [70.0, 86.7, 74.1, 69.5, 67.8],
    'gemini-3.1-pro': [76.5, 87.5, 75.2, 88.2, 77.2],
    'gemini-3.5-flash': [78.2, 85.1, 73.3, 82.6, 75.2],
    'glm-5.2': [79.7, 84.2, 71.0, 68.4, 62.9],
    'gpt-5.2-codex': [83.6, 83.2, 72.8, 63.4, 74.8],
    'gpt-5.2': [76.1, 88.2, 72.8, 63.2, 65.7],
    'gpt-5.4-mini': [71.6, 74.9, 74.7, 59.6, 66.6],
    'gpt-5.4-nano': [70.8, 86.0, 74.3, 71.8, 67.7],
    'gpt-5.4': [77.5, 91.1, 75.9, 68.4, 79.0],
    'gpt-5.5': [82.1, 92.8, 78.0, 72.3, 72.5],
    'grok-4.3': [69.9, 77.6, 69.6, 58.4, 70.6],
    'kimi-k2.6': [78.6, 81.8, 72.1, 67.5, 66.9],
    'minimax-m3': [68.2, 75.7, 71.9, 53.9, 63.5],
    'qwen-3.6-27b': [71.8, 75.1, 70.4, 52.6, 60.1],
    'qwen-3.6-plus': [78.2, 79.8, 71.3, 64.3, 56.9],
    'qwen-3.7-max': [74.2, 84.3, 71.8, 83.8, 76.3],
  },
};
