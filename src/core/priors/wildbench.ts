import type { Leaderboard } from './leaderboard.ts';

/**
 * WildBench v2 (Apache-2.0): prompts of real users, graded by a model. The scores of its categories, from 10 down to below
 * 0: creative tasks, coding and debugging, planning and reasoning, information and advice, mathematics and data analysis.
 * Models that are offered somewhere; research variants are left out.
 *
 * A point is worth a tenth of quality: over the eleven models of panel12 that it lists, .47 to 1.45 hundredths of quality
 * went with a tenth of a point, by task (`scripts/fit-priors.ts`).
 */
export const WILDBENCH: Leaderboard = {
  name: 'WildBench v2',
  source: 'https://huggingface.co/spaces/allenai/WildBench',
  date: '2024-08',
  qualityPerPoint: 0.1,
  taskToColumns: {
    creative_writing: [0],
    code_generation: [1],
    code_review: [1],
    reasoning_math: [2, 4],
    question_answering: [3],
    conversation: [3],
  },
  isGeneral: true,
  scores: {
    'claude-3-haiku': [4.295, 3.698, 4.129, 4.535, 3.143],
    'claude-3-opus': [5.302, 5.33, 5.253, 5.347, 4.675],
    'claude-3-sonnet': [4.63, 4.61, 4.743, 4.713, 4.064],
    'claude-3.5-sonnet': [5.561, 5.651, 5.564, 5.554, 5.016],
    'command-r': [4.744, 1.934, 3.462, 4.411, 1.603],
    'command-r-plus': [5.256, 2.844, 4.195, 4.916, 2.349],
    dbrx: [4.233, 2.645, 3.623, 4.109, 2.452],
    'deepseek-v2': [5.643, 5.5, 5.483, 5.272, 5.143],
    'deepseek-v2-coder': [4.078, 4.887, 4.717, 4.005, 4.643],
    'gemini-1.5-flash': [5.166, 4.873, 5.079, 4.867, 4.532],
    'gemini-1.5-pro': [5.512, 5.522, 5.373, 5.223, 4.859],
    'gemma-2-27b': [5.363, 4.701, 5.055, 5.05, 4.392],
    'gemma-2-2b': [4.362, 1.79, 3.381, 3.99, 1.579],
    'gemma-2-9b': [5.101, 3.667, 4.666, 4.896, 3.643],
    'gemma-2b': [0.722, -1.773, -0.58, -0.213, -1.865],
    'gemma-7b': [2.119, 0.18, 1.016, 1.272, -0.365],
    'glm-4-9b': [4.775, 3.538, 4.249, 4.629, 2.98],
    'gpt-3.5-turbo': [3.742, 2.654, 3.339, 3.649, 2.159],
    'gpt-4-turbo': [5.866, 5.507, 5.62, 5.718, 5.1],
    'gpt-4o': [5.912, 6.047, 6.021, 5.861, 5.729],
    'gpt-4o-mini': [6.005, 5.717, 5.824, 5.743, 5.405],
    'llama-2-70b': [4.0, 0.933, 2.685, 3.831, 0.418],
    'llama-2-7b': [2.977, -0.679, 1.543, 2.766, -0.718],
    'llama-3-70b': [5.43, 4.472, 5.007, 5.228, 4.206],
    'llama-3-8b': [4.357, 2.198, 3.44, 3.931, 1.697],
    'mistral-7b': [4.207, 1.84, 3.006, 4.01, 1.008],
    'mistral-large-1': [4.966, 3.374, 4.18, 4.614, 3.088],
    'mistral-large-2': [5.886, 5.384, 5.722, 5.738, 5.267],
    'mistral-nemo': [5.457, 3.972, 4.741, 5.193, 3.563],
    'mixtral-8x7b': [4.275, 2.502, 3.459, 4.194, 2.214],
    'nemotron-4-340b': [5.332, 4.626, 4.913, 5.3, 4.08],
    'qwen-1.5-72b': [5.036, 3.536, 4.345, 4.822, 2.98],
    'qwen-1.5-7b': [3.829, 1.488, 2.888, 3.401, 1.19],
    'qwen-2-72b': [4.992, 3.981, 4.685, 4.95, 4.095],
    'reka-core': [5.549, 4.06, 4.801, 5.225, 4.034],
    'reka-flash': [4.244, 2.209, 3.502, 4.153, 2.048],
    'yi-1.5-34b': [5.352, 4.209, 4.811, 5.03, 3.944],
    'yi-1.5-9b': [4.56, 3.498, 4.237, 4.262, 3.221],
    'yi-large': [5.18, 4.771, 5.134, 5.097, 4.446],
  },
};
