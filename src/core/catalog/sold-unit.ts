import type { ModelType } from './model.ts';

/** What models are sold by beside tokens. */
export const SOLD_UNITS = ['image', 'second', 'character', 'search'] as const;
export type SoldUnit = (typeof SOLD_UNITS)[number];

const TYPE_TO_UNIT: Readonly<Partial<Record<ModelType, SoldUnit>>> = {
  image: 'image',
  transcription: 'second',
  speech: 'character',
  rerank: 'search',
};

/** The unit of `price.unitUsd`; undefined for types that are sold by tokens only. */
export function soldUnitOf(type: ModelType): SoldUnit | undefined {
  return TYPE_TO_UNIT[type];
}
