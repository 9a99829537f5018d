import { judgeSourceName } from '../../core/judge/judge-source.ts';

const MODES = ['rubric', 'pairwise'] as const;
const JUDGE = judgeSourceName({ model: '', mode: 'rubric' });

/**
 * How a source of verdicts is called before somebody who may not know of every model: the built-in judge is called after
 * the model that it asks.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all
 */
export function sourceNameFor(name: string, visibleModels: ReadonlySet<string> | undefined): string {
  if (visibleModels === undefined || !name.startsWith(JUDGE)) return name;
  for (const model of visibleModels) {
    if (MODES.some((mode) => judgeSourceName({ model, mode }) === name)) return name;
  }
  return JUDGE.slice(0, -1);
}
