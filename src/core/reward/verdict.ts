import type { BeliefDelta, QualityEvidence } from '../learning/delta.ts';
import { ENDINGS, type Ending } from '../outcome/endings.ts';
import type { AnyTask } from '../task/operation-task.ts';
import { EVIDENCE_WEIGHTS, qualityShareOf } from './evidence-weight.ts';

/**
 * The automatic verdict on an attempt whose failure the client saw; undefined for endings that say nothing about
 * the model. One that fail-over hid gets none: it only feeds availability.
 *
 * Weighted like a fault found, not like a label: most outages are the endpoint's, and the model is served elsewhere.
 */
export function verdictOfSeenFailure(ending: Ending): QualityEvidence | undefined {
  if (ENDINGS[ending].learnt !== 'failure') return undefined;
  return { source: 'heuristic', quality: 0, weight: EVIDENCE_WEIGHTS.heuristic };
}

/** A verdict, and the name of who gave it where that is not the house itself. */
export type NamedVerdict = QualityEvidence & { readonly sourceName?: string };

/**
 * What a verdict adds to the quality sums of (model, task, source, epoch), by the `reason` that its request was routed for.
 *
 * A judge's goes in as it was given, by the judge's name: what it is worth is learnt (`core/learning/source-reliability.ts`)
 * and applied when the sums are read, to old verdicts as to new ones.
 */
export function qualityDelta(
  answer: {
    readonly modelId: string;
    readonly task: AnyTask;
    readonly epoch: number;
    readonly reason: string;
  },
  verdict: NamedVerdict,
): BeliefDelta {
  const isJudged = verdict.source === 'judge';
  const weight = qualityShareOf(answer.reason) * (isJudged ? 1 : clampToUnit(verdict.weight));
  const quality = clampToUnit(verdict.quality);
  return {
    kind: isJudged ? 'verdicts' : 'quality',
    subject: answer.modelId,
    task: answer.task,
    source: isJudged ? (verdict.sourceName ?? verdict.source) : verdict.source,
    epoch: answer.epoch,
    a: weight * quality,
    b: weight * (1 - quality),
    c: weight * weight,
  };
}

/** NaN becomes 0: nothing that comes from outside may reach a sum unchecked. */
function clampToUnit(value: number): number {
  return value > 0 ? Math.min(value, 1) : 0;
}
