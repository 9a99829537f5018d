import { badRequest } from '../../core/outcome/gateway-error.ts';
import { type FeedbackBody, qualityOfFeedback } from '../../core/reward/feedback-quality.ts';
import type { GatewayDeps } from '../deps.ts';
import { type FeedbackCall, takeBackVerdict, takeVerdict } from '../learning/take-verdict.ts';

/**
 * Takes in one verdict on one request; the same verdict again changes nothing.
 *
 * @throws GatewayError 400 with every mistake of the body, 404 for a request that is not this key's.
 */
export async function giveFeedback(
  deps: GatewayDeps,
  call: FeedbackCall,
  body: FeedbackBody,
): Promise<object> {
  const read = qualityOfFeedback(body);
  if ('mistakes' in read) throw badRequest(read.mistakes.join(' '), null, 'invalid_feedback');
  const { verdict } = read;
  const { comment = '', ...signals } = body;
  const moved = await takeVerdict(deps, call, { ...verdict, comment, signals: JSON.stringify(signals) });
  deps.metrics.feedbackGiven(verdict.source);
  return { ...moved, source: verdict.sourceName, source_class: verdict.source, score: verdict.quality };
}

/** Takes back what `sourceName` said of a request; a source that said nothing changes nothing. */
export async function retractFeedback(
  deps: GatewayDeps,
  call: FeedbackCall,
  sourceName: string,
): Promise<object> {
  const moved = await takeBackVerdict(deps, call, sourceName);
  return { ...moved, source: sourceName, deleted: true };
}
