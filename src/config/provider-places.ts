import type { ProviderSettings } from './build-provider.ts';
import { type KnownProviderName, knownProviderAt } from './known-providers.ts';

/** OpenTelemetry's `gen_ai.provider.name` where it has a word for one that is not its name here. */
const NAME_TO_GEN_AI_NAME: Readonly<Partial<Record<KnownProviderName, string>>> = {
  gemini: 'gcp.gemini',
  mistral: 'mistral_ai',
  xai: 'x_ai',
};

/** What traces say of each provider; one that is not known there goes by its name in the settings. */
export function providerPlaces(providers: Readonly<Record<string, ProviderSettings>>) {
  return new Map(
    Object.values(providers).map(({ name, kind, baseUrl }) => {
      const known = kind === 'simulated' ? undefined : knownProviderAt(name, { kind, base_url: baseUrl });
      const genAiName =
        kind === 'bedrock'
          ? 'aws.bedrock'
          : known === undefined
            ? name
            : (NAME_TO_GEN_AI_NAME[known] ?? known);
      const url = baseUrl === '' ? undefined : new URL(baseUrl);
      const usualPort = url?.protocol === 'http:' ? 80 : 443;
      return [
        name,
        {
          name: genAiName,
          address: url?.hostname,
          port: url === undefined ? undefined : Number(url.port || usualPort),
        },
      ] as const;
    }),
  );
}
