import type OpenAI from 'openai';
import type { Task } from '../../src/core/task/task.ts';

type Request = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'model'>;

/** Sentences with a `{}` where one of the things goes: enough variety that no two neighbours are alike. */
interface Bank {
  readonly sentences: readonly string[];
  readonly things: readonly string[];
}

const ARTICLE =
  'The harbour of the town was built in 1871 and served the herring fleet for eighty years. When the fish moved north, the boats left, and the warehouses stood empty until a group of students turned the largest into a workshop for wooden bicycles. Today it employs forty people and ships to eleven countries; the town council has just agreed to repair the quay.';

const MAIL =
  'Hello, this is Ingrid Solberg of Nordlys AS. Please send 40 units of article K-7731 to Havnegata 12, 9008 Tromsø by 14 March 2025. Our order number is PO-20418, the budget is EUR 5,300, and questions go to ingrid.solberg@nordlys.example or +47 776 40 200.';

/** What the demo asks, by task. Every sentence is meant to be recognised by the router from its words alone. */
export const TASK_TO_BANK = {
  code_generation: {
    sentences: [
      'Write a Python function that {}. Include type hints.',
      'Implement a TypeScript function that {} and handles empty input.',
      'Write a JavaScript function which {}.',
    ],
    things: [
      'reverses a linked list',
      'checks whether a string is a palindrome',
      'sorts a list of numbers without the built-in sort',
      'computes the n-th Fibonacci number with memoization',
      'counts the unique words of a text',
      'finds the largest sum of a contiguous subarray',
    ],
  },
  code_review: {
    sentences: [
      'Review this code and point out bugs:\n```python\n{}\n```',
      'What is wrong with this code? Please review it:\n```\n{}\n```',
      'Do a code review of the following function, looking for bugs and security problems:\n```\n{}\n```',
    ],
    things: [
      'def add(item, items=[]):\n    items.append(item)\n    return items',
      'def load(path):\n    try:\n        return eval(open(path).read())\n    except:\n        return None',
      'function last(list) {\n  for (var i = 0; i <= list.length; i++) if (i == list.length) return list[i];\n}',
      'def find(db, name):\n    return db.execute("SELECT * FROM users WHERE name = \'" + name + "\'")',
    ],
  },
  reasoning_math: {
    sentences: [
      '{} How many are left? Think step by step.',
      'Solve this math problem and show your reasoning: {} How many remain?',
      '{} Calculate how many there are in the end.',
    ],
    things: [
      'A farmer has 48 apples, sells 3/4 of them and buys 15 more.',
      'A train carries 312 passengers; 45 leave at each of 4 stops and 20 board at the last.',
      'Tom has 17 boxes with 24 pens each and gives away 129 pens.',
      'A tank holds 900 litres, loses 12% a day for two days and is then filled with 50 litres.',
    ],
  },
  question_answering: {
    sentences: ['What is {}?', 'Who discovered or invented {}, and when?', 'Why is {} famous?'],
    things: [
      'the process of photosynthesis',
      'the longest river of Africa',
      'penicillin',
      'the theory of plate tectonics',
      'the printing press',
      'the Great Barrier Reef',
    ],
  },
  summarization: {
    sentences: [
      'Summarize the following article in two sentences:\n\n{}',
      'Give me a short summary of this text:\n\n{}',
      'TL;DR please. Condense this into three bullet points:\n\n{}',
    ],
    things: [ARTICLE, `${ARTICLE} Critics say that the money is needed for the school.`],
  },
  extraction: {
    sentences: [
      'Extract all names, dates, amounts and e-mail addresses from this message:\n\n{}',
      'Extract the order number, article, quantity and delivery address from the following text as JSON fields:\n\n{}',
      'List all entities (people, companies, places) mentioned in this text, extract them as a table:\n\n{}',
    ],
    things: [MAIL, `${MAIL} Copy to Jonas Berg, purchasing.`],
  },
  translation: {
    sentences: [
      'Translate the following sentence into German: {}',
      'Translate this text to French: {}',
      'Please translate into Spanish: "{}"',
    ],
    things: [
      'The meeting was moved to Thursday because the projector is broken.',
      'Could you tell me where the nearest pharmacy is?',
      'We are looking forward to seeing you at the harbour in spring.',
      'Please keep this door closed while the machine is running.',
    ],
  },
  creative_writing: {
    sentences: [
      'Write a short poem about {}.',
      'Write a story about {}, with a surprising end.',
      'Compose a song with two verses about {}.',
    ],
    things: [
      'a lighthouse in winter',
      'an old bicycle',
      'the last tram of the night',
      'a cat who reads maps',
    ],
  },
} satisfies Partial<Record<Task, Bank>>;

export type DemoTask = keyof typeof TASK_TO_BANK;
export const DEMO_TASKS = Object.keys(TASK_TO_BANK) as DemoTask[];

/** One request of a task, drawn from its bank. */
export function drawRequest(task: DemoTask, random: () => number): Request {
  const { sentences, things }: Bank = TASK_TO_BANK[task];
  const content = draw(sentences, random).replace('{}', () => draw(things, random));
  return { messages: [{ role: 'user', content }] };
}

export function draw<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('There is nothing to draw from.');
  return item;
}
