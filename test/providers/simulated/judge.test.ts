import { afterAll, beforeAll, expect, test } from 'vitest';
import { pairwisePrompt, rubricPrompt } from '../../../src/core/judge/judge-prompt.ts';
import { readPreference, readScore } from '../../../src/core/judge/judge-verdict.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import { type SimulatedServer, startSimulatedServer } from '../../../src/providers/simulated/server.ts';
import { send } from '../../http/send.ts';

const PROMPTS = [
  'Translate to French: the harbour is closed until the ice has gone.',
  'Summarize: The mill burnt down in May. Nobody was hurt. The owner will build it again.',
  'What is 17 * 23 + 5?',
  'Write a poem about the lighthouse of Varna.',
  'Write a Python function that reverses a list.',
];

let server: SimulatedServer;
beforeAll(async () => {
  server = await startSimulatedServer({ random: createRandom(4), speed: 0 });
});
afterAll(() => server.close());

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
  readonly simulated: { readonly quality: number };
}

async function ask(model: string, messages: readonly object[]): Promise<{ text: string; quality: number }> {
  const { json } = await send(`${server.baseUrl}/chat/completions`, { body: { model, messages } });
  const { choices, simulated } = json as Completion;
  return { text: choices[0]?.message.content ?? '', quality: simulated.quality };
}

async function answersTo(prompt: string): Promise<{ text: string; quality: number }[]> {
  const models = ['sim-atlas-large', 'sim-mini', 'sim-scribe'];
  const asked = models.flatMap((model) => Array.from({ length: 4 }, () => model));
  return Promise.all(asked.map((model) => ask(model, [{ role: 'user', content: prompt }])));
}

test('a simulated judge tells good answers from poor ones, mostly', async () => {
  const good: number[] = [];
  const poor: number[] = [];
  for (const prompt of PROMPTS) {
    const scoreOf = async (answer: string) => {
      const judged = rubricPrompt({ request: `[user]\n${prompt}`, answer, nonce: 'k3x9' });
      return readScore((await ask('sim-atlas-large', judged)).text) ?? Number.NaN;
    };
    const answers = await answersTo(prompt);
    const scores = await Promise.all(answers.map(({ text }) => scoreOf(text)));
    for (const [index, { quality }] of answers.entries()) {
      if (quality >= 0.65) good.push(scores[index] ?? Number.NaN);
      else if (quality < 0.4) poor.push(scores[index] ?? Number.NaN);
    }
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(Math.min(good.length, poor.length)).toBeGreaterThan(5);
  expect(mean(good) - mean(poor)).toBeGreaterThan(0.4);
});

test('and which of two is better, whichever stands first', async () => {
  const request = `[user]\n${PROMPTS[2]}`;
  const right = '17 * 23 + 5 = 396. The answer is 396.';
  const wrong = 'The answer is 403.';
  const prefer = async (first: string, second: string) =>
    readPreference(
      (await ask('sim-atlas-large', pairwisePrompt({ request, first, second, nonce: 'n1' }))).text,
    );
  const asFirst = await Promise.all(Array.from({ length: 15 }, () => prefer(right, wrong)));
  const asSecond = await Promise.all(Array.from({ length: 15 }, () => prefer(wrong, right)));
  expect(asFirst.filter((word) => word === 'first').length).toBeGreaterThan(9);
  expect(asSecond.filter((word) => word === 'second').length).toBeGreaterThan(9);
});
