import { createMinuteWindow, type MinuteWindow } from '../../core/limits/minute-window.ts';
import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { Caller } from './keyring.ts';

/** A minute's; undefined = no limit. */
export interface MinuteLimits {
  readonly requestsPerMinute: number | undefined;
  /** Prompt and answer together. */
  readonly tokensPerMinute: number | undefined;
}

export interface RateSettings {
  /** Of all callers together. */
  readonly gateway: MinuteLimits;
  readonly plans: Readonly<Record<string, MinuteLimits>>;
  /** Requests of one key at the same time; undefined = no bound. */
  readonly parallelPerKey: number | undefined;
}

export type LimitKind = 'requests' | 'tokens';

/** How much is left of one kind, of whichever limit leaves the least. */
export interface Standing {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until all of it is there again. */
  readonly resetMs: number;
  /** The same as a time, epoch milliseconds. */
  readonly resetsAtMs: number;
}

/** What one request may take. */
export interface Allowance {
  /** Why it may not go on. Its standing can be told all the same. */
  readonly refusal: GatewayError | undefined;
  /** Undefined where nothing limits that kind. */
  standing(kind: LimitKind): Standing | undefined;
  /**
   * Sets tokens aside before anything is sent. At once, or when a store outside of this process has answered.
   *
   * @param least what the request is expected to take: more than the limit is refused for good
   * @param most what it can take; as much of it as the limit has is set aside
   * Whoever called it calls `settleTokens`, whatever happens.
   *
   * @throws GatewayError 429 `rate_limit_exceeded`; the promise rejects with the same. Nothing is set aside then.
   */
  reserveTokens(least: number, most: number): void | Promise<void>;
  /** What was really taken, in the place of what was set aside. Further calls are ignored. */
  settleTokens(tokens: number): void;
  /**
   * Of a session, which goes on: tokens it took since it last said so, at first in the place of what was set aside.
   *
   * @returns 429 when nothing is left of the minute
   */
  spendTokens(tokens: number): GatewayError | undefined;
  /**
   * Its client has its answer, or is gone; further calls are ignored. What it took may be known only later: leaving
   * early spares nobody the tokens.
   */
  end(): void;
}

/** Counts what callers use. Where it counts is its own business: in this process, or in a store that several share. */
export interface RateLimiter {
  /** One more request of a caller; undefined where nothing limits it. */
  admit(caller: Caller): Allowance | undefined | Promise<Allowance | undefined>;
  /** How a caller stands, for an answer to a request that does not count. */
  look(caller: Caller): Allowance | undefined | Promise<Allowance | undefined>;
}

/** Windows are forgotten once idle; looked for when this many are held, and again at each doubling. */
const SWEEP_AT = 1_000;
/** A caller of these knows better by then; SDKs heed no longer wait. */
const MAX_WAIT_SECONDS = 60;
/** A plan that was taken out of the file must not set its keys free. */
const PLAN_OF_LAST_RESORT = 'free';

const UNLIMITED: MinuteLimits = Object.freeze({ requestsPerMinute: undefined, tokensPerMinute: undefined });

/** What a limiter works with. */
interface LimiterHands {
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly onRefused: (limit: LimitKind | 'parallel', of: Account['name']) => void;
}

/** One whose use is counted: a key, or the gateway as a whole. */
interface Account {
  readonly name: 'key' | 'gateway';
  readonly requests: MinuteWindow;
  readonly tokens: MinuteWindow;
  limits: MinuteLimits;
  running: number;
}

/**
 * Counts in this process: each replica allows the whole of every limit, and a new process begins with nothing used.
 * Own windows rather than `rate-limiter-flexible`: see decision 61.
 */
export function createRateLimiter(
  options: LimiterHands & { readonly settings: () => RateSettings },
): RateLimiter {
  const { monotonicMs } = options;
  const gateway = createAccount('gateway');
  const keyIdToAccount = new Map<string, Account>();
  let sweepAt = SWEEP_AT;

  const accountOf = (keyId: string): Account => {
    let account = keyIdToAccount.get(keyId);
    if (account === undefined) {
      if (keyIdToAccount.size >= sweepAt) sweep();
      account = createAccount('key');
      keyIdToAccount.set(keyId, account);
    }
    return account;
  };

  function sweep(): void {
    const nowMs = monotonicMs();
    for (const [keyId, { requests, tokens, running }] of keyIdToAccount) {
      if (running === 0 && requests.used(nowMs) === 0 && tokens.used(nowMs) === 0) {
        keyIdToAccount.delete(keyId);
      }
    }
    sweepAt = Math.max(SWEEP_AT, 2 * keyIdToAccount.size);
  }

  const allowanceOf = (caller: Caller, counts: boolean): CountedRequest | undefined => {
    const settings = options.settings();
    gateway.limits = settings.gateway;
    const limits = limitsOf(caller.key, settings.plans);
    const bound = caller.key === undefined ? undefined : settings.parallelPerKey;
    const isKeyCounted = limits !== UNLIMITED || bound !== undefined;
    if (!isKeyCounted && isUnlimited(settings.gateway)) return undefined;
    const key = isKeyCounted ? accountOf(caller.keyId) : undefined;
    if (key) key.limits = limits;
    return new CountedRequest(options, key, gateway, counts, bound);
  };

  return {
    admit: (caller) => allowanceOf(caller, true),
    look: (caller) => allowanceOf(caller, false),
  };
}

/** What a key may use in a minute by its own limits and its plan; `UNLIMITED` itself where nothing is said. */
export function limitsOf(
  key: Pick<NonNullable<Caller['key']>, 'plan' | 'requestsPerMinute' | 'tokensPerMinute'> | undefined,
  plans: RateSettings['plans'],
): MinuteLimits {
  if (key === undefined) return UNLIMITED;
  const name = Object.hasOwn(plans, key.plan) ? key.plan : PLAN_OF_LAST_RESORT;
  const plan = key.plan === '' ? UNLIMITED : (plans[name] ?? UNLIMITED);
  if (key.requestsPerMinute === undefined && key.tokensPerMinute === undefined) {
    return isUnlimited(plan) ? UNLIMITED : plan;
  }
  return {
    requestsPerMinute: key.requestsPerMinute ?? plan.requestsPerMinute,
    tokensPerMinute: key.tokensPerMinute ?? plan.tokensPerMinute,
  };
}

function isUnlimited({ requestsPerMinute, tokensPerMinute }: MinuteLimits): boolean {
  return requestsPerMinute === undefined && tokensPerMinute === undefined;
}

function createAccount(name: Account['name']): Account {
  return {
    name,
    requests: createMinuteWindow(),
    tokens: createMinuteWindow(),
    limits: UNLIMITED,
    running: 0,
  };
}

/** A class, because one is made for each request that counts. */
class CountedRequest implements Allowance {
  refusal: GatewayError | undefined;
  readonly #key: Account | undefined;
  readonly #gateway: Account;
  readonly #hands: LimiterHands;
  readonly #isRunning: boolean;
  #hasEnded = false;
  #reserved = 0;
  #reservedAtMs = -1;

  constructor(
    hands: LimiterHands,
    key: Account | undefined,
    gateway: Account,
    counts: boolean,
    parallelBound: number | undefined,
  ) {
    this.#hands = hands;
    this.#key = key;
    this.#gateway = gateway;
    this.#isRunning = counts && this.#countRequest(parallelBound);
  }

  /** All or nothing: a request that one limit refuses takes nothing of the other. */
  #countRequest(bound: number | undefined): boolean {
    const key = this.#key;
    if (key !== undefined && bound !== undefined && key.running >= bound) {
      this.#hands.onRefused('parallel', 'key');
      this.refusal = new GatewayError({
        status: 429,
        code: 'rate_limit_exceeded',
        message: `Rate limit reached: ${bound} requests of this API key at the same time. Wait for one of them to end.`,
        retryAfterSeconds: 1,
      });
      return false;
    }
    const nowMs = this.#hands.monotonicMs();
    this.refusal =
      this.#refusalBy(key, 'requests', 1, nowMs) ?? this.#refusalBy(this.#gateway, 'requests', 1, nowMs);
    if (this.refusal !== undefined) return false;
    this.#gateway.requests.add(1, nowMs);
    if (key === undefined) return true;
    key.requests.add(1, nowMs);
    key.running += 1;
    return true;
  }

  #refusalBy(
    account: Account | undefined,
    kind: LimitKind,
    amount: number,
    nowMs: number,
  ): GatewayError | undefined {
    if (account === undefined) return undefined;
    const limit = limitOn(account, kind);
    if (limit === undefined || account[kind].used(nowMs) + amount <= limit) return undefined;
    this.#hands.onRefused(kind, account.name);
    const waitSeconds = Math.max(1, Math.ceil(account[kind].waitMs(amount, limit, nowMs) / 1000));
    return new GatewayError({
      status: 429,
      code: 'rate_limit_exceeded',
      message: `Rate limit reached: ${limit} ${kind} per minute ${whose(account)}. Try again in ${waitSeconds} s.`,
      retryAfterSeconds: Math.min(MAX_WAIT_SECONDS, waitSeconds),
    });
  }

  standing(kind: LimitKind): Standing | undefined {
    const nowMs = this.#hands.monotonicMs();
    const own = this.#key && standingOf(this.#key, kind, nowMs, this.#hands);
    const everybodys = standingOf(this.#gateway, kind, nowMs, this.#hands);
    if (own === undefined || everybodys === undefined) return own ?? everybodys;
    return everybodys.remaining < own.remaining ? everybodys : own;
  }

  reserveTokens(least: number, most: number): void {
    const ownLimit = this.#key && limitOn(this.#key, 'tokens');
    const gatewayLimit = limitOn(this.#gateway, 'tokens');
    if (ownLimit === undefined && gatewayLimit === undefined) return;
    const limit = Math.min(ownLimit ?? Number.POSITIVE_INFINITY, gatewayLimit ?? Number.POSITIVE_INFINITY);
    const expected = Math.ceil(least);
    if (expected > limit) throw this.#tooLarge(expected, limit, ownLimit === limit ? 'key' : 'gateway');
    const amount = Math.min(Math.max(expected, Math.ceil(most)), limit);
    const nowMs = this.#hands.monotonicMs();
    const refusal =
      this.#refusalBy(this.#key, 'tokens', amount, nowMs) ??
      this.#refusalBy(this.#gateway, 'tokens', amount, nowMs);
    if (refusal !== undefined) throw refusal;
    this.#key?.tokens.add(amount, nowMs);
    this.#gateway.tokens.add(amount, nowMs);
    this.#reserved = amount;
    this.#reservedAtMs = nowMs;
  }

  #tooLarge(tokens: number, limit: number, of: Account['name']): GatewayError {
    this.#hands.onRefused('tokens', of);
    return new GatewayError({
      status: 429,
      code: 'rate_limit_exceeded',
      message: `This request alone is about ${tokens} tokens, over the limit of ${limit} tokens per minute ${
        of === 'key' ? 'of this API key' : 'of this gateway'
      }. Make it shorter.`,
      isRetryPointless: true,
    });
  }

  settleTokens(tokens: number): void {
    const atMs = this.#reservedAtMs;
    if (atMs < 0) return;
    this.#reservedAtMs = -1;
    const nowMs = this.#hands.monotonicMs();
    const unused = this.#reserved - Math.ceil(tokens);
    if (unused > 0) {
      this.#key?.tokens.takeBack(unused, atMs, nowMs);
      this.#gateway.tokens.takeBack(unused, atMs, nowMs);
    } else if (unused < 0) {
      this.#key?.tokens.add(-unused, nowMs);
      this.#gateway.tokens.add(-unused, nowMs);
    }
  }

  spendTokens(tokens: number): GatewayError | undefined {
    const nowMs = this.#hands.monotonicMs();
    if (this.#reservedAtMs >= 0) {
      this.settleTokens(tokens);
    } else {
      this.#key?.tokens.add(tokens, nowMs);
      this.#gateway.tokens.add(tokens, nowMs);
    }
    return (
      this.#refusalBy(this.#key, 'tokens', 1, nowMs) ?? this.#refusalBy(this.#gateway, 'tokens', 1, nowMs)
    );
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#isRunning && this.#key !== undefined) this.#key.running -= 1;
  }
}

function limitOn({ limits }: Account, kind: LimitKind): number | undefined {
  return kind === 'requests' ? limits.requestsPerMinute : limits.tokensPerMinute;
}

function standingOf(
  account: Account,
  kind: LimitKind,
  monotonicMs: number,
  { nowMs }: LimiterHands,
): Standing | undefined {
  const limit = limitOn(account, kind);
  if (limit === undefined) return undefined;
  const remaining = Math.max(0, limit - account[kind].used(monotonicMs));
  const resetMs = account[kind].emptyInMs(monotonicMs);
  return { limit, remaining, resetMs, resetsAtMs: nowMs() + resetMs };
}

function whose({ name }: Account): string {
  return name === 'key' ? 'of this API key' : 'of all callers of this gateway together';
}
