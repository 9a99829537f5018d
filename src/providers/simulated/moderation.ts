import { estimateTextTokens } from '../../core/task/token-estimate.ts';
import { isObject, type JsonObject, textOf } from '../../core/wire/json-value.ts';
import { ApiError } from './api-error.ts';
import { modelOfType } from './model-of-type.ts';

/** OpenAI's categories, and what the simulated models go by. */
const CATEGORY_TO_STEMS: Readonly<Record<string, readonly string[]>> = {
  harassment: ['idiot', 'stupid', 'loser'],
  'harassment/threatening': [],
  hate: ['subhuman', 'vermin'],
  'hate/threatening': [],
  illicit: ['counterfeit', 'explosive'],
  'illicit/violent': [],
  'self-harm': ['suicide'],
  'self-harm/intent': [],
  'self-harm/instructions': [],
  sexual: ['porn'],
  'sexual/minors': [],
  violence: ['kill', 'murder', 'stab', 'shoot'],
  'violence/graphic': ['gore'],
};
const THRESHOLD = 0.5;

/** A `CreateModerationResponse`. @throws ApiError */
export function moderationBody(body: JsonObject): Record<string, unknown> {
  const model = modelOfType(body, 'moderation');
  const knowsForms = model.id === 'sim-warden-large';
  const texts = textsOf(body.input);
  return {
    id: 'modr-sim',
    model: model.id,
    results: texts.map((text) => resultOf(text, knowsForms)),
    usage: { prompt_tokens: texts.reduce((sum, text) => sum + estimateTextTokens(text), 0) },
  };
}

/** A text, texts, or the parts of one input. */
function textsOf(input: unknown): string[] {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || input.length === 0) {
    throw new ApiError(400, "'input' must be a text or a list of at least one.", 'input');
  }
  if (input.every((one) => typeof one === 'string')) return input;
  return [input.map((part) => (isObject(part) ? textOf(part.text) : '')).join(' ')];
}

function resultOf(text: string, knowsForms: boolean): Record<string, unknown> {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const categories: Record<string, boolean> = {};
  const scores: Record<string, number> = {};
  const inputTypes: Record<string, string[]> = {};
  for (const [category, stems] of Object.entries(CATEGORY_TO_STEMS)) {
    const hits = words.filter((word) =>
      stems.some((stem) => (knowsForms ? word.startsWith(stem) : word === stem)),
    ).length;
    const score = hits === 0 ? 0.001 : Math.min(0.99, 0.6 + 0.1 * hits);
    categories[category] = score >= THRESHOLD;
    scores[category] = score;
    inputTypes[category] = ['text'];
  }
  return {
    flagged: Object.values(categories).includes(true),
    categories,
    category_scores: scores,
    category_applied_input_types: inputTypes,
  };
}
