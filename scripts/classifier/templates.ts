import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TASKS, type Task } from '../../src/core/task/task.ts';
import { pick } from './random.ts';

/**
 * Prompt files, plain text, named by language (`en.txt`, `en-long.txt`: one language, shared slots):
 *
 *     @topic inflation | the moon landing | …      a slot and its fillers (`@code!`: taken as they stand)
 *     # question_answering                          the label of the lines below
 *     (What|Can you say what) is {topic}?           one template a line; `\n` breaks a line
 *
 * `{slot}` takes a filler, `(a|b|)` one of the choices. Slots of `shared.txt` are known in every file.
 */
export interface PromptFile {
  readonly language: string;
  readonly slots: ReadonlyMap<string, readonly string[]>;
  readonly templates: readonly Template[];
}

export interface Template {
  readonly task: Task;
  readonly text: string;
}

export function readPromptFiles(folder: string): PromptFile[] {
  const shared = parsePromptFile('shared', readFileSync(path.join(folder, 'shared.txt'), 'utf8'));
  const byLanguage = new Map<string, string>();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.txt') || name === 'shared.txt') continue;
    const language = name.slice(0, 2);
    const text = readFileSync(path.join(folder, name), 'utf8');
    byLanguage.set(language, `${byLanguage.get(language) ?? ''}${text}\n`);
  }
  return Array.from(byLanguage, ([language, text]) => {
    const file = parsePromptFile(language, text);
    return { ...file, slots: new Map([...shared.slots, ...file.slots]) };
  });
}

export function parsePromptFile(language: string, text: string): PromptFile {
  const slots = new Map<string, string[]>();
  const templates: Template[] = [];
  let task: Task | undefined;
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    if (line.startsWith('@')) {
      const [name = '', ...rest] = line.slice(1).split(' ');
      const fillers = rest.join(' ').split(' | ').map(unescapeBreaks);
      const isVerbatim = name.endsWith('!');
      const slot = isVerbatim ? name.slice(0, -1) : name;
      slots.set(slot, [...(slots.get(slot) ?? []), ...(isVerbatim ? fillers.map(shield) : fillers)]);
    } else if (line.startsWith('# ')) {
      const name = line.slice(2).trim();
      task = TASKS.find((known) => known === name);
      if (!task) throw new Error(`${language}.txt:${index + 1}: no task "${name}"`);
    } else {
      if (!task) throw new Error(`${language}.txt:${index + 1}: a template before any "# task"`);
      templates.push({ task, text: line });
    }
  });
  return { language, slots, templates };
}

/** One prompt out of a template. Throws on a slot nobody filled. */
export function expand(template: string, file: PromptFile, random: () => number): string {
  let text = template;
  // Innermost choices first; the bound is against a template that feeds itself.
  for (let round = 0; round < 12 && /[({]/.test(text); round += 1) {
    const before = text;
    text = text
      .replace(/\(([^()]*\|[^()]*)\)/g, (_whole, choices: string) => pick(choices.split('|'), random))
      .replace(/\{([a-z]+)\}/g, (_whole, name: string) => {
        const fillers = file.slots.get(name);
        if (!fillers) throw new Error(`${file.language}.txt: slot {${name}} of "${template}" has no fillers`);
        return pick(fillers, random);
      });
    if (text === before) break;
  }
  return unshield(unescapeBreaks(text)).replace(/ {2,}/g, ' ').trim();
}

const SHIELDED = '(){}|';

/** Keeps brackets and braces of a filler from being read as choices and slots. */
export function shield(text: string): string {
  return text.replace(/[(){}|]/g, (symbol) => String.fromCharCode(0xe000 + SHIELDED.indexOf(symbol)));
}

function unshield(text: string): string {
  return text.replace(/[\ue000-\ue004]/g, (symbol) => SHIELDED.charAt(symbol.charCodeAt(0) - 0xe000));
}

function unescapeBreaks(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
}
