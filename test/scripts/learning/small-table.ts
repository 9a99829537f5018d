import { type OutcomeTable, parseOutcomeTable } from '../../../scripts/learning/outcome-table.ts';
import { createRandom } from '../../../src/core/learning/random.ts';

/** Mean quality by task and model: a dear one best at everything, a cheap specialist per task nearly as good, a poor one. */
const MEANS = {
  sums: [0.94, 0.84, 0.3, 0.3],
  verses: [0.94, 0.3, 0.84, 0.3],
} as const;
const MODELS = ['dear', 'counter', 'poet', 'poor'];
const COST_USD = [0.01, 0.001, 0.001, 0.0005];

/** An outcome table as CSV, drawn from known means. */
export function smallCsv(promptCount: number, hasTokens = true): string {
  const random = createRandom(11);
  const lines = [`prompt_id,task,model,quality,cost_usd${hasTokens ? ',input_tokens,output_tokens' : ''}`];
  for (let prompt = 0; prompt < promptCount; prompt += 1) {
    const task = prompt % 2 === 0 ? 'sums' : 'verses';
    const input = 50 + Math.floor(100 * random());
    for (const [model, name] of MODELS.entries()) {
      const quality = random() < (MEANS[task][model] ?? 0) ? 1 : 0;
      const output = 100 + Math.floor(200 * random());
      const cost = ((COST_USD[model] ?? 0) * (input + 4 * output)) / 900;
      lines.push([`p${prompt}`, task, name, quality, cost, ...(hasTokens ? [input, output] : [])].join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}

export function smallTable(promptCount: number, hasTokens = true): OutcomeTable {
  return parseOutcomeTable(smallCsv(promptCount, hasTokens), 'small');
}
