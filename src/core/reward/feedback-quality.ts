import type { EvidenceSource } from '../learning/delta.ts';

/**
 * What clients may report about an answer, as true/false or as a share 0–1. A name that is not here is a mistake:
 * a misspelt signal that was silently dropped would turn a failed test into no news.
 */
const FEEDBACK_SIGNALS = [
  'tests_passed',
  'code_compiled',
  'user_accepted',
  'tool_calls_correct',
  'schema_valid',
] as const;
export type FeedbackSignal = (typeof FEEDBACK_SIGNALS)[number];

export type FeedbackOutcome = 'success' | 'partial' | 'failure';

export type SignalValues = { readonly [name in FeedbackSignal]?: boolean | number };

/** The body of `POST /v1/feedback/{request_id}`; signals may stand at the top level or in `signals`. */
export interface FeedbackBody extends SignalValues {
  readonly score?: number;
  readonly outcome?: FeedbackOutcome;
  readonly signals?: Readonly<Record<string, boolean | number>>;
  /** `[A-Za-z0-9_.:-]{1,64}`, `human` where left out. */
  readonly source?: string;
  /** At most 2,000 characters. */
  readonly comment?: string;
}

const DEFAULT_FEEDBACK_SOURCE = 'human';
const SOURCE_NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const MAX_COMMENT_CHARACTERS = 2_000;

export interface FeedbackVerdict {
  readonly sourceName: string;
  readonly source: EvidenceSource;
  readonly quality: number;
}

const OUTCOME_QUALITY = { success: 1, partial: 0.5, failure: 0 } as const satisfies Record<
  FeedbackOutcome,
  number
>;

/** Apart by more than this, two statements in one body cannot both be meant. */
const MAX_DISAGREEMENT = 0.5;

/**
 * The quality, 0–1, that a body states, and the class of its source; or every mistake in it, as sentences for the client.
 *
 * An answer is as good as its weakest signal. A score is the finest statement and wins over outcome and signals,
 * an outcome wins over signals, except that `partial` takes the signals' share where they give one. Statements more
 * than .5 apart contradict each other.
 */
export function qualityOfFeedback(
  body: FeedbackBody,
): { readonly verdict: FeedbackVerdict } | { readonly mistakes: readonly string[] } {
  const mistakes: string[] = [];
  const sourceName = body.source ?? DEFAULT_FEEDBACK_SOURCE;
  if (!SOURCE_NAME.test(sourceName)) mistakes.push('source must match [A-Za-z0-9_.:-]{1,64}.');
  if ((body.comment?.length ?? 0) > MAX_COMMENT_CHARACTERS) {
    mistakes.push(`comment must be at most ${MAX_COMMENT_CHARACTERS} characters.`);
  }
  if (body.score !== undefined && !isShare(body.score)) mistakes.push('score must be a number from 0 to 1.');
  const signals = collectSignals(body, mistakes);
  if (mistakes.length > 0) return { mistakes };

  const signalled = signals.size === 0 ? undefined : Math.min(...signals.values());
  const outcome = body.outcome === undefined ? undefined : OUTCOME_QUALITY[body.outcome];
  const stated = [body.score, outcome, signalled].filter((quality) => quality !== undefined);
  if (stated.length === 0) {
    return { mistakes: ['Say something about the answer: score, outcome or a signal such as tests_passed.'] };
  }
  if (Math.max(...stated) - Math.min(...stated) > MAX_DISAGREEMENT) {
    return { mistakes: ['score, outcome and signals contradict each other.'] };
  }
  const isShareOfPartial =
    body.outcome === 'partial' && signalled !== undefined && signalled > 0 && signalled < 1;
  const quality = body.score ?? (isShareOfPartial ? signalled : (outcome ?? signalled)) ?? 0;
  const isTested = signals.has('tests_passed') || signals.has('code_compiled');
  return { verdict: { sourceName, quality, source: sourceOfName(body.source, isTested) } };
}

function collectSignals(body: FeedbackBody, mistakes: string[]): Map<FeedbackSignal, number> {
  const signalToShare = new Map<FeedbackSignal, number>();
  for (const name of Object.keys(body.signals ?? {})) {
    if (!FEEDBACK_SIGNALS.some((signal) => signal === name)) {
      mistakes.push(`signals.${name.slice(0, 64)} is not known; known are ${FEEDBACK_SIGNALS.join(', ')}.`);
    }
  }
  for (const name of FEEDBACK_SIGNALS) {
    const above = body[name];
    const inside = body.signals?.[name];
    if (above !== undefined && inside !== undefined && Number(above) !== Number(inside)) {
      mistakes.push(`${name} is given twice, with different values.`);
    }
    const value = inside ?? above;
    if (value === undefined) continue;
    if (typeof value !== 'boolean' && !isShare(value)) {
      mistakes.push(`${name} must be true, false or a number from 0 to 1.`);
    }
    signalToShare.set(name, Number(value));
  }
  if (signalToShare.get('code_compiled') === 0 && (signalToShare.get('tests_passed') ?? 0) > 0) {
    mistakes.push('tests_passed and code_compiled contradict each other.');
  }
  return signalToShare;
}

const JUDGE_WORDS = new Set(['judge', 'llm', 'grader']);
const TEST_WORDS = new Set(['ci', 'test', 'tests']);
const HUMAN_WORDS = new Set(['human', 'user', 'person', 'customer', 'reviewer', 'editor']);

/**
 * The class of a source by the words of its name (`ci:main`, `llm-judge`, `client_test`); a name that says nothing, or
 * none at all, is a test's when it reports test results, else a person's. Never `heuristic` or `check`: those are ours.
 */
export function sourceOfName(name: string | undefined, reportsTests: boolean): EvidenceSource {
  const words = (name ?? '').toLowerCase().split(/[_.:-]+/);
  if (words.some((word) => JUDGE_WORDS.has(word) || word.startsWith('judge'))) return 'judge';
  if (words.some((word) => TEST_WORDS.has(word))) return 'client_test';
  if (words.some((word) => HUMAN_WORDS.has(word))) return 'human';
  return reportsTests ? 'client_test' : 'human';
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1;
}
