import { badRequest, type GatewayError } from '../outcome/gateway-error.ts';
import type { JsonObject } from '../wire/json-value.ts';

/** A 400 that names the place in the client's own body. */
export function wrongAt(param: string, what: string): GatewayError {
  return badRequest(`${param}: ${what}.`, param, 'invalid_value');
}

export function stringIn(holder: JsonObject, name: string, path: string): string {
  const value = holder[name];
  if (typeof value === 'string') return value;
  throw wrongAt(`${path}.${name}`, 'must be a string');
}

/** An id or a name. */
export function nameIn(holder: JsonObject, name: string, path: string): string {
  const value = stringIn(holder, name, path);
  if (value !== '' && value.length <= 512) return value;
  throw wrongAt(`${path}.${name}`, 'must have 1 to 512 characters');
}

/** Content that is no plain text. */
export function partsAt(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrongAt(path, 'must be a string or a list of parts');
}
