import type { Caller } from '../gateway/admission/keyring.ts';

/** The models a caller may know of: a key that may not use a model is not told that it is there. */
export function visibleTo(caller: Caller): Caller['allowedModels'] {
  return caller.scopes.has('admin') ? undefined : caller.allowedModels;
}
