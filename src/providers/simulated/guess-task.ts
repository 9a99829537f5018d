import type { Task } from '../../core/task/task.ts';
import { parseTask } from '../../core/task/task-alias.ts';

/**
 * Which task a simulated model takes a request for. On purpose not the router's own classifier: a router measured by
 * its own labels would always be right. First match counts.
 */
const SIGNS: readonly (readonly [Task, RegExp])[] = [
  ['translation', /(?<!\p{L})(?:translat|übersetz|tradui|traduc|traduz)|翻译|ترجم/iu],
  [
    'code_review',
    /\b(review|refactor|bugs?|debug\w*|what is wrong|code smells?|vulnerab\w*|stack ?trace|traceback)\b/iu,
  ],
  [
    'summarization',
    /\b(summari[sz]\w*|summary|tl;?dr|condense|zusammenfass\w*|résum\w*|resum\w*)\b|总结|摘要/iu,
  ],
  [
    'extraction',
    /\b(extract\w*|parse|pull out|list (?:all|every)|classify|categori[sz]\w*|json fields?|extrahier\w*)\b/iu,
  ],
  [
    'code_generation',
    /\b(write|implement|create|code|schreibe)\b[^.?!]*\b(functions?|class|script|program|queries|query|regex|endpoint|component|sql|python|javascript|typescript|rust|golang|bash|funktion)\b|\bimplement\b|```/iu,
  ],
  [
    'reasoning_math',
    /\d\s*[-+*/×÷^%]\s*\(?\s*\d|\b(calculate|compute|solve|prove|how (?:many|much|far|long|fast|old)|equations?|probability|percent\w*|integral|derivative|berechne|puzzle)\b/iu,
  ],
  [
    'creative_writing',
    /\b(poem|story|stories|haiku|limerick|lyrics|song|slogan|tagline|novel|screenplay|fairy ?tale|gedicht|creative|sonnet)\b/iu,
  ],
  [
    'conversation',
    /^\s*(hi|hello|hey|hallo|thanks|thank you|good (?:morning|evening)|how are you|bonjour|hola)\b/iu,
  ],
  [
    'question_answering',
    /^\s*(who|what|when|where|why|which|whose|how|is|are|does|do|can|wer|was|wann|wo|warum)\b|\?\s*$/iu,
  ],
];

/** How much of a prompt is read for signs: bounds the work on hostile text. */
const READ_CHARACTERS = 4_000;

/** @param hints What the caller said itself: `metadata.task`, the header; the first that names a task counts. */
export function guessTask(prompt: string, offersTools: boolean, hints: readonly unknown[]): Task {
  for (const hint of hints) {
    const named = typeof hint === 'string' ? parseTask(hint) : undefined;
    if (named !== undefined) return named;
  }
  if (offersTools) return 'tool_use';
  const text =
    prompt.length <= READ_CHARACTERS
      ? prompt
      : `${prompt.slice(0, READ_CHARACTERS / 2)}\n${prompt.slice(-READ_CHARACTERS / 2)}`;
  return SIGNS.find(([, sign]) => sign.test(text))?.[0] ?? 'conversation';
}
