import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { Price } from '../core/catalog/model.ts';
import { DAY_MS, HOUR_MS } from '../core/durations.ts';

export interface Listing {
  readonly price: Price;
  readonly contextLength: number | undefined;
}

/**
 * The list price of a model at a provider, from the price data that ships with `@pydantic/genai-prices` (offline;
 * nothing is fetched). The provider is found by its address, else by its language (a proxy before it), else by its name. Undefined when the model is not
 * listed or not sold by the token.
 *
 * Of a price that rises with the length of the prompt this is the first step; of one that changes with the hour
 * the dearest of the day, so that a cost ceiling holds at any hour.
 */
export function findListing(
  provider: { readonly name: string; readonly kind?: string; readonly baseUrl: string },
  upstreamModel: string,
  nowMs: number,
): Listing | undefined {
  const listed =
    findProvider({ providerApiUrl: provider.baseUrl }) ??
    findProvider({ providerId: KIND_TO_SELLER[provider.kind ?? ''] ?? provider.name });
  if (listed === undefined) return undefined;
  let dearest: Listing | undefined;
  for (let hour = 0; hour < 24; hour++) {
    const timestamp = new Date(nowMs - (nowMs % DAY_MS) + (hour + 0.5) * HOUR_MS);
    const found = calcPrice({}, upstreamModel, { provider: listed, timestamp });
    if (found === null) return undefined;
    const price = priceOf(found.model_price);
    if (price === undefined) return undefined;
    if (dearest === undefined || sum(price) > sum(dearest.price)) {
      dearest = { price, contextLength: found.model.context_window };
    }
    if (!Array.isArray(found.model.prices)) break;
  }
  return dearest;
}

const KIND_TO_SELLER: Readonly<Record<string, string>> = {
  anthropic: 'anthropic',
  google: 'google',
  bedrock: 'aws',
};

type ListedPrices = NonNullable<ReturnType<typeof calcPrice>>['model_price'];

function priceOf(listed: ListedPrices): Price | undefined {
  const input = perMillion(listed.input_mtok);
  const output = perMillion(listed.output_mtok);
  // No token price beside other prices: sold by the hour or the page. No price at all: free.
  if (input === undefined && output === undefined && Object.keys(listed).length > 0) return undefined;
  return {
    inputUsdPerMillion: input ?? 0,
    outputUsdPerMillion: output ?? 0,
    cachedInputUsdPerMillion: perMillion(listed.cache_read_mtok) ?? input ?? 0,
    ...(listed.cache_write_mtok === undefined
      ? {}
      : { cacheWriteUsdPerMillion: perMillion(listed.cache_write_mtok) }),
    ...(listed.input_audio_mtok === undefined
      ? {}
      : { audioInputUsdPerMillion: perMillion(listed.input_audio_mtok) }),
    ...(listed.output_audio_mtok === undefined
      ? {}
      : { audioOutputUsdPerMillion: perMillion(listed.output_audio_mtok) }),
  };
}

function perMillion(price: ListedPrices[string]): number | undefined {
  return typeof price === 'object' ? price.base : price;
}

function sum(price: Price): number {
  return price.inputUsdPerMillion + price.outputUsdPerMillion;
}
