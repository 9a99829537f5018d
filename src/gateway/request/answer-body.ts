import type { Candidate } from '../../core/choice/choice-input.ts';
import { usdOf } from '../../core/money/cost.ts';
import { lastMember, scanJson, spliced, withMembers } from '../../core/wire/json-members.ts';
import type { AttemptEnd } from '../../store/contract.ts';

/** What the gateway adds to an answer: nothing else in it is touched. */
export interface AnswerAdditions {
  /** Of the whole request, parts of one included. */
  readonly costMicroUsd: number;
  /** Put in the place of the model's name at the provider. */
  readonly rename: { readonly from: string; readonly to: string } | undefined;
  readonly metadata: object | undefined;
}

/** `usage` with `cost` and `cost_usd` beside what the provider said, in USD. */
export function usageWithCost(usage: unknown, costMicroUsd: number): object {
  const cost = usdOf(costMicroUsd);
  // Not a spread with two more members, which takes V8 eight times as long.
  return Object.assign({}, typeof usage === 'object' && !Array.isArray(usage) ? usage : undefined, {
    cost,
    cost_usd: cost,
  });
}

/** What the provider said, with our own counts in the place of those that were missing or absurd. */
export function tokensShown(end: AttemptEnd, said: unknown): unknown {
  if (!end.isCostEstimated) return said;
  return {
    ...(typeof said === 'object' && !Array.isArray(said) ? said : {}),
    prompt_tokens: end.inputTokens,
    completion_tokens: end.outputTokens,
    total_tokens: end.inputTokens + end.outputTokens,
  };
}

/** The body of a unary answer with its price, byte for byte as it came otherwise. */
export function withAdditions(
  body: Buffer,
  json: Readonly<Record<string, unknown>>,
  usage: unknown,
  additions: AnswerAdditions,
): Buffer {
  const { rename } = additions;
  const shown = JSON.stringify(usageWithCost(usage, additions.costMicroUsd));
  const isRenamed = rename !== undefined && json.model === rename.from;
  if (!isRenamed && additions.metadata === undefined) {
    const place = lastMember(body, '"usage"');
    if (place !== undefined) return spliced(body, place.valueStart, place.end, shown);
  }
  const changes: Record<string, string | undefined> = { usage: shown };
  // A provider that answers with a dated name says more than we know; only our own alias is put back.
  if (isRenamed) changes.model = JSON.stringify(rename.to);
  if (additions.metadata) changes.router_metadata = JSON.stringify(additions.metadata);
  return withMembers(body, scanJson(body).members, changes);
}

/** The alias a provider knows the model by, to be put back; undefined where it is the model's own name. */
export function renameOf({ model, endpoint }: Candidate): AnswerAdditions['rename'] {
  return endpoint.upstreamModel === model.id ? undefined : { from: endpoint.upstreamModel, to: model.id };
}
