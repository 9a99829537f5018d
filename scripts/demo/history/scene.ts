import type { NewKey } from '../../../src/store/contract.ts';

/** What a team asks for: a task of chat, or an endpoint of its own. */
export type Wish =
  | 'code_generation'
  | 'code_review'
  | 'reasoning_math'
  | 'question_answering'
  | 'summarization'
  | 'extraction'
  | 'translation'
  | 'creative_writing'
  | 'tool_use'
  | 'conversation'
  | 'embedding'
  | 'rerank'
  | 'moderation'
  | 'image'
  | 'speech'
  | 'transcription'
  | 'completion';

/** Languages there are prompts in. */
export type Language = 'en' | 'de' | 'es' | 'fr' | 'ja' | 'zh' | 'ar' | 'hi';

/** When in the day a team is busy, UTC. */
export type Rhythm = 'office' | 'waking' | 'night' | 'always';

/** Shares, and whatever else is weighed against each other; they need not sum to 1. */
export type Mix<Of extends string> = Readonly<Partial<Record<Of, number>>>;

/** A team with a key of its own. */
export interface Team {
  readonly key: NewKey;
  /** Of all requests, before growth and launch. */
  readonly weight: number;
  readonly rhythm: Rhythm;
  /** Of a weekday's requests, on a Saturday or Sunday. */
  readonly weekendShare: number;
  /** Per day, e.g. 0.03: 3 %. */
  readonly growth: number;
  readonly wishes: Mix<Wish>;
  readonly languages: Mix<Language>;
  /** What stands in `model`. */
  readonly models: Mix<string>;
  readonly streamShare: number;
  /** Of answers that somebody rates. */
  readonly ratedShare: number;
  /** Of answers with code that its tests run against. */
  readonly testedShare: number;
  /** Of questions that go on as a conversation. */
  readonly goesOnShare: number;
  /** Of texts to be summed up, translated or taken apart: so many are documents. */
  readonly longShare: number;
}

/** Whose requests begin with a launch. */
export const LAUNCHED_TEAM = 'search';

const USE = ['inference', 'feedback'] as const;

export const TEAMS: readonly Team[] = [
  {
    key: { name: 'web-app', scopes: USE, plan: 'enterprise' },
    weight: 30,
    rhythm: 'waking',
    weekendShare: 0.8,
    growth: 0.03,
    wishes: {
      question_answering: 45,
      conversation: 25,
      summarization: 14,
      creative_writing: 10,
      moderation: 6,
    },
    languages: { en: 60, es: 16, de: 14, fr: 10 },
    models: { auto: 88, 'auto:fast': 8, 'sim-flash': 4 },
    streamShare: 0.75,
    ratedShare: 0.035,
    testedShare: 0,
    goesOnShare: 0.25,
    longShare: 0.1,
  },
  {
    key: { name: 'developer-tools', scopes: USE, plan: 'enterprise', budgetMicroUsdPerMonth: 6_000_000 },
    weight: 24,
    rhythm: 'office',
    weekendShare: 0.15,
    growth: 0.015,
    wishes: { code_generation: 58, code_review: 24, reasoning_math: 12, completion: 6 },
    languages: { en: 85, de: 10, zh: 5 },
    models: { auto: 70, 'auto:quality': 18, 'sim-coder': 7, 'sim-atlas-large': 5 },
    streamShare: 0.5,
    ratedShare: 0.02,
    testedShare: 0.55,
    goesOnShare: 0.15,
    longShare: 0.15,
  },
  {
    key: { name: 'support-desk', scopes: USE, plan: 'enterprise' },
    weight: 18,
    rhythm: 'waking',
    weekendShare: 0.45,
    growth: 0.01,
    wishes: { conversation: 30, question_answering: 22, tool_use: 24, extraction: 20, moderation: 4 },
    languages: { en: 45, de: 30, fr: 15, ar: 5, hi: 5 },
    models: { 'auto:support-desk': 80, auto: 20 },
    streamShare: 0.4,
    ratedShare: 0.05,
    testedShare: 0,
    goesOnShare: 0.35,
    longShare: 0.05,
  },
  {
    key: { name: 'localisation', scopes: USE, plan: 'enterprise' },
    weight: 12,
    rhythm: 'night',
    weekendShare: 0.3,
    growth: 0,
    wishes: { translation: 92, summarization: 8 },
    languages: { en: 30, de: 15, es: 15, fr: 15, ja: 10, zh: 9, ar: 3, hi: 3 },
    models: { 'auto:price': 75, auto: 25 },
    streamShare: 0,
    ratedShare: 0.03,
    testedShare: 0,
    goesOnShare: 0,
    longShare: 0.3,
  },
  {
    key: {
      name: 'marketing',
      scopes: USE,
      plan: 'enterprise',
      budgetMicroUsdPerDay: 110_000,
      onExhausted: 'downgrade',
    },
    weight: 6,
    rhythm: 'office',
    weekendShare: 0.1,
    growth: 0.02,
    wishes: { creative_writing: 70, image: 14, speech: 8, transcription: 4, translation: 4 },
    languages: { en: 70, fr: 20, es: 10 },
    models: { auto: 60, 'auto:quality': 40 },
    streamShare: 0.3,
    ratedShare: 0.06,
    testedShare: 0,
    goesOnShare: 0.1,
    longShare: 0,
  },
  {
    key: { name: LAUNCHED_TEAM, scopes: USE, plan: 'enterprise' },
    weight: 16,
    rhythm: 'waking',
    weekendShare: 0.7,
    growth: 0.05,
    wishes: { embedding: 45, rerank: 20, question_answering: 35 },
    languages: { en: 75, de: 15, ja: 10 },
    models: { auto: 100 },
    streamShare: 0.2,
    ratedShare: 0.01,
    testedShare: 0,
    goesOnShare: 0,
    longShare: 0.2,
  },
  {
    key: { name: 'nightly-reports', scopes: USE, plan: 'enterprise' },
    weight: 7,
    rhythm: 'night',
    weekendShare: 1,
    growth: 0,
    wishes: { summarization: 60, extraction: 40 },
    languages: { en: 100 },
    models: { 'auto:price': 60, auto: 40 },
    streamShare: 0,
    ratedShare: 0.01,
    testedShare: 0,
    goesOnShare: 0,
    longShare: 0.9,
  },
];

/** From one instant to another, epoch milliseconds. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is told of the two weeks beside their everyday. */
export interface Happenings {
  /** The provider of the dear model, of prose and of much of the code is away on a busy afternoon. */
  readonly outage: Stretch & { readonly provider: string };
  /** The model that writes code answers much worse for a while. */
  readonly relapse: Stretch & { readonly model: string; readonly skillFactor: number };
  /** When an operator, who hears that it is well again, has it looked at anew. */
  readonly lookAgainAtMs: number;
  /** Until then nobody offers it. */
  readonly newcomer: { readonly model: string; readonly atMs: number };
  /** Before it the team `search` asks nothing. */
  readonly launchAtMs: number;
}

export const NEWCOMER_MODEL = 'sim-courier';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Everything on weekdays, when there is somebody to notice. */
export function happeningsOf(startMs: number): Happenings {
  const outageMs = weekdayAt(startMs + 2 * DAY_MS, 14);
  const launchAtMs = weekdayAt(startMs + 5 * DAY_MS, 8);
  const relapseMs = weekdayAt(startMs + 6.5 * DAY_MS, 9);
  const wellAgainMs = weekdayAt(relapseMs + 1.5 * DAY_MS, 13);
  return {
    outage: { provider: 'northwind', fromMs: outageMs, toMs: outageMs + 1.6 * HOUR_MS },
    relapse: { model: 'sim-coder', skillFactor: 0.35, fromMs: relapseMs, toMs: wellAgainMs },
    lookAgainAtMs: wellAgainMs + 2 * HOUR_MS,
    newcomer: { model: NEWCOMER_MODEL, atMs: weekdayAt(startMs + 7.5 * DAY_MS, 11) },
    launchAtMs,
  };
}

/** That hour (UTC) of the first weekday on which it is not over at `fromMs`. */
function weekdayAt(fromMs: number, hour: number): number {
  let atMs = Math.floor(fromMs / DAY_MS) * DAY_MS + hour * HOUR_MS;
  while (atMs < fromMs || new Date(atMs).getUTCDay() % 6 === 0) atMs += DAY_MS;
  return atMs;
}

export type Trouble = 'unavailable' | 'rate_limited' | 'broken' | 'reset';

/** What goes wrong on an ordinary day: shares of the calls, by provider. */
export const EVERYDAY_TROUBLE: Readonly<Record<string, Mix<Trouble>>> = {
  northwind: { broken: 0.003, rate_limited: 0.004 },
  aurora: { broken: 0.002, reset: 0.001 },
  harbor: { broken: 0.009, unavailable: 0.004 },
};

/** Where each chat model is sold; the first is the one that the built-in prices are of. */
export const CHAT_MODEL_TO_SELLERS: Readonly<Record<string, readonly string[]>> = {
  'sim-atlas-large': ['northwind'],
  'sim-coder': ['northwind', 'aurora'],
  'sim-scribe': ['northwind', 'harbor'],
  'sim-polyglot': ['aurora'],
  'sim-flash': ['aurora', 'northwind'],
  'sim-courier': ['harbor'],
  'sim-mini': ['aurora', 'harbor'],
};
/** Where everything else is. */
export const OTHER_SELLER = 'harbor';
