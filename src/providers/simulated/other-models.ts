import type { ModelType } from '../../core/catalog/model.ts';
import type { SimulatedModelFacts } from './catalog.ts';

/** Two models for each kind of work that is no chat: one that does it well, and one that is quick and cheap. */
export const OTHER_MODELS: readonly SimulatedModelFacts[] = [
  model('sim-quill-large', 'completion', 'goes on in whole sentences', 0.86, {
    contextLength: 32_000,
    inputUsdPerMillion: 1,
    outputUsdPerMillion: 2,
    ttftMs: 150,
    tokensPerSecond: 150,
  }),
  model('sim-quill-small', 'completion', 'goes on, and loses the thread', 0.5, {
    contextLength: 8_000,
    inputUsdPerMillion: 0.1,
    outputUsdPerMillion: 0.2,
    ttftMs: 40,
    tokensPerSecond: 500,
  }),
  model('sim-painter-large', 'image', 'four colours, made of the prompt', 0.85, {
    unitUsd: 0.04,
    ttftMs: 900,
  }),
  model('sim-painter-small', 'image', 'two colours', 0.55, { unitUsd: 0.005, ttftMs: 250 }),
  model('sim-ranker-large', 'rerank', 'knows words by their stems', 0.88, {
    contextLength: 8_192,
    unitUsd: 0.002,
    ttftMs: 120,
  }),
  model('sim-ranker-small', 'rerank', 'knows words as they are written', 0.6, {
    contextLength: 2_048,
    unitUsd: 0.0005,
    ttftMs: 30,
  }),
  model('sim-warden-large', 'moderation', 'knows harmful words in all their forms', 0.9, {
    contextLength: 32_000,
    inputUsdPerMillion: 0.02,
    ttftMs: 80,
  }),
  model('sim-voice-large', 'speech', 'a tune for every letter', 0.85, {
    unitUsd: 15 / 1e6,
    ttftMs: 200,
  }),
  model('sim-voice-small', 'speech', 'one tone', 0.5, { unitUsd: 2 / 1e6, ttftMs: 60 }),
  model('sim-ear-large', 'transcription', 'hears what the simulated voices say', 0.9, {
    unitUsd: 0.006 / 60,
    ttftMs: 400,
  }),
  model('sim-ear-small', 'transcription', 'misses words', 0.55, { unitUsd: 0.001 / 60, ttftMs: 100 }),
  model('sim-parley-large', 'realtime', 'talks, and listens well', 0.86, {
    contextLength: 32_000,
    inputUsdPerMillion: 4,
    outputUsdPerMillion: 16,
    cachedInputUsdPerMillion: 0.4,
    ttftMs: 250,
    tokensPerSecond: 60,
  }),
  model('sim-parley-small', 'realtime', 'talks quickly, and not always to the point', 0.55, {
    contextLength: 16_000,
    inputUsdPerMillion: 0.6,
    outputUsdPerMillion: 2.4,
    cachedInputUsdPerMillion: 0.06,
    ttftMs: 80,
    tokensPerSecond: 150,
  }),
  model('sim-warden-small', 'moderation', 'knows a few harmful words', 0.6, {
    contextLength: 8_000,
    ttftMs: 20,
  }),
];

function model(
  id: string,
  type: ModelType,
  what: string,
  skill: number,
  facts: Partial<SimulatedModelFacts>,
): SimulatedModelFacts {
  const name = id
    .replace(/^sim-/, '')
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
  return {
    id,
    name: `Simulated ${name}: ${what}`,
    type,
    contextLength: 8_192,
    capabilities: [],
    inputUsdPerMillion: 0,
    outputUsdPerMillion: 0,
    cachedInputUsdPerMillion: facts.inputUsdPerMillion ?? 0,
    ttftMs: 0,
    tokensPerSecond: 0,
    taskToSkill: {},
    skill,
    ...facts,
  };
}
