import type { Capability, ModelType } from '../../core/catalog/model.ts';
import { TASKS, type Task } from '../../core/task/task.ts';
import { OTHER_MODELS } from './other-models.ts';

/**
 * The models that answer when nobody has a provider key yet. Invented, and named so that nobody takes them for real;
 * their differences are honest: what routing can gain among them is what it can gain among real ones.
 */
export interface SimulatedModelFacts {
  readonly id: string;
  readonly name: string;
  readonly type: ModelType;
  /** Tokens of prompt and answer together. */
  readonly contextLength: number;
  readonly capabilities: readonly Capability[];
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  readonly cachedInputUsdPerMillion: number;
  /** Median time to the first token, before `speed`. */
  readonly ttftMs: number;
  readonly tokensPerSecond: number;
  /** Mean quality of an answer, 0–1, by task; empty for embeddings. */
  readonly taskToSkill: Readonly<Partial<Record<Task, number>>>;
  readonly dimensions?: number;
  /** Mean quality of an answer of a model that does one kind of work only, 0–1. */
  readonly skill?: number;
  /** USD for one image, second of audio, character or search. */
  readonly unitUsd?: number;
}

type OneForEach<List extends readonly unknown[]> = { [Index in keyof List]: number };

/**
 * One skill for each task, in their order. Each task has one specialist of 0.9 and more; nobody else comes near, not
 * even the dear `sim-atlas-large` outside of hard reasoning, so that the best value shows within a few dozen outcomes.
 */
function skills(...taskToSkill: OneForEach<typeof TASKS>): SimulatedModelFacts['taskToSkill'] {
  return Object.fromEntries(TASKS.map((task, column) => [task, taskToSkill[column]]));
}

export const SIMULATED_MODELS: readonly SimulatedModelFacts[] = [
  {
    id: 'sim-atlas-large',
    name: 'Simulated Atlas Large: slow and dear, for hard reasoning',
    type: 'chat',
    contextLength: 200_000,
    capabilities: ['tools', 'json', 'vision', 'reasoning'],
    inputUsdPerMillion: 3.5,
    outputUsdPerMillion: 17.5,
    cachedInputUsdPerMillion: 0.35,
    ttftMs: 400,
    tokensPerSecond: 80,
    taskToSkill: skills(0.56, 0.93, 0.94, 0.55, 0.52, 0.52, 0.48, 0.48, 0.55, 0.5, 0.86),
  },
  {
    id: 'sim-coder',
    name: 'Simulated Coder: writes code, little else',
    type: 'chat',
    contextLength: 128_000,
    capabilities: ['tools', 'json'],
    inputUsdPerMillion: 0.9,
    outputUsdPerMillion: 3.6,
    cachedInputUsdPerMillion: 0.09,
    ttftMs: 180,
    tokensPerSecond: 160,
    taskToSkill: skills(0.93, 0.38, 0.36, 0.36, 0.36, 0.42, 0.3, 0.26, 0.44, 0.34, 0.42),
  },
  {
    id: 'sim-scribe',
    name: 'Simulated Scribe: prose and summaries',
    type: 'chat',
    contextLength: 128_000,
    capabilities: ['json', 'vision'],
    inputUsdPerMillion: 1.2,
    outputUsdPerMillion: 4.8,
    cachedInputUsdPerMillion: 0.3,
    ttftMs: 250,
    tokensPerSecond: 120,
    taskToSkill: skills(0.34, 0.3, 0.28, 0.46, 0.93, 0.4, 0.4, 0.94, 0.2, 0.48, 0.42),
  },
  {
    id: 'sim-polyglot',
    name: 'Simulated Polyglot: translates',
    type: 'chat',
    contextLength: 64_000,
    capabilities: ['json'],
    inputUsdPerMillion: 0.4,
    outputUsdPerMillion: 1.6,
    cachedInputUsdPerMillion: 0.1,
    ttftMs: 120,
    tokensPerSecond: 220,
    taskToSkill: skills(0.34, 0.3, 0.32, 0.46, 0.46, 0.42, 0.95, 0.46, 0.2, 0.46, 0.4),
  },
  {
    id: 'sim-flash',
    name: 'Simulated Flash: quick answers over long contexts',
    type: 'chat',
    contextLength: 1_000_000,
    capabilities: ['tools', 'json', 'vision'],
    inputUsdPerMillion: 0.25,
    outputUsdPerMillion: 1,
    cachedInputUsdPerMillion: 0.025,
    ttftMs: 60,
    tokensPerSecond: 450,
    taskToSkill: skills(0.4, 0.32, 0.34, 0.93, 0.46, 0.46, 0.38, 0.36, 0.44, 0.46, 0.44),
  },
  {
    id: 'sim-courier',
    name: 'Simulated Courier: calls tools and fills forms',
    type: 'chat',
    contextLength: 64_000,
    capabilities: ['tools', 'json'],
    inputUsdPerMillion: 0.6,
    outputUsdPerMillion: 2.4,
    cachedInputUsdPerMillion: 0.15,
    ttftMs: 90,
    tokensPerSecond: 300,
    taskToSkill: skills(0.38, 0.32, 0.34, 0.42, 0.38, 0.93, 0.32, 0.3, 0.94, 0.38, 0.42),
  },
  {
    id: 'sim-mini',
    name: 'Simulated Mini: nearly free, good for a chat',
    type: 'chat',
    contextLength: 16_000,
    capabilities: ['json'],
    inputUsdPerMillion: 0.05,
    outputUsdPerMillion: 0.2,
    cachedInputUsdPerMillion: 0.05,
    ttftMs: 30,
    tokensPerSecond: 600,
    taskToSkill: skills(0.22, 0.18, 0.22, 0.4, 0.38, 0.34, 0.34, 0.34, 0.15, 0.92, 0.36),
  },
  {
    id: 'sim-embed-large',
    name: 'Simulated Embed Large: knows words by their stems',
    type: 'embedding',
    contextLength: 8_192,
    capabilities: [],
    inputUsdPerMillion: 0.12,
    outputUsdPerMillion: 0,
    cachedInputUsdPerMillion: 0.12,
    ttftMs: 80,
    tokensPerSecond: 0,
    taskToSkill: {},
    dimensions: 1024,
  },
  {
    id: 'sim-embed-small',
    name: 'Simulated Embed Small: knows words as they are written',
    type: 'embedding',
    contextLength: 2_048,
    capabilities: [],
    inputUsdPerMillion: 0.02,
    outputUsdPerMillion: 0,
    cachedInputUsdPerMillion: 0.02,
    ttftMs: 30,
    tokensPerSecond: 0,
    taskToSkill: {},
    dimensions: 256,
  },
  ...OTHER_MODELS,
];

export function simulatedModel(id: string): SimulatedModelFacts | undefined {
  return SIMULATED_MODELS.find((model) => model.id === id);
}
