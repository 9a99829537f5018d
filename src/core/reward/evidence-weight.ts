import type { EvidenceSource } from '../learning/delta.ts';

/**
 * What a verdict of each source counts against a labelled outcome, 0–1 (docs/learning.md). `heuristic` is that of a
 * fault found; a pass is `HEURISTIC_PASS_WEIGHT`.
 */
export const EVIDENCE_WEIGHTS = {
  heuristic: 0.25,
  judge: 0.5,
  check: 1,
  human: 1,
  client_test: 1,
} as const satisfies Record<EvidenceSource, number>;

/**
 * An answer in which no fault was found is hardly evidence: nearly every wrong answer passes too. At the weight of a
 * fault, the passes that come with it would drown it: one answer in ten at fault would hardly show.
 *
 * A small weight alone does not keep passes from outvoting labels, as they come by the thousand: the learner bounds
 * what all heuristic verdicts of a cell count (`UNLABELLED_LIMIT`, four labels), whatever they weigh. This weight and
 * a fault's then decide the proportion within that bound, and how soon it is reached: after 200 passes, or 16 faults.
 */
export const HEURISTIC_PASS_WEIGHT = 0.02;

/** A cut-off answer is of some use. */
export const TRUNCATED_QUALITY = 0.3;

/**
 * Choices that the client forced (a named model) teach nothing about quality: whoever names a model does so for
 * other prompts than the router would have given it, and what is learnt there would be compared with the routed
 * ones. True makes them count like any other outcome, for installations that name models only to seed the beliefs.
 */
const FORCED_CHOICES_TEACH_QUALITY: boolean = false;

/**
 * A turn that stayed where its conversation was counts half (docs/decisions/0031-a-turn-that-stays-counts-half.md): the
 * model was drawn for the conversation, but its turns are not so many independent outcomes.
 */
const STICKY_SHARE = 0.5;

/** What the outcome of a request routed for this reason counts in what is believed of quality, 0–1. */
export function qualityShareOf(reason: string): number {
  if (!teachesQuality(reason)) return 0;
  return reason === 'sticky' ? STICKY_SHARE : 1;
}

/**
 * Whether the change detector hears of it. Not of turns that stayed: it takes outcomes for independent, and one user
 * who is unhappy for thirty turns would be a change of the model.
 */
export function showsChange(reason: string): boolean {
  return teachesQuality(reason) && reason !== 'sticky';
}

/** Whether a request routed for this reason (`explicit`, `auto`, `explore`, …) may move what is believed of quality. */
export function teachesQuality(reason: string): boolean {
  if (reason === 'judge') return false;
  return FORCED_CHOICES_TEACH_QUALITY || reason !== 'explicit';
}
