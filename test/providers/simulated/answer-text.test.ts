import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import type { Task } from '../../../src/core/task/task.ts';
import { tokensOf } from '../../../src/providers/simulated/answer.ts';
import { answerText } from '../../../src/providers/simulated/answer-text.ts';
import { solveArithmetic } from '../../../src/providers/simulated/arithmetic.ts';
import { guessTask } from '../../../src/providers/simulated/guess-task.ts';

function say(task: Task, prompt: string, quality: number, seed = 1): string {
  return answerText({ task, prompt, quality, modelId: 'sim-test', random: createRandom(seed) });
}

test.each([
  ['What is 17 * 23?', 391],
  ['Calculate (2 + 3) × 4 - 6 ÷ 3 please', 18],
  ['2 + 3 * 4 ^ 2', 50],
  ['-5 + 3', -2],
  ['Add 1,000 + 2,500.', 3_500],
  ['0.1 + 0.2', 0.3],
  ['10 % 4', 2],
])('%s', (prompt, value) => {
  expect(solveArithmetic(prompt)?.value).toBe(value);
});

test.each(['', 'no numbers here', '42', '1 / 0', 'call 555 1234', '((((1 +', '2024'])(
  'no sum in %j',
  (prompt) => {
    expect(solveArithmetic(prompt)).toBeUndefined();
  },
);

test('good answers do what was asked', () => {
  expect(say('reasoning_math', 'What is 17 * 23?', 0.9)).toContain('The answer is 391.');
  const code = /```javascript\n([^`]+)```/.exec(
    say('code_generation', 'Write a JavaScript function that reverses a string', 0.9),
  )?.[1];
  const reverse: unknown = new Function(`return (${code})`)();
  expect(typeof reverse === 'function' ? reverse('abc') : undefined).toBe('cba');
  expect(say('summarization', 'Summarize: It rained all day. We stayed in. Then we slept.', 0.9)).toContain(
    'It rained all day. We stayed in.',
  );
  expect(
    say('question_answering', 'The tower was built in 1889. It is tall. When was the tower built?', 0.9),
  ).toContain('The tower was built in 1889.');
  expect(say('code_review', 'Review: for (let i = 0; i <= list.length; i++) eval(list[i])', 0.9)).toMatch(
    /eval.*\n.*</,
  );
  const extracted = say(
    'extraction',
    'Extract from: Ada Lovelace wrote to ada@example.com on 2024-05-01',
    0.9,
  );
  expect(JSON.parse(extracted.slice(0, extracted.lastIndexOf('}') + 1))).toMatchObject({
    emails: ['ada@example.com'],
    dates: ['2024-05-01'],
    names: ['Ada Lovelace'],
  });
  expect(say('translation', 'Translate to German: Good morning', 0.9)).toContain('into German] Good morning');
});

test('poor answers do not, and every answer says that it is simulated', () => {
  const poor = new Set<string>();
  for (let seed = 0; seed < 50; seed += 1) poor.add(say('reasoning_math', 'What is 17 * 23?', 0.2, seed));
  expect(poor.size).toBe(4);
  for (const text of poor) {
    expect(text).not.toContain('The answer is 391');
    expect(text).toContain('simulated answer by sim-test');
  }
  expect([...poor].some((text) => /can't help/.test(text))).toBe(true);
  const whole = say('code_generation', 'Write a function that sorts', 0.9);
  expect(say('code_generation', 'Write a function that sorts', 0.5).length).toBeLessThan(whole.length);
});

test.each([
  ['Translate this to French: hello', 'translation'],
  ['Review this code for bugs: def f(): pass', 'code_review'],
  ['Summarize the following article: ...', 'summarization'],
  ['Extract all email addresses from this text', 'extraction'],
  ['Write a Python function that reverses a string', 'code_generation'],
  ['Calculate 3 + 4', 'reasoning_math'],
  ['Write a poem about the sea', 'creative_writing'],
  ['What is the capital of France?', 'question_answering'],
  ['Hello! How are you?', 'conversation'],
  ['Übersetze das ins Englische: guten Tag', 'translation'],
  ['', 'conversation'],
])('%j is taken for %s', (prompt, task) => {
  expect(guessTask(prompt, false, [])).toBe(task);
});

test('tools and hints say more than words', () => {
  expect(guessTask('Write a poem', true, [])).toBe('tool_use');
  expect(guessTask('Write a poem', true, [undefined, 'extraction'])).toBe('extraction');
  expect(guessTask('Write a poem', false, ['nonsense', 7])).toBe('creative_writing');
});

test('tokens join to the text they came from', () => {
  for (const text of ['', ' ', 'Grüße, 世界 👋👋👋👋👋👋👋 ok\n\n  end ', 'a'.repeat(100)]) {
    expect(tokensOf(text).join('')).toBe(text);
  }
});

test('hostile prompts take no time', () => {
  const prompts = [
    'a'.repeat(1_000_000),
    'write '.repeat(200_000),
    '1+'.repeat(500_000),
    '('.repeat(1_000_000),
    'a@'.repeat(500_000),
    '\uD83D'.repeat(1_000_000),
    'A b '.repeat(250_000),
    '?\n'.repeat(500_000),
    'select '.repeat(150_000),
  ];
  const startedAtMs = performance.now();
  for (const prompt of prompts) {
    const task = guessTask(prompt, false, []);
    for (const answered of [task, 'extraction', 'question_answering', 'code_review'] as const) {
      say(answered, prompt, 0.9);
    }
  }
  // About 0.1 s here; a pattern that backtracks on one of these takes minutes.
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
});
