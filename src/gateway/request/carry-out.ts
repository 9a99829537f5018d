import type { Decision } from '../../core/choice/decision.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import type { Job } from './job.ts';
import { decisionNotFound } from './kept-decisions.ts';
import type { Policy } from './policy.ts';

/**
 * The decision of a dry run, for the request it was made for. Since then the configuration may have been read again, and the
 * key may have lost a model: who may not serve any more is left out.
 *
 * @throws GatewayError 404, also when nobody is left; 400 another request than the one it was made for
 */
export function decisionToCarryOut(
  { decisions }: GatewayDeps,
  { catalog, routing }: LiveSettings,
  job: Job,
  { refusalOf, limits: { maxCostUsd = Number.POSITIVE_INFINITY } }: Policy,
  decisionId: string,
): Decision {
  const decision = decisions.read(job, decisionId);
  const { reason } = decision;
  // Routing that is only observed by now does not act, and the other way round.
  if (reason !== 'explicit' && (reason === 'dry-run') !== (routing.baseline !== undefined)) {
    throw decisionNotFound(decisionId);
  }
  const ranking = decision.ranking.filter(({ endpointId, expectedCostMicroUsd }) => {
    const candidate = catalog.endpoint(endpointId);
    if (candidate?.model.type !== job.operation.type || expectedCostMicroUsd > maxCostUsd * 1e6) return false;
    return refusalOf?.(candidate.endpoint, candidate.model) === undefined;
  });
  if (ranking.length === 0) throw decisionNotFound(decisionId);
  // Its client saw what was drawn before it asked for it, and could have drawn again: chance decided nothing any more.
  return { ...decision, ranking, isDrawn: false };
}
