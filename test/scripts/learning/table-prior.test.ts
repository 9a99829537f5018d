import { expect, test } from 'vitest';
import { parseOutcomeTable } from '../../../scripts/learning/outcome-table.ts';
import { catalogOfTable } from '../../../scripts/learning/table-catalog.ts';
import { priorOfTable } from '../../../scripts/learning/table-prior.ts';
import { createRandom } from '../../../src/core/learning/random.ts';

const MODELS = ['gpt-4o-2024-08-06', 'claude-3-haiku-20240307', 'Meta-Llama-3-8B-Instruct'];
const rows = ['math_hard', 'code_reasoning'].flatMap((task) =>
  MODELS.map((name) => `${task},${task},${name},1,0.001`),
);
const table = parseOutcomeTable(`prompt_id,task,model,quality,cost_usd\n${rows.join('\n')}\n`, 'x');
const catalog = catalogOfTable(table);
const priorOf = (name: Parameters<typeof priorOfTable>[0]) =>
  priorOfTable(name, catalog, table.tasks, createRandom(5));

test("a table's tasks are read as what they are, whatever label the replay gives them", () => {
  const shipped = priorOf('shipped');
  const label = catalog.tableTaskToTask[table.tasks.indexOf('math_hard')] ?? 'unknown';
  const deviations = MODELS.map((id) => shipped?.deviationOf(label, id) ?? Number.NaN);
  expect((deviations[0] ?? 0) - (deviations[2] ?? 0)).toBeCloseTo((6.021 + 5.729 - 3.44 - 1.697) / 20, 2);
  expect(priorOf('none')).toBeUndefined();
});

test('shuffled tells nobody the truth, inverted everybody the opposite', () => {
  const label = catalog.tableTaskToTask[0] ?? 'unknown';
  const truth = MODELS.map((id) => priorOf('shipped')?.deviationOf(label, id));
  const shuffled = MODELS.map((id) => priorOf('shuffled')?.deviationOf(label, id));
  expect([...shuffled].sort()).toEqual([...truth].sort());
  for (const [index, deviation] of shuffled.entries()) expect(deviation).not.toBe(truth[index]);
  expect(MODELS.map((id) => priorOf('inverted')?.deviationOf(label, id))).toEqual(
    truth.map((one) => -(one ?? 0)),
  );
});
