import type { BeliefDelta, EvidenceSource, QualityEvidence } from '../learning/delta.ts';
import type { AnyTask } from '../task/operation-task.ts';
import { teachesQuality } from './evidence-weight.ts';

/** Whose word is taken for the truth: people and tests. The others are compared with it. */
export function isLabel(source: EvidenceSource): boolean {
  return source === 'human' || source === 'client_test';
}

/**
 * What one answer says about its sources: a pair of the label that counts and the verdict of each source that is none,
 * also of those that the label replaced. Nothing where nobody labelled it. Named models are left out, as everywhere.
 *
 * @param counted the verdict that counts
 */
export function agreementDeltas(
  evidence: {
    readonly task: AnyTask;
    readonly reason: string;
    readonly automatic: QualityEvidence | undefined;
    readonly feedback: readonly (QualityEvidence & { readonly sourceName: string })[];
  },
  counted: QualityEvidence | undefined,
): BeliefDelta[] {
  if (counted === undefined || !isLabel(counted.source) || !teachesQuality(evidence.reason)) return [];
  const { task, automatic, feedback } = evidence;
  const deltas: BeliefDelta[] = [];
  if (automatic !== undefined) addPair(deltas, automatic.source, task, automatic.quality, counted.quality);
  for (const { source, sourceName, quality } of feedback) {
    if (!isLabel(source)) addPair(deltas, sourceName, task, quality, counted.quality);
  }
  return deltas;
}

function addPair(
  deltas: BeliefDelta[],
  subject: string,
  task: AnyTask,
  verdict: number,
  label: number,
): void {
  const about = { subject, task, source: '', epoch: 0 };
  deltas.push({ kind: 'agreement', ...about, a: 1, b: label, c: verdict });
  deltas.push({
    kind: 'agreement_squares',
    ...about,
    a: label * verdict,
    b: label * label,
    c: verdict * verdict,
  });
}
