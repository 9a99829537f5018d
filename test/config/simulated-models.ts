import type { SimulatedModel } from '../../src/config/simulated-model.ts';

/** Stand-ins for the catalogue of the simulated provider, which configuration never imports. */
export const SIMULATED_MODELS: readonly SimulatedModel[] = [
  {
    id: 'sim-large',
    type: 'chat',
    contextLength: 128_000,
    capabilities: ['tools', 'json', 'vision'],
    inputUsdPerMillion: 3,
    outputUsdPerMillion: 15,
  },
  {
    id: 'sim-embed',
    type: 'embedding',
    contextLength: 8_000,
    capabilities: [],
    inputUsdPerMillion: 0.02,
    outputUsdPerMillion: 0,
    dimensions: 256,
  },
];
