import type { Candidate } from '../../core/choice/choice-input.ts';
import { costMicroUsd } from '../../core/money/cost.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { RequestProfile } from '../../core/task/task.ts';
import type { CallProgress, CallSession } from '../../providers/upstream.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import type { ClientLine, Job } from './job.ts';
import type { Operation } from './operation.ts';
import type { StreamLine } from './stream-line.ts';

const NOTHING = Buffer.alloc(0);

/**
 * A session as its provider's side sees it: how its client is let in, and after each response whether its key's budgets
 * and limits have room for another one like it.
 *
 * @param options.progressOf undefined until the call runs
 * @param options.hold.microUsd what the budgets hold for it: raised here, settled by the attempt
 */
export function sessionOf(
  deps: GatewayDeps,
  live: LiveSettings,
  options: {
    readonly job: Job;
    readonly operation: Operation;
    readonly candidate: Candidate;
    readonly profile: RequestProfile;
    readonly expectedCostMicroUsd: number;
    readonly client: ClientLine;
    readonly line: StreamLine;
    readonly hold: { microUsd: number };
    readonly progressOf: () => CallProgress | undefined;
    readonly onAccepted: () => void;
  },
): CallSession {
  const { job, operation, candidate, profile, client, line, hold } = options;
  const { price } = candidate.endpoint;
  let toldTokens = 0;
  return {
    headers: operation.sessionHeaders?.(job) ?? {},
    limits: live.realtime,
    endEventId: `event_${job.requestId}`,
    accept() {
      if (client.hasLeft) return undefined;
      line.write(NOTHING);
      const frames = client.frames?.();
      if (frames !== undefined) options.onAccepted();
      return frames;
    },
    spent() {
      const progress = options.progressOf();
      const usage =
        progress && operation.meter({ job, profile, price, answer: undefined, error: undefined, progress });
      if (usage === undefined) return undefined;
      const tokens = usage.inputTokens + usage.outputTokens;
      const refusal = job.allowance?.spendTokens(tokens - toldTokens);
      toldTokens = tokens;
      if (refusal !== undefined) return refusal;
      const missing = costMicroUsd(usage, price) + options.expectedCostMicroUsd - hold.microUsd;
      if (missing <= 0) return undefined;
      try {
        hold.microUsd += deps.spending.reserve(job, missing);
        return undefined;
      } catch (error) {
        if (error instanceof GatewayError) return error;
        throw error;
      }
    },
  };
}
