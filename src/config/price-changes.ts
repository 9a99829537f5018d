import type { Model, Price } from '../core/catalog/model.ts';

interface PriceChange {
  readonly endpoint: string;
  readonly from: Price;
  readonly to: Price;
}

/** The endpoints that two catalogues have in common and that cost something else in the second. */
export function priceChanges(old: readonly Model[], fresh: readonly Model[]): PriceChange[] {
  const former = new Map(old.flatMap(({ endpoints }) => endpoints).map(({ id, price }) => [id, price]));
  return fresh
    .flatMap(({ endpoints }) => endpoints)
    .flatMap(({ id, price }) => {
      const before = former.get(id);
      return before === undefined || isSame(before, price) ? [] : [{ endpoint: id, from: before, to: price }];
    });
}

function isSame(one: Price, other: Price): boolean {
  return (
    one.inputUsdPerMillion === other.inputUsdPerMillion &&
    one.outputUsdPerMillion === other.outputUsdPerMillion &&
    one.cachedInputUsdPerMillion === other.cachedInputUsdPerMillion &&
    one.cacheWriteUsdPerMillion === other.cacheWriteUsdPerMillion &&
    one.audioInputUsdPerMillion === other.audioInputUsdPerMillion &&
    one.audioOutputUsdPerMillion === other.audioOutputUsdPerMillion &&
    one.unitUsd === other.unitUsd
  );
}
