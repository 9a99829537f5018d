/**
 * A *model* is what a client names and what quality is learnt about. An *endpoint* is that model at one provider:
 * price, latency and health belong to it. Two endpoints of one model fail over to each other without changing quality.
 */

export const MODEL_TYPES = [
  'chat',
  'completion',
  'embedding',
  'image',
  'transcription',
  'speech',
  'rerank',
  'moderation',
  'realtime',
] as const;
export type ModelType = (typeof MODEL_TYPES)[number];

export const CAPABILITIES = ['tools', 'json', 'vision', 'audio', 'reasoning'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** The languages that providers speak beside OpenAI's own, which needs no translation. */
export const TONGUES = ['anthropic', 'google', 'bedrock'] as const;
export type Tongue = (typeof TONGUES)[number];

/** List price. USD per million tokens is the same number as micro-USD per token. */
export interface Price {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  /** Price of prompt tokens that the provider served from its cache; the input price where it is not known. */
  readonly cachedInputUsdPerMillion: number;
  /** Price of prompt tokens that the provider keeps for the next time (Anthropic's 5 minutes); absent: the input price. */
  readonly cacheWriteUsdPerMillion?: number;
  /** Prices of tokens of sound, where they are not those of text (realtime); absent: the same. */
  readonly audioInputUsdPerMillion?: number;
  readonly audioOutputUsdPerMillion?: number;
  /** USD for one unit of what its type of model is sold by beside tokens (`units` of `Usage`); absent: nothing. */
  readonly unitUsd?: number;
}

export interface Endpoint {
  /** `provider/upstreamModel`, unique over the whole catalogue. */
  readonly id: string;
  readonly modelId: string;
  readonly provider: string;
  /** The name this provider knows the model by. */
  readonly upstreamModel: string;
  /** What the provider speaks; absent where it is OpenAI's API, and what the client sent passes through. */
  readonly tongue?: Tongue;
  readonly price: Price;
  /** False when neither the config nor the price list knows a price: the endpoint then counts as free. */
  readonly isPriceKnown: boolean;
  /** Names of request parameters that it does not take; undefined where it takes all. */
  readonly unsupportedParameters?: ReadonlySet<string>;
}

export interface Model {
  readonly id: string;
  readonly type: ModelType;
  readonly name: string;
  /** Tokens of prompt and answer together. */
  readonly contextLength: number;
  /** Most tokens of answer; undefined when only the context length bounds it. */
  readonly maxOutputTokens?: number;
  readonly capabilities: ReadonlySet<Capability>;
  readonly defaultTemperature?: number;
  readonly dimensions?: number;
  /** Where the configuration lists them; undefined: the usual ones. */
  readonly supportedParameters?: readonly string[];
  readonly isSimulated: boolean;
  readonly endpoints: readonly Endpoint[];
}
