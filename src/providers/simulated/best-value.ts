import type { Task } from '../../core/task/task.ts';
import { SIMULATED_MODELS, type SimulatedModelFacts } from './catalog.ts';

export interface ValueTerms {
  readonly valueOfQualityUsd: number;
  readonly valueOfSecondUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** As given to the simulated server; 0 and Infinity take no time. */
  readonly speed: number;
}

/** What one answer is truly worth, V·skill − cost − T·seconds in USD: what a router can only learn. */
export function trueUtilityUsd(model: SimulatedModelFacts, task: Task, terms: ValueTerms): number {
  const costUsd =
    (terms.inputTokens * model.inputUsdPerMillion + terms.outputTokens * model.outputUsdPerMillion) / 1e6;
  const seconds = model.ttftMs / 1000 + terms.outputTokens / model.tokensPerSecond;
  const delay = terms.speed === 0 ? 0 : seconds / terms.speed;
  const skill = model.taskToSkill[task] ?? 0;
  return terms.valueOfQualityUsd * skill - costUsd - terms.valueOfSecondUsd * delay;
}

/** Chat models by true utility for a task, best first. */
export function rankByTrueUtility(
  task: Task,
  terms: ValueTerms,
): { readonly modelId: string; readonly utilityUsd: number }[] {
  return SIMULATED_MODELS.filter((model) => model.type === 'chat')
    .map((model) => ({ modelId: model.id, utilityUsd: trueUtilityUsd(model, task, terms) }))
    .sort((first, second) => second.utilityUsd - first.utilityUsd);
}
