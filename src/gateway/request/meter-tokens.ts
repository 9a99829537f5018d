import { estimateUsage, readUsage, type Usage } from '../../core/money/usage.ts';
import type { Ending } from '../../core/outcome/endings.ts';
import type { CallProgress } from '../../providers/upstream.ts';
import type { MeteredAttempt } from './operation.ts';

/** A call that was cut short or given up after it went out: the provider has read the prompt, and charges for it. */
const CUT_SHORT = new Set<Ending | undefined>(['client_left', 'timeout', 'shutdown']);

/** The provider's own usage; by bytes where that is missing or absurd; none for what was refused or never sent. */
export function meterTokens({ profile, answer, error, progress }: MeteredAttempt): Usage | undefined {
  const said = readUsage(progress.usage);
  if (said) return said;
  if (!answer && progress.tokenEvents === 0 && !isChargedWhenCut(error?.ending, progress)) return undefined;
  const { facts } = answer ?? {};
  // By bytes, not by characters: a Chinese one has three, and is about a token by itself.
  const outputBytes = facts
    ? Buffer.byteLength(facts.text + facts.toolCalls.map((called) => called.name + called.arguments).join(''))
    : 0;
  return estimateUsage({
    inputTokens: profile.inputTokens,
    outputBytes: Math.max(outputBytes, progress.textBytes),
    tokenEvents: progress.tokenEvents,
  });
}

/** A refusal by status (408 is a timeout too) is free. */
export function isChargedWhenCut(ending: Ending | undefined, progress: CallProgress): boolean {
  const mayBeCharged = progress.isSent && (progress.httpStatus === 0 || progress.httpStatus === 200);
  return mayBeCharged && CUT_SHORT.has(ending);
}
