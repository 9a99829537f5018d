import { describe, expect, it, test } from 'vitest';
import { readEvaluationFile } from '../../../src/core/evaluation/read-file.ts';

const one = { model: 'gpt-4o', task: 'translation', prompt: undefined, score: 0.5, samples: 4 };

describe('formats', () => {
  it('CSV, with quotes, a byte order mark and CRLF, its columns in any order', () => {
    const { format, results } = readEvaluationFile(
      '\ufeffScore,model,prompt,task,samples\r\n0.5,gpt-4o,,translation,4\r\n1,"a,b","say ""hi""\nplease",,\r\n',
      'e.csv',
    );
    expect(format).toBe('csv');
    expect(results).toEqual([
      { place: 'e.csv, row 1', ...one },
      {
        place: 'e.csv, row 2',
        model: 'a,b',
        task: undefined,
        prompt: 'say "hi"\nplease',
        score: 1,
        samples: 1,
      },
    ]);
  });

  it('JSON lines, with empty ones between', () => {
    const { results } = readEvaluationFile(`\n${JSON.stringify(one)}\n\n`, 'e.jsonl');
    expect(results).toEqual([{ place: 'e.jsonl, line 2', ...one }]);
  });

  it('JSON: a list, or the body of the endpoint', () => {
    expect(readEvaluationFile(JSON.stringify([one]), 'e.json').results).toHaveLength(1);
    expect(readEvaluationFile(JSON.stringify({ name: 'x', results: [one] }), 'e.json')).toMatchObject({
      format: 'json',
      skipped: 0,
    });
  });

  it('the output of promptfoo, failed calls left out', () => {
    const promptfoo = {
      evalId: 'eval-1',
      results: {
        version: 3,
        results: [
          {
            provider: { id: 'openai:gpt-4o', label: '' },
            prompt: { raw: 'Translate: hi', label: 'p' },
            vars: {},
            score: 1,
            success: true,
            failureReason: 0,
          },
          {
            provider: { id: 'openai:gpt-4o' },
            prompt: { raw: 'Add 1 and 1' },
            score: 0,
            success: false,
            failureReason: 1,
            error: 'Expected output to equal "2"',
            testCase: { metadata: { task: 'math' } },
          },
          {
            provider: { id: 'openai:gpt-4o' },
            prompt: { raw: 'x' },
            score: 0,
            success: false,
            failureReason: 2,
            error: 'API error: 500',
          },
        ],
        stats: { successes: 1, failures: 1, errors: 1 },
      },
    };
    const read = readEvaluationFile(JSON.stringify(promptfoo), 'results.json');
    expect(read).toMatchObject({ format: 'promptfoo', skipped: 1 });
    expect(read.results).toEqual([
      {
        place: 'results.json, results[0]',
        model: 'openai:gpt-4o',
        prompt: 'Translate: hi',
        task: undefined,
        score: 1,
        samples: 1,
      },
      {
        place: 'results.json, results[1]',
        model: 'openai:gpt-4o',
        prompt: 'Add 1 and 1',
        task: 'math',
        score: 0,
        samples: 1,
      },
    ]);
  });
});

test.each([
  ['e.csv', '', 'e.csv is empty'],
  ['e.csv', 'model,score\n', 'e.csv holds no results'],
  ['e.csv', 'model,rating\na,1\n', "e.csv: there is no column 'rating'"],
  ['e.csv', 'model,task\na,math\n', "e.csv: the column 'score' is missing"],
  ['e.csv', 'model,score\na,1\nb,2\n', 'e.csv, row 2: score must be a number from 0 to 1, not 2'],
  ['e.csv', 'model,score\na,-1\n', 'row 1: score must be a number from 0 to 1, not -1'],
  ['e.csv', 'model,score\na,NaN\n', 'row 1: score must be a number from 0 to 1, not "NaN"'],
  ['e.csv', 'model,score\na,yes\n', 'row 1: score must be a number from 0 to 1, not "yes"'],
  ['e.csv', 'model,score\na,0x1\n', 'row 1: score must be a number from 0 to 1, not "0x1"'],
  ['e.csv', 'model,score\na,\n', 'row 1: score must be a number from 0 to 1, not nothing'],
  ['e.csv', 'model,score\n,1\n', 'row 1: there is no model'],
  ['e.csv', 'model,score,samples\na,1,1.5\n', 'row 1: samples must be a whole number of at least 1, not 1.5'],
  ['e.csv', 'model,score\na,1,3\n', 'line 2: 3 fields where the header has 2'],
  ['e.csv', 'model,score\n"a,1\n', 'a quote is never closed'],
  ['e.jsonl', '{"model":"a","score":1}\n{"model":\n', 'e.jsonl, line 2: this is not valid JSON'],
  ['e.jsonl', '{"model":"a","scores":1}', "line 1: unknown field 'scores'"],
  ['e.jsonl', '[1]', 'line 1: expected an object, not [1]'],
  ['e.json', '{"results":[]}', 'e.json holds no results'],
  [
    'e.json',
    '{"results":[{"model":"a","score":"1"}]}',
    'e.json, results[0]: score must be a number from 0 to 1, not "1"',
  ],
  ['e.json', '{"name":"x"}', 'neither a list of results nor the output of promptfoo'],
  ['e.json', '7', 'expected an object, not 7'],
  [
    'e.json',
    '{"results":{"results":[{"provider":{"id":"a"},"score":3}]}}',
    'results[0]: score must be a number from 0 to 1, not 3',
  ],
  ['e.txt', 'x', 'say it with --format'],
])('%s %j is refused in one line', (source, text, message) => {
  const read = () => readEvaluationFile(text, source);
  expect(read).toThrow(message);
  expect(read).toThrow(/^[^\n]*$/);
});
