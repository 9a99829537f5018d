import { expect, it } from 'vitest';
import { TASKS } from '../../../src/core/task/task.ts';
import { parseTask } from '../../../src/core/task/task-alias.ts';

it('knows every task by its own name', () => {
  for (const task of TASKS) expect(parseTask(task)).toBe(task);
});

it.each([
  ['review', 'code_review'],
  ['code', 'code_generation'],
  ['math', 'reasoning_math'],
  ['qa', 'question_answering'],
  ['chat', 'conversation'],
  ['summary', 'summarization'],
  ['translate', 'translation'],
  [' Code-Review ', 'code_review'],
  ['FUNCTION CALLING', 'tool_use'],
])('%s is %s', (alias, task) => {
  expect(parseTask(alias)).toBe(task);
});

it.each(['', 'poetry', 'constructor', '__proto__', 'code_review!', 'a'.repeat(100_000)])(
  'nothing else is a task',
  (text) => {
    expect(parseTask(text)).toBeUndefined();
  },
);
