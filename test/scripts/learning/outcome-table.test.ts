import { describe, expect, test } from 'vitest';
import {
  parseOutcomeTable,
  parsePromptTexts,
  readText,
  restrictTable,
} from '../../../scripts/learning/outcome-table.ts';
import { readCsv } from '../../../src/core/evaluation/read-csv.ts';
import { smallTable } from './small-table.ts';

const HEADER = 'prompt_id,task,model,quality,cost_usd';

test('cells lie by prompt and model, however the rows are ordered', () => {
  const table = parseOutcomeTable(
    `model,quality,cost_usd,task,prompt_id\nn,0.25,0.5,t,a\nm,1,0,u,b\nm,0,2,t,a\nn,0.75,3,u,b\n`,
    'x',
  );
  expect(table).toMatchObject({ promptIds: ['a', 'b'], tasks: ['t', 'u'], models: ['n', 'm'] });
  expect([...table.quality]).toEqual([0.25, 0, 0.75, 1]);
  expect([...table.costUsd]).toEqual([0.5, 2, 3, 0]);
  expect([...table.outputTokens].every(Number.isNaN)).toBe(true);
});

test('CSV: quotes, commas and line breaks inside them, CRLF, a byte order mark, no line end', () => {
  const { header, rows } = readCsv('\ufeffa,b\r\n"1,""x""\n2",3\r\n\r\n,4', 'x');
  expect(header).toEqual(['a', 'b']);
  expect(rows).toEqual([
    ['1,"x"\n2', '3'],
    ['', '4'],
  ]);
});

describe('a table that makes no sense is refused in one line that says where', () => {
  test.each([
    ['', 'x lacks the columns prompt_id, task, model, quality, cost_usd'],
    ['prompt_id,task,model,quality\n', 'x lacks the column cost_usd'],
    [`${HEADER}\n`, 'x has no outcomes'],
    [`${HEADER}\na,t,m,NaN,0\n`, "x, row 2: quality is 'NaN', not a number from 0 to 1"],
    [`${HEADER}\na,t,m,,0\n`, "x, row 2: quality is ''"],
    [`${HEADER}\na,t,m,1.5,0\n`, "quality is '1.5'"],
    [`${HEADER}\na,t,m,1,-1\n`, "cost_usd is '-1'"],
    [`${HEADER}\na,t,m,1,Infinity\n`, "cost_usd is 'Infinity'"],
    [`${HEADER}\na,t,,1,0\n`, 'x, row 2: model is empty'],
    [`${HEADER}\na,t,m,1\n`, 'x, line 2: 4 fields where the header has 5'],
    [`${HEADER}\na,t,m,1,0\na,t,m,1,0\n`, 'x, row 3: a second outcome of m for prompt a'],
    [`${HEADER}\na,t,m,1,0\na,u,n,1,0\n`, 'x, row 3: prompt a has another task before'],
    [`${HEADER}\na,t,m,1,0\nb,t,n,1,0\n`, 'x: no prompt has an outcome of each of its 2 models'],
    [`${HEADER}\n"a,t,m,1,0\n`, 'x, line 2: a quote is never closed'],
  ])('%j', (text, message) => {
    expect(() => parseOutcomeTable(text, 'x')).toThrow(message);
  });

  test('files and prompts too', () => {
    expect(() => readText('/no/such/file.csv.gz')).toThrow('/no/such/file.csv.gz cannot be read');
    expect(() => parsePromptTexts('{"prompt_id":"a","prompt":""}\n', 'y')).toThrow(
      'y has no prompt with a text',
    );
    expect(() => parsePromptTexts('{"prompt_id":"a","prompt":"b"}\n{', 'y')).toThrow('y, line 2 is not JSON');
    expect(() => parsePromptTexts('null', 'y')).toThrow('y, line 1 has no prompt_id');
    expect(() => restrictTable(smallTable(4), { models: ['dear', 'gone'] })).toThrow(
      'the table has no model gone',
    );
    expect(() => restrictTable(smallTable(4), { promptIds: new Set(['q']) })).toThrow('none of the prompts');
  });
});

test('prompts without all models are left out and counted', () => {
  const table = parseOutcomeTable(`${HEADER}\na,t,m,1,0\na,t,n,0,0\nb,t,m,1,0\n`, 'x');
  expect(table.promptIds).toEqual(['a']);
  expect(table.incompletePrompts).toBe(1);
});

test('prompts that only models not asked for lack stay, and tasks of which nothing is left go', () => {
  const text = `${HEADER}\na,t,m,1,0\na,t,n,.5,0\nb,t,m,1,0\nb,t,n,.25,0\nb,t,o,0,0\nc,u,o,1,0\n`;
  expect(parseOutcomeTable(text, 'x')).toMatchObject({
    promptIds: ['b'],
    tasks: ['t'],
    incompletePrompts: 2,
  });
  const pair = parseOutcomeTable(text, 'x', ['n', 'm']);
  expect(pair).toMatchObject({ promptIds: ['a', 'b'], tasks: ['t'], models: ['n', 'm'] });
  expect([...pair.quality]).toEqual([0.5, 1, 0.25, 1]);
  expect(() => parseOutcomeTable(text, 'x', ['n', 'p'])).toThrow('the table has no model p. It has: m, n, o');
});

test('what the header has instead, and what to do about models that few prompts have, is said', () => {
  expect(() => parseOutcomeTable('Prompt_ID;task\n', 'x')).toThrow('. Its header is: Prompt_ID;task');
  expect(() => parseOutcomeTable(`${HEADER}\na,t,m,1,0\nb,t,n,1,0\nc,t,o,1,0\n`, 'x')).toThrow(
    'its 3 models; fewer can be named with --models',
  );
});

test('a restricted table keeps the cells of what is left, in the order asked for', () => {
  const table = smallTable(6);
  const part = restrictTable(table, { promptIds: new Set(['p1', 'p3']), models: ['poor', 'dear'] });
  expect(part).toMatchObject({ promptIds: ['p1', 'p3'], models: ['poor', 'dear'], tasks: ['verses'] });
  expect([...part.promptToTask]).toEqual([0, 0]);
  expect(part.costUsd[2]).toBe(table.costUsd[3 * 4 + 3]);
  expect(part.costUsd[3]).toBe(table.costUsd[3 * 4 + 0]);
});
