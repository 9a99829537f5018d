import type { BeliefDelta } from '../../src/core/learning/delta.ts';
import type { AttemptFact } from '../../src/store/contract.ts';

/** What an ending teaches, from columns only and in exact binary fractions: rows and sums can be compared. */
export function deltasOf({
  modelId,
  task,
  epoch,
  outputTokens,
}: Pick<AttemptFact, 'modelId' | 'task' | 'epoch' | 'outputTokens'>): BeliefDelta[] {
  const quality = (outputTokens % 5) / 4;
  return [
    { kind: 'quality', subject: modelId, task, source: 'check', epoch, a: quality, b: 1 - quality, c: 1 },
    {
      kind: 'tokens',
      subject: modelId,
      task,
      source: '',
      epoch,
      a: 1,
      b: outputTokens,
      c: outputTokens ** 2,
    },
  ];
}
