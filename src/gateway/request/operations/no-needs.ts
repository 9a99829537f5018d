import type { Capability } from '../../../core/catalog/model.ts';

/** Of requests whose type of model says all that is needed. */
export const NO_NEEDS: ReadonlySet<Capability> = new Set();
