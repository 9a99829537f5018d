import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Language, Wish } from './scene.ts';

/** Prompts of people, each under its task: what the classifier was fitted to, in eight languages. */
const FOLDER = fileURLToPath(new URL('../../classifier/plain/', import.meta.url));

export type Prompts = (task: Wish, language: Language) => readonly string[];

/** English where a language has none for a task. */
export function readPrompts(): Prompts {
  const placeToTexts = new Map<string, string[]>();
  for (const file of readdirSync(FOLDER)) {
    const language = file.slice(0, 2);
    for (const line of readFileSync(`${FOLDER}${file}`, 'utf8').split('\n')) {
      const [task, text] = line.split('\t');
      if (task === undefined || text === undefined || text === '') continue;
      const place = `${task} ${language}`;
      const texts = placeToTexts.get(place) ?? [];
      texts.push(text);
      placeToTexts.set(place, texts);
    }
  }
  return (task, language) => {
    const texts = placeToTexts.get(`${task} ${language}`) ?? placeToTexts.get(`${task} en`);
    if (texts === undefined) throw new Error(`There is no prompt for ${task}.`);
    return texts;
  };
}
