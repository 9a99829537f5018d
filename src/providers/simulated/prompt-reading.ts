/** What a simulated model can make of a prompt without understanding it. All of it reads at most this many characters. */
const READ_CHARACTERS = 8_000;

const COMMON_WORDS = new Set(
  'a about all an and any are as at be by can could do does for from give had has have help hello hey hi how i in into is it let make me my of poem on or our please say should some story tell than that the their them then there these this to translate us use was we what when where which who why will with would write wrote you your'.split(
    ' ',
  ),
);

export function opening(text: string, characters: number): string {
  return text.length <= characters
    ? text
    : Array.from(text.slice(0, characters + 1))
        .slice(0, -1)
        .join('');
}

export function wordsOf(text: string): string[] {
  return opening(text, READ_CHARACTERS).match(/[\p{L}\p{N}][\p{L}\p{N}'_-]{0,40}/gu) ?? [];
}

/** Words that carry meaning, as written, each once. */
export function contentWords(text: string): string[] {
  return [
    ...new Set(wordsOf(text).filter((word) => !COMMON_WORDS.has(word.toLowerCase()) && word.length > 1)),
  ];
}

/** A few words that say what a prompt is about. */
export function topicOf(prompt: string): string {
  const words = contentWords(prompt).slice(0, 4);
  return words.length === 0 ? 'this' : words.join(' ');
}

/** Sentences of the text that a prompt brings, without the instruction before it. */
export function sentencesOf(prompt: string): string[] {
  const text = opening(prompt, READ_CHARACTERS);
  const start = text.search(/:\s|\n/);
  const body = start > 0 && start < 200 && text.length - start > 20 ? text.slice(start + 1) : text;
  return body
    .split(/(?<=[.!?。！？])\s+|\n+/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** The statement in a prompt that shares most words with the question in it; undefined when it brings none. */
export function relevantSentence(prompt: string): string | undefined {
  const sentences = opening(prompt, READ_CHARACTERS).split(/(?<=[.!?])\s+|\n+/u);
  const question = sentences.findLast((sentence) => sentence.trim().endsWith('?'));
  if (question === undefined) return undefined;
  const asked = new Set(contentWords(question.toLowerCase()));
  let best: string | undefined;
  let most = 0;
  for (const sentence of sentences) {
    if (sentence === question) continue;
    const shared = contentWords(sentence.toLowerCase()).filter((word) => asked.has(word)).length;
    if (shared > most) [best, most] = [sentence.trim(), shared];
  }
  return best;
}

/** Things in a text that have a form: addresses, dates, amounts, names. */
export function entitiesIn(prompt: string): {
  emails: string[];
  urls: string[];
  dates: string[];
  numbers: number[];
  names: string[];
} {
  const text = opening(prompt, READ_CHARACTERS);
  const all = (pattern: RegExp): string[] => [...new Set(text.match(pattern) ?? [])].slice(0, 20);
  return {
    emails: all(/[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g),
    urls: all(/https?:\/\/[^\s"'<>)]{1,200}/g),
    dates: all(/\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b/g),
    numbers: all(/(?<![\w.-])\d{1,15}(?:\.\d{1,6})?(?![\w-])/g).map(Number),
    names: all(/\b\p{Lu}\p{Ll}{1,30}(?: \p{Lu}\p{Ll}{1,30}){1,2}\b/gu),
  };
}
