import type { Random } from '../../core/learning/random.ts';
import { TASKS, type Task } from '../../core/task/task.ts';
import { codeAnswer, reviewAnswer } from './answer-code.ts';
import { solveArithmetic } from './arithmetic.ts';
import { pick } from './draw.ts';
import { entitiesIn, opening, relevantSentence, sentencesOf, topicOf } from './prompt-reading.ts';

export interface TextTerms {
  readonly task: Task;
  readonly prompt: string;
  /** 0–1: decides how good the text is. */
  readonly quality: number;
  readonly modelId: string;
  readonly random: Random;
}

/** From here on an answer addresses the prompt fully; below `FAIR` it is of no use. */
export const GOOD = 0.65;
export const FAIR = 0.4;

/**
 * What a simulated model says: short, about the prompt, and open about being simulated. Good answers do what they can
 * (sums are right, summaries are made of the text, code runs); fair ones leave a part out; poor ones are vague,
 * refuse, break off, or say something else.
 */
export function answerText(terms: TextTerms): string {
  const answer = GOOD_ANSWERS[terms.task](terms);
  const signature = `\n\n(A simulated answer by ${terms.modelId}.)`;
  if (terms.quality >= GOOD) return answer + signature;
  if (terms.quality >= FAIR) return firstHalf(answer) + signature;
  return poorAnswer(answer, terms) + signature;
}

/** How good `answer` is to `prompt`, 0–1, as whoever knows how these models answer can tell. */
export function gradeText(prompt: string, answer: string, random: Random): number {
  let grade = 0.1;
  for (const task of TASKS) {
    const good = GOOD_ANSWERS[task]({ task, prompt, quality: 1, modelId: '', random });
    if (answer.startsWith(good)) return 0.9;
    if (answer.startsWith(firstHalf(good))) grade = 0.5;
  }
  return grade;
}

const GOOD_ANSWERS: Readonly<Record<Task, (terms: TextTerms) => string>> = {
  code_generation: ({ prompt }) => codeAnswer(prompt),
  code_review: ({ prompt }) => reviewAnswer(prompt),
  reasoning_math: ({ prompt }) => {
    const solved = solveArithmetic(prompt);
    if (solved === undefined) {
      return `Step 1: what is given is ${topicOf(prompt)}. Step 2: name the unknown and write down what ties it to the rest. Step 3: solve for it and check the result against the question.`;
    }
    return `${solved.expression} = ${solved.value}. The answer is ${solved.value}.`;
  },
  question_answering: ({ prompt }) =>
    relevantSentence(prompt) ??
    `You ask about ${topicOf(prompt)}. A real model would give the fact here; this one has none, but the answer would name it in one sentence and say where it comes from.`,
  summarization: ({ prompt }) => `In short: ${sentencesOf(prompt).slice(0, 2).join(' ')}`,
  extraction: ({ prompt }) => JSON.stringify(entitiesIn(prompt), null, 2),
  translation: ({ prompt }) =>
    `[simulated translation${targetLanguage(prompt)}] ${opening(afterColon(prompt), 600)}`,
  creative_writing: ({ prompt }) => {
    const topic = topicOf(prompt);
    return `Of ${topic} the evening sang,\nsoft as rain on copper roofs;\nand where the last bell rang,\n${topic} left its quiet proofs.`;
  },
  tool_use: ({ prompt }) =>
    `For ${topicOf(prompt)}: first look up what is needed, then act on it, then report what came back.`,
  conversation: ({ prompt }) =>
    `Glad you wrote about ${topicOf(prompt)}. What would help you most right now?`,
  unknown: ({ prompt }) => `About ${topicOf(prompt)}: here is a short and direct reply to what you asked.`,
};

function poorAnswer(answer: string, { task, random, prompt }: TextTerms): string {
  const solved = task === 'reasoning_math' ? solveArithmetic(prompt) : undefined;
  const wrong = solved === undefined ? 'It depends on many things.' : `The answer is ${solved.value + 7}.`;
  return pick(
    [
      wrong,
      "I'm sorry, but I can't help with that.",
      'That is an interesting topic with many sides, and there is much that one could say about it.',
      opening(answer, Math.max(8, Math.floor(answer.length / 6))),
    ],
    random,
  );
}

function firstHalf(answer: string): string {
  const lines = answer.split('\n');
  if (lines.length > 3) return lines.slice(0, Math.ceil(lines.length / 2)).join('\n');
  return `${opening(answer, Math.ceil(answer.length * 0.6))}…`;
}

function afterColon(prompt: string): string {
  const colon = prompt.search(/[:\n]\s/);
  return colon === -1 ? prompt : prompt.slice(colon + 1).trim();
}

function targetLanguage(prompt: string): string {
  const named = /\b(?:in)?to (\p{Lu}\p{L}{2,20})/u.exec(prompt.slice(0, 400))?.[1];
  return named === undefined ? '' : ` into ${named}`;
}
