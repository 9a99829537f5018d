import type { ConfigFile } from './file-schema.ts';
import { KNOWN_MODELS } from './known-models.ts';
import type { KnownProviderName } from './known-providers.ts';
import type { SimulatedModel } from './simulated-model.ts';

/** Providers and models in the shape of the file, wherever they were found: the file and detection share one way on. */
export interface Offers {
  readonly providers: ConfigFile['providers'];
  readonly models: Readonly<Record<string, ModelTable>>;
}
export type ProviderTable = ConfigFile['providers'][string];
type FileModel = ConfigFile['api']['models'][string];
/** A model of the file, or one that was found, whose servers are all known by name. */
export type ModelTable = Omit<FileModel, 'address' | 'endpoints' | 'path'> & {
  readonly endpoints: NonNullable<FileModel['endpoints']>;
};

/** Both together. The same model id twice is one model with the endpoints of both; what is said first counts. */
export function mergeOffers(first: Offers, second: Offers): Offers {
  const models = { ...first.models };
  for (const [id, table] of Object.entries(second.models)) {
    const present = Object.hasOwn(models, id) ? models[id] : undefined;
    models[id] =
      present === undefined
        ? table
        : { ...table, ...present, endpoints: [...present.endpoints, ...table.endpoints] };
  }
  return { providers: { ...first.providers, ...second.providers, ...first.providers }, models };
}

/** A provider as it stands when the file says nothing more about it. */
export function providerTable(given: Partial<ProviderTable>): ProviderTable {
  return {
    kind: 'openai',
    headers: {},
    headers_env: {},
    max_connections: 128,
    ...given,
  };
}

/** The models we know `provider` to sell, as endpoints of a provider called `name` here. */
export function knownOffers(provider: KnownProviderName, name: string): Offers['models'] {
  const models: Record<string, ModelTable> = {};
  for (const [id, known] of Object.entries(KNOWN_MODELS)) {
    const upstreamModel = known.at[provider];
    if (upstreamModel === undefined) continue;
    models[id] = { type: 'chat', endpoints: [{ provider: name, model: upstreamModel }] };
  }
  return models;
}

/** The simulated models as endpoints of a provider called `name`. */
export function simulatedOffers(simulated: readonly SimulatedModel[], name: string): Offers['models'] {
  return Object.fromEntries(
    simulated.map((model) => [
      model.id,
      { type: model.type, endpoints: [{ provider: name, model: model.id }] } satisfies ModelTable,
    ]),
  );
}
