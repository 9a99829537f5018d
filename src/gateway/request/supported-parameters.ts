import type { Endpoint } from '../../core/catalog/model.ts';

/** The parameter of this request that the endpoint does not take; undefined where it takes all of them. */
export function unsupportedParameterOf(body: object, endpoint: Endpoint): string | undefined {
  const { unsupportedParameters } = endpoint;
  if (unsupportedParameters === undefined) return undefined;
  for (const name of unsupportedParameters) if (isGiven(body, name)) return name;
  return undefined;
}

/** As `x-router-warnings` names what was left out of the request for this endpoint; empty for nearly all. */
export function warningsOfDropped(body: object, endpoint: Endpoint): readonly string[] {
  const { unsupportedParameters } = endpoint;
  if (unsupportedParameters === undefined) return NONE;
  return [...unsupportedParameters].filter((name) => isGiven(body, name)).map((name) => `dropped:${name}`);
}

const NONE: readonly string[] = Object.freeze([]);

/** `null` asks for nothing, as in OpenAI's API. */
function isGiven(body: object, name: string): boolean {
  return Object.hasOwn(body, name) && (body as Readonly<Record<string, unknown>>)[name] != null;
}
