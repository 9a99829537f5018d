import type { Endpoint, Tongue } from '../../core/catalog/model.ts';
import type { Refusal } from '../../core/choice/choice-input.ts';
import type { Decision, ExclusionReason } from '../../core/choice/decision.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { CannotCarry } from '../../core/wire/cannot-carry.ts';
import type { Catalog } from '../catalog.ts';
import type { Job } from './job.ts';

/** By the language of a provider, why a request cannot go there; a language that can carry it is not in it. */
export type TongueRefusals = ReadonlyMap<Tongue, CannotCarry>;

const NO_SUCH_OPERATION: CannotCarry = Object.freeze({
  param: 'model',
  because: 'is asked for chat and embeddings only',
});
const NOT_CARRIED: Refusal = Object.freeze({ reason: 'not_carried' });

/** Undefined when all of them can carry it: nearly always. */
export function tongueRefusals(tongues: readonly Tongue[], job: Job): TongueRefusals | undefined {
  const { operation } = job;
  let refusals: Map<Tongue, CannotCarry> | undefined;
  for (const tongue of tongues) {
    const obstacle = operation.cannotCarry ? operation.cannotCarry(job, tongue) : NO_SUCH_OPERATION;
    if (obstacle === undefined) continue;
    refusals ??= new Map();
    refusals.set(tongue, obstacle);
  }
  return refusals;
}

export function refusalOfTongue(refusals: TongueRefusals, endpoint: Endpoint): Refusal | undefined {
  return obstacleAt(refusals, endpoint) && NOT_CARRIED;
}

/** What lies in the request or its key as well, and no time changes. */
const OF_THE_REQUEST = new Set<ExclusionReason>(['not_carried', 'not_in_route', 'not_allowed_for_key']);

/** When that is what kept everybody from serving who was asked: a 400 that says what to change. */
export function refuseUncarried(
  refusals: TongueRefusals,
  catalog: Catalog,
  { excluded }: Decision,
  requested: string,
): void {
  if (!excluded.every(({ reason }) => OF_THE_REQUEST.has(reason))) return;
  const first = excluded.find(({ reason }) => reason === 'not_carried');
  const endpoint = first && catalog.endpoint(first.endpointId)?.endpoint;
  const obstacle = endpoint && obstacleAt(refusals, endpoint);
  if (obstacle === undefined) return;
  const message = `This request for '${requested.slice(0, 200)}' cannot be carried to provider '${endpoint?.provider}', which ${obstacle.because}.`;
  throw new GatewayError({ status: 400, code: 'unsupported_by_provider', param: obstacle.param, message });
}

/** What the configuration has left out of this endpoint's requests is in nobody's way. */
function obstacleAt(refusals: TongueRefusals, endpoint: Endpoint): CannotCarry | undefined {
  const obstacle = endpoint.tongue && refusals.get(endpoint.tongue);
  return obstacle && endpoint.unsupportedParameters?.has(obstacle.param) ? undefined : obstacle;
}
