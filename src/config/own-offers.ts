import type { ConfigFile } from './file-schema.ts';
import { baseUrlOf } from './local-servers.ts';
import { type ModelTable, type Offers, type ProviderTable, providerTable } from './offers.ts';

/**
 * The providers and models of the file. A model with an `address` of its own gets a provider made for that server, unless
 * the file has one for it; models at the same address share it. Such models cost nothing per token.
 */
export function ownOffers(file: ConfigFile): Offers {
  const providers: Record<string, ProviderTable> = { ...file.providers };
  const models: Record<string, ModelTable> = {};
  for (const [id, { address, endpoints, ...table }] of Object.entries(file.api.models)) {
    models[id] = { ...table, endpoints: endpoints ?? [endpointAt(address ?? '', id)] };
  }
  return { providers, models };

  function endpointAt(address: string, model: string): ModelTable['endpoints'][number] {
    const baseUrl = baseUrlOf(address) ?? address;
    const known = Object.entries(providers).find(([, provider]) => provider.base_url === baseUrl)?.[0];
    const provider = known ?? nameOf(baseUrl);
    providers[provider] ??= providerTable({ base_url: baseUrl });
    return { provider, model, input_usd_per_million: 0, output_usd_per_million: 0 };
  }

  /** `http://127.0.0.1:9000/v1` → `local-127-0-0-1-9000`, with a number behind it where the file has that one. */
  function nameOf(baseUrl: string): string {
    const name = `local-${new URL(baseUrl).host.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '')}`;
    let free = name;
    for (let number = 2; Object.hasOwn(providers, free); number++) free = `${name}-${number}`;
    return free;
  }
}
