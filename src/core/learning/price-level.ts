import type { Model } from '../catalog/model.ts';

/** Input tokens per output token in the price that models are compared by: the usual proportion of a request. */
const INPUT_PER_OUTPUT = 3;

/**
 * How dear each model is among those of its type: ln of its price minus their mean, so e to this is a factor. Of several
 * endpoints the cheapest counts. 0, "as dear as the others", where the price is not known or nothing, and for a model
 * that is alone.
 */
export function priceLevels(models: readonly Model[]): Map<string, number> {
  const typeToLogs = new Map<string, number[]>();
  const idToLog = new Map<string, number>();
  for (const model of models) {
    const log = Math.log(cheapestPrice(model));
    if (!Number.isFinite(log)) continue;
    idToLog.set(model.id, log);
    typeToLogs.set(model.type, [...(typeToLogs.get(model.type) ?? []), log]);
  }
  return new Map(
    models.map(({ id, type }) => {
      const logs = typeToLogs.get(type) ?? [];
      const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
      const log = idToLog.get(id);
      return [id, log === undefined ? 0 : log - mean];
    }),
  );
}

function cheapestPrice({ endpoints }: Model): number {
  let cheapest = Number.POSITIVE_INFINITY;
  for (const { price, isPriceKnown } of endpoints) {
    const perMillion =
      (INPUT_PER_OUTPUT * price.inputUsdPerMillion + price.outputUsdPerMillion) / (INPUT_PER_OUTPUT + 1);
    // Models of one type are sold by one unit; where some are sold by tokens instead, this is only a first guess.
    const mixed = price.unitUsd === undefined ? perMillion : price.unitUsd * 1_000_000;
    if (isPriceKnown && mixed > 0 && mixed < cheapest) cheapest = mixed;
  }
  return cheapest;
}
