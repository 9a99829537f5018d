import type { Candidate } from '../../core/choice/choice-input.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';

/** What a key may use; undefined for all. */
export interface Permits {
  readonly allowedModels: ReadonlySet<string> | undefined;
  readonly allowedProviders: ReadonlySet<string> | undefined;
}

/** Whom a request asks for by name. */
interface NamedWishes {
  readonly models?: readonly string[];
  readonly provider_allow?: readonly string[];
  readonly only?: readonly string[];
}

const MAX_NAMED = 20;

/** Whether a model may be used at a provider, with this key. */
export function isPermitted(
  { allowedModels, allowedProviders }: Permits,
  modelId: string,
  provider: string,
): boolean {
  return allowedModels?.has(modelId) !== false && allowedProviders?.has(provider) !== false;
}

/**
 * Refuses what a request asks for by name, and what it leaves to a choice where nothing is left to choose. That no
 * fallback goes elsewhere is not seen to here: each candidate is asked about on its own.
 *
 * @throws GatewayError 403 `model_not_allowed` or `provider_not_allowed`, naming what the key may use
 */
export function refuseForbidden(
  job: Permits & { readonly body: { readonly model: string } },
  candidates: readonly Candidate[],
  wishes: NamedWishes,
): void {
  const { allowedModels, allowedProviders } = job;
  if (allowedModels === undefined && allowedProviders === undefined) return;
  const model = wishes.models?.find((id) => allowedModels?.has(id) === false);
  if (model !== undefined) throw forbidden(job, 'model', model, 'route.models');
  const provider = wishes.provider_allow?.find((name) => allowedProviders?.has(name) === false);
  if (provider !== undefined) throw forbidden(job, 'provider', provider, 'route.provider_allow');
  const only = wishes.only?.find((name) => allowedProviders?.has(name) === false);
  if (only !== undefined) throw forbidden(job, 'provider', only, 'provider.only');
  if (candidates.some(({ model: { id }, endpoint }) => isPermitted(job, id, endpoint.provider))) return;
  throw forbidden(job, 'model', job.body.model, 'model');
}

function forbidden(
  { allowedModels, allowedProviders }: Permits,
  kind: 'model' | 'provider',
  name: string,
  param: string,
): GatewayError {
  const allowed = [
    ...(allowedModels ? [`the models ${listOf(allowedModels)}`] : []),
    ...(allowedProviders ? [`the providers ${listOf(allowedProviders)}`] : []),
  ];
  return new GatewayError({
    status: 403,
    code: `${kind}_not_allowed`,
    param,
    message: `This API key may not use the ${kind} '${name.slice(0, 200)}'. It may use ${allowed.join(' at ')}.`,
  });
}

function listOf(names: ReadonlySet<string>): string {
  const shown = [...names].slice(0, MAX_NAMED).join(', ');
  if (names.size === 0) return '(none)';
  return names.size > MAX_NAMED ? `${shown} and ${names.size - MAX_NAMED} more` : shown;
}
