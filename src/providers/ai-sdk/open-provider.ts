import type { EmbeddingModelV3, LanguageModelV3 } from '@ai-sdk/provider';
import type { TongueSettings } from './settings.ts';

export type Fetch = typeof globalThis.fetch;

/** The models of one provider, by the SDK's package for it. */
export interface SdkProvider {
  languageModel(modelId: string): LanguageModelV3;
  embeddingModel(modelId: string): EmbeddingModelV3;
}

/**
 * Loads the package for this provider, once for the process: a gateway that never calls it loads nothing. Every
 * setting is given, an empty one too: for what is left out the packages would look into the environment.
 *
 * @param fetch how the package's requests go out; a provider object costs microseconds, so each call has its own
 */
export async function openProvider(settings: TongueSettings, fetch: Fetch): Promise<SdkProvider> {
  const { baseUrl: baseURL, headers } = settings;
  const apiKey = settings.apiKey ?? '';
  switch (settings.kind) {
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic');
      return createAnthropic({ baseURL, apiKey, headers: { ...headers }, fetch });
    }
    case 'google': {
      const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
      return createGoogleGenerativeAI({ baseURL, apiKey, headers: { ...headers }, fetch });
    }
    case 'bedrock': {
      const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock');
      const { accessKeyId = '', secretAccessKey = '', sessionToken } = settings.awsKeys ?? {};
      const { region } = settings;
      const keys = { accessKeyId, secretAccessKey, sessionToken };
      return createAmazonBedrock({ baseURL, apiKey, region, ...keys, headers: { ...headers }, fetch });
    }
  }
}
