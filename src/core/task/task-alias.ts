import { TASKS, type Task } from './task.ts';

const ALIASES: Readonly<Record<string, Task>> = {
  code: 'code_generation',
  coding: 'code_generation',
  codegen: 'code_generation',
  programming: 'code_generation',
  generate_code: 'code_generation',
  review: 'code_review',
  debug: 'code_review',
  debugging: 'code_review',
  code_debug: 'code_review',
  bugfix: 'code_review',
  math: 'reasoning_math',
  maths: 'reasoning_math',
  reasoning: 'reasoning_math',
  logic: 'reasoning_math',
  qa: 'question_answering',
  question: 'question_answering',
  questions: 'question_answering',
  knowledge: 'question_answering',
  search: 'question_answering',
  summary: 'summarization',
  summarize: 'summarization',
  summarise: 'summarization',
  summarisation: 'summarization',
  tldr: 'summarization',
  extract: 'extraction',
  classification: 'extraction',
  classify: 'extraction',
  translate: 'translation',
  creative: 'creative_writing',
  writing: 'creative_writing',
  story: 'creative_writing',
  copywriting: 'creative_writing',
  rewriting: 'creative_writing',
  tool: 'tool_use',
  tools: 'tool_use',
  agent: 'tool_use',
  function_calling: 'tool_use',
  tool_calling: 'tool_use',
  chat: 'conversation',
  chitchat: 'conversation',
  talk: 'conversation',
};

const BY_NAME: ReadonlyMap<string, Task> = new Map([
  ...Object.entries(ALIASES),
  ...TASKS.map((task): [string, Task] => [task, task]),
]);

const LONGEST_NAME = Math.max(...Array.from(BY_NAME.keys(), (name) => name.length));

/**
 * The task a client or an operator named: a task or one of its aliases, in any case, with spaces or hyphens for
 * underscores. `undefined` for anything else, free text included.
 */
export function parseTask(text: string): Task | undefined {
  // A header may be as long as the server lets it be; nothing longer than this plus padding can be a name.
  if (text.length > LONGEST_NAME + 16) return undefined;
  const exact = BY_NAME.get(text);
  if (exact) return exact;
  return BY_NAME.get(
    text
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_'),
  );
}
