import type { Reliability } from '../../core/learning/source-reliability.ts';
import { sourceOfName } from '../../core/reward/feedback-quality.ts';
import { TASKS } from '../../core/task/task.ts';
import type { GatewayDeps } from '../deps.ts';
import { sourceNameFor } from './source-name.ts';

/** Sources that are the house's own, by the names they have beside those of clients. */
const OWN_CLASSES = new Map([
  ['heuristic', 'heuristic'],
  ['re_ask', 'heuristic'],
  ['check', 'check'],
]);

/**
 * How far each source of verdicts agrees with people and tests, and what its word counts therefore. Reads memory only.
 *
 * @param visibleModels ids of the models that the caller may know of; undefined for all
 */
export function reportSources(
  { learner }: GatewayDeps,
  visibleModels: ReadonlySet<string> | undefined,
): object {
  return {
    object: 'list',
    data: learner.sources().map((name) => ({
      ...describeSource(name, learner.reliabilityOf(name)),
      source: sourceNameFor(name, visibleModels),
    })),
    label_rates: TASKS.map((task) => ({ task, rate: learner.labelRateOf(task) })).filter(
      ({ rate }) => rate > 0,
    ),
  };
}

function describeSource(name: string, reliability: Reliability): object {
  const sourceClass = OWN_CLASSES.get(name) ?? sourceOfName(name, false);
  const isRead = sourceClass === 'judge';
  return {
    source: name,
    source_class: sourceClass,
    pairs: reliability.pairs,
    mean_label: reliability.meanLabel ?? null,
    mean_verdict: reliability.meanVerdict ?? null,
    slope: reliability.slope,
    offset: reliability.offset,
    flip_rate: Math.min(0.5, Math.max(0, (1 - reliability.slope) / 2)),
    weight: isRead ? reliability.weight : null,
  };
}
