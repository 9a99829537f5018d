import type { Candidate } from '../../core/choice/choice-input.ts';
import type { Decision } from '../../core/choice/decision.ts';
import type { Judging } from '../../core/choice/judging.ts';
import { createDailyBudget } from '../../core/judge/daily-budget.ts';
import { type JudgeMessage, pairwisePrompt, rubricPrompt } from '../../core/judge/judge-prompt.ts';
import { judgeSourceName } from '../../core/judge/judge-source.ts';
import { type Preference, qualityOfPair, readPreference, readScore } from '../../core/judge/judge-verdict.ts';
import { shortened, transcriptOf } from '../../core/judge/transcript.ts';
import type { Random } from '../../core/learning/random.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import { takeVerdict } from '../learning/take-verdict.ts';
import type { FinishedAttempt } from '../request/attempt.ts';
import type { ChatBody, ChatJob } from '../request/job.ts';
import { callForJudge, type JudgeReply } from './judge-call.ts';

/** How much each answer drawn counts in the share that got a verdict: a judge that is out of money or order is known by about a hundred. */
const YIELD_SHARE = 0.02;
/** Requests with more bytes than this are not kept waiting in memory. */
const MAX_REQUEST_BYTES = 128 * 1024;
/** Verdicts remembered, by what they were about. */
const MAX_REMEMBERED = 1_000;
/** Most tokens of the answer that another model is asked for; one that is cut there is not compared. */
const OTHER_ANSWER_TOKENS = 2_048;
/** What calls under way get at the end before they are cut. */
const CLOSE_LIMIT_MS = 3_000;

/** `[judge]`, while it is enabled. */
export interface JudgeSettings {
  readonly model: string;
  readonly mode: 'rubric' | 'pairwise';
  /** 0–1: of answers by models that are well known; up to four times as many of others. */
  readonly share: number;
  readonly budgetUsdPerDay: number;
  readonly maxParallel: number;
  readonly maxWaiting: number;
  readonly verdictTokens: number;
}

/** What became of a sampled answer. */
export type JudgeOutcome =
  | 'judged'
  | 'remembered'
  | 'unsuitable'
  | 'dropped'
  | 'over_budget'
  | 'not_possible'
  | 'failed'
  | 'unreadable';

/** An answer that a client got. */
interface Answered {
  readonly job: ChatJob;
  readonly decision: Decision;
  readonly candidate: Candidate;
  readonly finished: FinishedAttempt;
}

interface Waiting {
  readonly requestId: string;
  readonly modelId: string;
  readonly decision: Decision;
  readonly body: ChatBody;
  readonly allowedModels: ReadonlySet<string> | undefined;
  readonly allowedProviders: ReadonlySet<string> | undefined;
  readonly sampledWith: number;
  readonly transcript: string;
  readonly answer: string;
}

/** A model that scores a sample of the answers, behind the clients' backs: nothing waits for it, nothing fails by it. */
export interface Judge {
  /** What a choice needs to know of it; undefined while nothing is judged. */
  judging(deps: GatewayDeps, live: LiveSettings): Judging | undefined;
  /** Puts an answer that was drawn in line. Keeps it in memory only, and drops it when the line is full. */
  take(deps: GatewayDeps, live: LiveSettings, answered: Answered): void;
  /** What the store says was spent today; before that nothing is judged. */
  begin(spentMicroUsd: number, nowMs: number): void;
  standing(nowMs: number): { readonly waiting: number; readonly running: number; readonly spentUsd: number };
  /** Drops who waits, and gives the calls under way a few seconds. */
  close(): Promise<void>;
}

/**
 * @param tools.random its own, so that judging changes no choice
 * @param tools.digest a collision-free hash
 */
export function createJudge(tools: {
  readonly random: Random;
  readonly digest: (text: string) => string;
}): Judge {
  const { random } = tools;
  const budget = createDailyBudget();
  const waiting: { item: Waiting; deps: GatewayDeps }[] = [];
  const remembered = new Map<string, number>();
  const calls: GatewayDeps['inFlight'] = new Set();
  const running = new Set<Promise<void>>();
  /** Of the answers drawn lately, the share that got a verdict. */
  let yielded = 1;
  let isClosed = false;
  let isCut = false;

  function ended(deps: GatewayDeps, outcome: JudgeOutcome): void {
    deps.metrics.judged(outcome);
    const isVerdict = outcome === 'judged' || outcome === 'remembered';
    yielded += YIELD_SHARE * (Number(isVerdict) - yielded);
  }

  function pump(): void {
    for (;;) {
      const next = waiting[0];
      const settings = next?.deps.live.judge;
      if (next === undefined || (settings && running.size >= settings.maxParallel)) return;
      waiting.shift();
      const done: Promise<void> = work(next.deps, next.item).finally(() => {
        running.delete(done);
        pump();
      });
      running.add(done);
    }
  }

  /** Never rejects. */
  async function work(deps: GatewayDeps, item: Waiting): Promise<void> {
    const { live } = deps;
    live.users.hold();
    try {
      const outcome =
        live.judge === undefined
          ? 'dropped'
          : await judge({ ...deps, random, inFlight: calls }, live, live.judge, item);
      ended(deps, outcome);
    } catch (error) {
      ended(deps, 'failed');
      deps.log.warn({ request_id: item.requestId, err: error }, 'an answer could not be judged');
    } finally {
      live.users.release();
    }
  }

  async function judge(
    deps: GatewayDeps,
    live: LiveSettings,
    settings: JudgeSettings,
    item: Waiting,
  ): Promise<JudgeOutcome> {
    const { model, mode } = settings;
    const about = tools.digest(JSON.stringify([model, mode, item.transcript, item.answer]));
    const known = remembered.get(about);
    const verdict = known ?? (await verdictOf(deps, live, settings, item));
    if (typeof verdict !== 'number') return verdict;
    remembered.delete(about);
    remembered.set(about, verdict);
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
    await takeVerdict(
      deps,
      { requestId: item.requestId, keyId: undefined },
      {
        sourceName: judgeSourceName(settings),
        source: 'judge',
        quality: verdict,
        comment: `by ${model} (${mode}), drawn with probability ${item.sampledWith.toFixed(4)}`,
        signals: JSON.stringify({ judge: model, mode, sampled_with: item.sampledWith }),
      },
    );
    return known === undefined ? 'judged' : 'remembered';
  }

  function verdictOf(
    deps: GatewayDeps,
    live: LiveSettings,
    settings: JudgeSettings,
    item: Waiting,
  ): Promise<number | JudgeOutcome> {
    const { route } = item.body;
    /** Whom the client would not have had its prompt, gets it from the judge no more than from the router. */
    const wishes = { provider_allow: route?.provider_allow, provider_deny: route?.provider_deny };
    const call = (body: ChatBody, mostTokens: number) =>
      callForJudge(deps, live, {
        body: { ...body, route: wishes },
        mostTokens,
        allowedModels: item.allowedModels,
        allowedProviders: item.allowedProviders,
        budget,
        limitMicroUsd: settings.budgetUsdPerDay * 1_000_000,
        mayCall: () => !isCut,
      });
    const ask = (messages: readonly JudgeMessage[]) =>
      call(verdictBody(live, settings, messages), settings.verdictTokens);
    return settings.mode === 'rubric' ? rate(ask, item) : compare(ask, call, live, item);
  }

  async function rate(ask: Ask, item: Waiting): Promise<number | JudgeOutcome> {
    const reply = await ask(
      rubricPrompt({ request: item.transcript, answer: item.answer, nonce: newNonce(random) }),
    );
    if ('failure' in reply) return reply.failure;
    return readScore(reply.facts.text) ?? 'unreadable';
  }

  async function compare(
    ask: Ask,
    call: Call,
    live: LiveSettings,
    item: Waiting,
  ): Promise<number | JudgeOutcome> {
    const other = item.decision.ranking.find(({ modelId }) => modelId !== item.modelId)?.modelId;
    if (other === undefined || live.catalog.model(other) === undefined) return 'not_possible';
    const bound = item.body.max_completion_tokens ?? item.body.max_tokens ?? OTHER_ANSWER_TOKENS;
    const mostTokens = Math.min(bound, OTHER_ANSWER_TOKENS);
    const answered = await call(otherBody(item.body, live, other, mostTokens), mostTokens);
    if ('failure' in answered) return answered.failure;
    const { text, finishReason } = answered.facts;
    if (text.trim() === '' || (finishReason === 'length' && mostTokens < bound)) return 'failed';
    const rival = shortened(text);
    const prefer = async (first: string, second: string): Promise<Preference | JudgeOutcome> => {
      const reply = await ask(
        pairwisePrompt({ request: item.transcript, first, second, nonce: newNonce(random) }),
      );
      if ('failure' in reply) return reply.failure;
      return readPreference(reply.facts.text) ?? 'unreadable';
    };
    const asFirst = await prefer(item.answer, rival);
    if (!isPreference(asFirst)) return asFirst;
    const asSecond = await prefer(rival, item.answer);
    return isPreference(asSecond) ? qualityOfPair(asFirst, asSecond) : asSecond;
  }

  return {
    judging(deps, { judge: settings }) {
      if (settings === undefined) return undefined;
      const { weight } = deps.learner.reliabilityOf(judgeSourceName(settings));
      return { share: settings.share, drawn: random(), weight: weight * yielded };
    },
    take(deps, live, answered) {
      const item = waitingOf(answered);
      if (item === undefined) {
        ended(deps, 'unsuitable');
      } else if (isClosed || live.judge === undefined || waiting.length >= live.judge.maxWaiting) {
        ended(deps, 'dropped');
      } else {
        waiting.push({ item, deps });
        pump();
      }
    },
    begin: (spentMicroUsd, nowMs) => budget.begin(spentMicroUsd, nowMs),
    standing: (nowMs) => ({
      waiting: waiting.length,
      running: running.size,
      spentUsd: budget.spentMicroUsd(nowMs) / 1_000_000,
    }),
    async close() {
      isClosed = true;
      for (const { deps } of waiting.splice(0)) deps.metrics.judged('dropped');
      const limit = setTimeout(() => {
        isCut = true;
        for (const call of calls) call.abort('shutdown');
      }, CLOSE_LIMIT_MS);
      await Promise.all(running);
      clearTimeout(limit);
    },
  };
}

type Call = (body: ChatBody, mostTokens: number) => Promise<JudgeReply>;
type Ask = (messages: readonly JudgeMessage[]) => Promise<JudgeReply>;

/** Undefined for what a judge cannot judge, or what its verdict would not count against. */
function waitingOf({ job, decision, candidate, finished }: Answered): Waiting | undefined {
  const facts = finished.answer?.facts;
  const { automatic } = finished.end;
  if (facts === undefined || !facts.isTextWhole || facts.toolCalls.length > 0) return undefined;
  // A program's verdict is the stronger one; none at all says that the client cut the answer off itself.
  if (automatic === undefined || automatic.source === 'check') return undefined;
  if (facts.text.trim() === '' || job.bytes.length > MAX_REQUEST_BYTES) return undefined;
  const transcript = transcriptOf(job.body);
  if (transcript === undefined) return undefined;
  return {
    requestId: job.requestId,
    modelId: candidate.model.id,
    decision,
    body: job.body,
    allowedModels: job.allowedModels,
    allowedProviders: job.allowedProviders,
    sampledWith: job.judgedWith,
    transcript,
    answer: shortened(facts.text),
  };
}

/** Reasoning models take no temperature and count what they think against their bound, which has another name there. */
function verdictBody(
  live: LiveSettings,
  { model, verdictTokens }: JudgeSettings,
  messages: readonly JudgeMessage[],
): ChatBody {
  const capabilities = live.catalog.model(model)?.capabilities;
  return {
    model,
    messages,
    ...(capabilities?.has('reasoning')
      ? { max_completion_tokens: verdictTokens }
      : { max_tokens: verdictTokens, temperature: 0 }),
    ...(capabilities?.has('json') ? { response_format: { type: 'json_object' } } : {}),
  };
}

/** The client's own request to another model: whole, at once, one choice. */
function otherBody(body: ChatBody, live: LiveSettings, model: string, mostTokens: number): ChatBody {
  const { stream: _stream, stream_options: _options, n: _n, ...whole } = body;
  const { session_id: _session, conversation_id: _conversation, ...apart } = whole;
  // Other names would have answered too, and what its preset adds is in the body already.
  const { models: _models, preset: _preset, ...named } = apart;
  const { max_tokens: _bound, max_completion_tokens: _newBound, ...unbounded } = named;
  const isReasoning = live.catalog.model(model)?.capabilities.has('reasoning');
  return {
    ...unbounded,
    model,
    ...(isReasoning ? { max_completion_tokens: mostTokens } : { max_tokens: mostTokens }),
  };
}

function isPreference(value: Preference | JudgeOutcome): value is Preference {
  return value === 'first' || value === 'second' || value === 'tie';
}

function newNonce(random: Random): string {
  const part = () => Math.floor(random() * 2 ** 32).toString(36);
  return `${part()}${part()}${part()}`;
}
