import { explainDecision } from '../../core/choice/explain-decision.ts';
import type { GatewayDeps } from '../deps.ts';
import type { ChatJob } from '../request/job.ts';
import { planJob } from '../request/plan.ts';
import { policyOf } from '../request/policy.ts';

/**
 * Where a request would go, without sending it: how it is classified, every candidate with its probability, and who is
 * left out. The decision is kept for a while, to be carried out as it stands by `route.decision_id`.
 *
 * @throws GatewayError what the request itself would be refused with
 */
export async function dryRun(deps: GatewayDeps, job: ChatJob): Promise<object> {
  const { live } = deps;
  const knowingSpent = deps.spending.ready(job);
  if (knowingSpent !== undefined) await knowingSpent;
  const decision = planJob(deps, live, job, policyOf(live, job));
  const { decisionId, forMs } = deps.decisions.keep(job, decision);
  const [first] = decision.ranking;
  return {
    object: 'route',
    decision_id: decisionId,
    expires_at: new Date(deps.nowMs() + forMs).toISOString(),
    requested_model: job.body.model,
    model: first?.modelId ?? null,
    provider: first?.provider ?? null,
    ...explainDecision(decision, job.allowedModels),
    warnings: job.warnings,
  };
}
