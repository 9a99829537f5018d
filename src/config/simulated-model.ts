import type { Capability, ModelType } from '../core/catalog/model.ts';

/** What configuration needs to know of a model of the built-in simulated provider; handed in by the process. */
export interface SimulatedModel {
  readonly id: string;
  readonly name?: string;
  readonly type: ModelType;
  readonly contextLength: number;
  readonly capabilities: Iterable<Capability>;
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  readonly cachedInputUsdPerMillion?: number;
  readonly cacheWriteUsdPerMillion?: number;
  readonly audioInputUsdPerMillion?: number;
  readonly audioOutputUsdPerMillion?: number;
  /** USD for one image, second of audio, character or search. */
  readonly unitUsd?: number;
  readonly dimensions?: number;
}
