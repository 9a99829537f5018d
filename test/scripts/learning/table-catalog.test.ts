import { expect, test } from 'vitest';
import { parseOutcomeTable } from '../../../scripts/learning/outcome-table.ts';
import { catalogOfTable } from '../../../scripts/learning/table-catalog.ts';
import { costMicroUsd } from '../../../src/core/money/cost.ts';
import { smallTable } from './small-table.ts';

test.each([true, false])('price × tokens is the cost of the table (tokens in the table: %s)', (hasTokens) => {
  const table = smallTable(40, hasTokens);
  const catalog = catalogOfTable(table);
  for (let cell = 0; cell < table.costUsd.length; cell += 1) {
    const price = catalog.models[cell % 4]?.endpoints[0]?.price;
    if (price === undefined) throw new Error('a model without a price');
    const usage = {
      inputTokens: hasTokens ? (catalog.inputTokens[Math.floor(cell / 4)] ?? 0) : 0,
      outputTokens: catalog.outputTokens[cell] ?? 0,
      cachedInputTokens: 0,
    };
    expect(Math.abs(costMicroUsd(usage, price) - 1e6 * (table.costUsd[cell] ?? 0))).toBeLessThanOrEqual(0.51);
  }
});

test('free models are free', () => {
  const table = parseOutcomeTable('prompt_id,task,model,quality,cost_usd\na,t,m,1,0\na,t,n,0,0\n', 'x');
  expect(catalogOfTable(table).models[0]?.endpoints[0]?.price.outputUsdPerMillion).toBe(0);
});

test('the ten most frequent tasks get labels of their own, the others share `unknown`', () => {
  const rows = Array.from({ length: 13 }, (_, task) =>
    Array.from({ length: 13 - task }, (_, prompt) => `p${task}-${prompt},t${task},m,1,0`).join('\n'),
  );
  const table = parseOutcomeTable(`prompt_id,task,model,quality,cost_usd\n${rows.join('\n')}\n`, 'x');
  const { tableTaskToTask } = catalogOfTable(table);
  expect(new Set(tableTaskToTask.slice(0, 10)).size).toBe(10);
  expect(tableTaskToTask.slice(0, 10)).not.toContain('unknown');
  expect(tableTaskToTask.slice(10)).toEqual(['unknown', 'unknown', 'unknown']);
});
