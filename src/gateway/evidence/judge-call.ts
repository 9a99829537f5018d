import type { Endpoint } from '../../core/catalog/model.ts';
import type { Decision } from '../../core/choice/decision.ts';
import type { DailyBudget } from '../../core/judge/daily-budget.ts';
import { JUDGE_KEY_ID } from '../../core/judge/judge-key.ts';
import { costMicroUsd } from '../../core/money/cost.ts';
import type { AnswerFacts } from '../../core/outcome/answer-facts.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import { scanJson } from '../../core/wire/json-members.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import { runAttempt } from '../request/attempt.ts';
import type { ChatBody, ChatJob, ClientLine } from '../request/job.ts';
import { CHAT } from '../request/operations/chat.ts';
import { planJob } from '../request/plan.ts';
import { policyOf } from '../request/policy.ts';

/** A judge that takes longer is not worth waiting for. */
const MAX_CALL_MS = 60_000;
const MAX_ATTEMPTS = 2;
/** What a provider puts around a prompt, in tokens. Of the prompt itself each byte counts as one, which is the most. */
const FRAME_TOKENS = 64;

export type JudgeReply =
  | { readonly facts: AnswerFacts; readonly requestId: string }
  | { readonly failure: 'over_budget' | 'failed' | 'not_possible' };

/**
 * One call on the judge's own account: planned, guarded, journalled and charged like a client's, under the reason
 * `judge`, and only if the day's budget has the most that it can cost.
 *
 * @param call.mostTokens of the answer; also said in the body
 * @throws never a `GatewayError`
 */
export async function callForJudge(
  deps: GatewayDeps,
  live: LiveSettings,
  call: {
    readonly body: ChatBody;
    readonly mostTokens: number;
    /** Models that the key of the judged request may use: its prompt goes to no other. */
    readonly allowedModels: ReadonlySet<string> | undefined;
    /** Providers that may serve it, likewise. */
    readonly allowedProviders: ReadonlySet<string> | undefined;
    readonly budget: DailyBudget;
    readonly limitMicroUsd: number;
    /** False once the gateway closes: calls that begin then would be cut by nobody. */
    readonly mayCall: () => boolean;
  },
): Promise<JudgeReply> {
  const { body, budget } = call;
  const bytes = Buffer.from(JSON.stringify(body));
  const job: ChatJob = {
    operation: CHAT,
    requestId: deps.newRequestId(),
    isOwnRequestId: true,
    keyId: JUDGE_KEY_ID,
    allowedModels: call.allowedModels,
    allowedProviders: call.allowedProviders,
    budget: undefined,
    holdsBack: false,
    allowance: undefined,
    bytes,
    members: scanJson(bytes).members,
    body,
    // Kept apart from what clients' traffic looks like, whatever the judged request was about.
    taskHint: 'unknown',
    strategyHint: undefined,
    warnings: [],
    sessionId: undefined,
    ask: 0,
    judgedWith: 0,
    wantsMetadata: false,
    cacheControl: undefined,
    isCacheMiss: false,
    traceparent: undefined,
    tracestate: undefined,
    trace: undefined,
    arrivedMs: deps.monotonicMs(),
  };
  const decision = await planned(deps, live, job);
  if (decision === undefined) return { failure: 'not_possible' };
  const totalMs = Math.min(MAX_CALL_MS, live.routing.totalMs);
  const client = new Nobody(call.mayCall);
  let number = 0;
  for (const ranked of decision.ranking) {
    const candidate = live.catalog.endpoint(ranked.endpointId);
    if (candidate === undefined || number === MAX_ATTEMPTS || !call.mayCall()) break;
    const mostMicroUsd = mostCostMicroUsd(bytes.length, call.mostTokens, candidate.endpoint);
    if (!budget.reserve(mostMicroUsd, call.limitMicroUsd, deps.nowMs())) return { failure: 'over_budget' };
    let spentMicroUsd = 0;
    try {
      const permit = deps.guard.enter(ranked.endpointId);
      if (permit === undefined) continue;
      const { end, answer } = await runAttempt(deps, live, {
        job,
        decision,
        candidate,
        ranked,
        permit,
        number,
        isFailureSeen: () => false,
        totalMs,
        client,
        onSent: () => {},
        headers: () => ({}),
      });
      spentMicroUsd = end.costMicroUsd;
      number += 1;
      if (answer !== undefined) return { facts: answer.facts, requestId: job.requestId };
    } catch (error) {
      // It could not be written down, so nothing was sent.
      if (!(error instanceof GatewayError)) throw error;
      return { failure: error.code === 'budget_exceeded' ? 'over_budget' : 'failed' };
    } finally {
      budget.settle(mostMicroUsd, spentMicroUsd, deps.nowMs());
    }
  }
  return { failure: number === 0 ? 'not_possible' : 'failed' };
}

/** Undefined when nobody can or may answer: ill, resting, or not allowed to this key. */
async function planned(deps: GatewayDeps, live: LiveSettings, job: ChatJob): Promise<Decision | undefined> {
  try {
    await deps.spending.ready(job);
    return { ...planJob(deps, live, job, policyOf(live, job)), reason: 'judge' };
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

function mostCostMicroUsd(bytes: number, outputTokens: number, { price }: Endpoint): number {
  return costMicroUsd({ inputTokens: bytes + FRAME_TOKENS, outputTokens, cachedInputTokens: 0 }, price);
}

/** The client of a call that nobody waits for. It has left once the gateway closes: nothing goes out after that. */
class Nobody implements ClientLine {
  readonly #mayCall: () => boolean;

  constructor(mayCall: () => boolean) {
    this.#mayCall = mayCall;
  }

  get hasLeft(): boolean {
    return !this.#mayCall();
  }

  onLeft(): void {}
  startStream(): void {}
  write(): boolean {
    return true;
  }
  onceDrained(): void {}
  end(): void {}
  cut(): void {}
}
