import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { MinuteCounters } from '../../store/minute-counters.ts';
import type { Caller } from './keyring.ts';
import { MinuteUse } from './minute-use.ts';

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
   * Sets tokens aside before anything is sent; a promise where they are counted.
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

/** Counts what callers use. */
export interface RateLimiter {
  /** One more request of a caller; undefined where nothing limits it. */
  admit(caller: Caller): Promise<Allowance> | undefined;
  /** How a caller stands, for an answer to a request that does not count. */
  look(caller: Caller): Allowance | undefined;
}

/** Accounts are forgotten once idle; looked for when this many are held, and again at each doubling. */
const SWEEP_AT = 1_000;
/** A plan that was taken out of the file must not set its keys free. */
const PLAN_OF_LAST_RESORT = 'free';

const UNLIMITED: MinuteLimits = Object.freeze({ requestsPerMinute: undefined, tokensPerMinute: undefined });

/** What a limiter works with. */
interface LimiterHands {
  readonly counters: MinuteCounters;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly onRefused: (limit: LimitKind | 'parallel', of: Account['name']) => void;
}

/** One whose use is counted: a key, or the gateway as a whole. */
interface Account {
  readonly name: 'key' | 'gateway';
  readonly requests: MinuteUse;
  readonly tokens: MinuteUse;
  limits: MinuteLimits;
  running: number;
}

/**
 * Holds what the counters say against the limits in force. A request that one limit refuses takes nothing of another.
 *
 * @param options.counters say what everybody used: of this process, or of all that share them
 */
export function createRateLimiter(
  options: LimiterHands & { readonly settings: () => RateSettings },
): RateLimiter {
  const { counters, monotonicMs } = options;
  const gateway = createAccount('gateway', 'gateway', counters);
  const keyIdToAccount = new Map<string, Account>();
  let sweepAt = SWEEP_AT;

  const accountOf = (keyId: string): Account => {
    let account = keyIdToAccount.get(keyId);
    if (account === undefined) {
      if (keyIdToAccount.size >= sweepAt) sweep();
      account = createAccount('key', `key:${keyId}`, counters);
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

  const allowanceOf = (caller: Caller): CountedRequest | undefined => {
    const settings = options.settings();
    gateway.limits = settings.gateway;
    const limits = limitsOf(caller.key, settings.plans);
    const isKeyCounted =
      limits !== UNLIMITED || (caller.key !== undefined && settings.parallelPerKey !== undefined);
    if (!isKeyCounted && isUnlimited(settings.gateway)) return undefined;
    const key = isKeyCounted ? accountOf(caller.keyId) : undefined;
    if (key) key.limits = limits;
    return new CountedRequest(options, key, gateway);
  };

  return {
    admit: (caller) => allowanceOf(caller)?.count(options.settings().parallelPerKey),
    look: allowanceOf,
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

function createAccount(name: Account['name'], id: string, counters: MinuteCounters): Account {
  return {
    name,
    requests: new MinuteUse(counters, `requests:${id}`),
    tokens: new MinuteUse(counters, `tokens:${id}`),
    limits: UNLIMITED,
    running: 0,
  };
}

const NOTHING_RESERVED = -1;
/** Of an account that was not asked: no minute has this number. */
const NO_WINDOW = -1;

/** A class, because one is made for each request that counts. */
class CountedRequest implements Allowance {
  refusal: GatewayError | undefined;
  readonly #key: Account | undefined;
  readonly #gateway: Account;
  readonly #hands: LimiterHands;
  #isRunning = false;
  #reserved = NOTHING_RESERVED;
  /** Of the minutes that it was set aside in. */
  #keyWindow = NO_WINDOW;
  #gatewayWindow = NO_WINDOW;

  constructor(hands: LimiterHands, key: Account | undefined, gateway: Account) {
    this.#hands = hands;
    this.#key = key;
    this.#gateway = gateway;
  }

  /** Takes one request of every limit on requests, or of none. */
  async count(parallelBound: number | undefined): Promise<this> {
    const key = this.#key;
    if (key !== undefined && parallelBound !== undefined && key.running >= parallelBound) {
      this.#hands.onRefused('parallel', 'key');
      this.refusal = new GatewayError({
        status: 429,
        code: 'rate_limit_exceeded',
        message: `Rate limit reached: ${parallelBound} requests of this API key at the same time. Wait for one of them to end.`,
        retryAfterSeconds: 1,
      });
      return this;
    }
    if (key !== undefined) {
      key.running += 1;
      this.#isRunning = true;
    }
    this.refusal = await this.#take('requests', 1);
    if (this.refusal !== undefined) this.end();
    return this;
  }

  /**
   * Adds to both accounts before it looks: of any number at the same time as many get through as fit. What one of them
   * refuses is taken out of both again.
   *
   * Two are awaited, also where there is one only: every decision then takes equally many turns of the queue, and they
   * fall in the order of the additions (see `MinuteUse.read`). `Promise.all` would do the same for 0.5 µs more.
   */
  async #take(kind: LimitKind, amount: number): Promise<GatewayError | undefined> {
    const key = this.#key;
    const gateway = this.#gateway;
    const ofKey = key && limitOn(key, kind) !== undefined ? key[kind].add(amount) : undefined;
    const ofGateway = limitOn(gateway, kind) !== undefined ? gateway[kind].add(amount) : undefined;
    const byKey = await ofKey?.counted;
    const byGateway = await ofGateway?.counted;
    const nowMs = this.#hands.monotonicMs();
    const keyUsed = key && ofKey && byKey ? key[kind].read(byKey, ofKey, nowMs) : 0;
    const gatewayUsed = ofGateway && byGateway ? gateway[kind].read(byGateway, ofGateway, nowMs) : 0;
    const keyWindow = key && ofKey ? key[kind].window : NO_WINDOW;
    const gatewayWindow = ofGateway ? gateway[kind].window : NO_WINDOW;
    const refusal =
      this.#refusalBy(key, kind, keyUsed, nowMs) ?? this.#refusalBy(gateway, kind, gatewayUsed, nowMs);
    if (refusal !== undefined) {
      key?.[kind].takeBack(amount, keyWindow, nowMs);
      gateway[kind].takeBack(amount, gatewayWindow, nowMs);
    } else if (kind === 'tokens') {
      this.#reserved = amount;
      this.#keyWindow = keyWindow;
      this.#gatewayWindow = gatewayWindow;
    }
    return refusal;
  }

  /** @param used with what is asked for */
  #refusalBy(
    account: Account | undefined,
    kind: LimitKind,
    used: number,
    nowMs: number,
  ): GatewayError | undefined {
    const limit = account && limitOn(account, kind);
    if (account === undefined || limit === undefined || used <= limit) return undefined;
    this.#hands.onRefused(kind, account.name);
    const waitSeconds = Math.max(1, Math.ceil(account[kind].endsInMs(nowMs) / 1000));
    return new GatewayError({
      status: 429,
      code: 'rate_limit_exceeded',
      message: `Rate limit reached: ${limit} ${kind} per minute ${whose(account)}. Try again in ${waitSeconds} s.`,
      retryAfterSeconds: waitSeconds,
    });
  }

  standing(kind: LimitKind): Standing | undefined {
    const nowMs = this.#hands.monotonicMs();
    const own = this.#key && standingOf(this.#key, kind, nowMs, this.#hands);
    const everybodys = standingOf(this.#gateway, kind, nowMs, this.#hands);
    if (own === undefined || everybodys === undefined) return own ?? everybodys;
    return everybodys.remaining < own.remaining ? everybodys : own;
  }

  reserveTokens(least: number, most: number): void | Promise<void> {
    const ownLimit = this.#key && limitOn(this.#key, 'tokens');
    const gatewayLimit = limitOn(this.#gateway, 'tokens');
    if (ownLimit === undefined && gatewayLimit === undefined) return undefined;
    const limit = Math.min(ownLimit ?? Number.POSITIVE_INFINITY, gatewayLimit ?? Number.POSITIVE_INFINITY);
    const expected = Math.ceil(least);
    if (expected > limit) throw this.#tooLarge(expected, limit, ownLimit === limit ? 'key' : 'gateway');
    return this.#reserve(Math.min(Math.max(expected, Math.ceil(most)), limit));
  }

  async #reserve(amount: number): Promise<void> {
    const refusal = await this.#take('tokens', amount);
    if (refusal !== undefined) throw refusal;
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
    const reserved = this.#reserved;
    if (reserved === NOTHING_RESERVED) return;
    this.#reserved = NOTHING_RESERVED;
    const nowMs = this.#hands.monotonicMs();
    const unused = reserved - Math.ceil(tokens);
    if (unused > 0) {
      this.#key?.tokens.takeBack(unused, this.#keyWindow, nowMs);
      this.#gateway.tokens.takeBack(unused, this.#gatewayWindow, nowMs);
    } else if (unused < 0) {
      this.#spend(-unused, nowMs);
    }
  }

  spendTokens(tokens: number): GatewayError | undefined {
    const nowMs = this.#hands.monotonicMs();
    if (this.#reserved !== NOTHING_RESERVED) this.settleTokens(tokens);
    else this.#spend(tokens, nowMs);
    // Another one like it needs a token at least.
    return (
      this.#refusalBy(this.#key, 'tokens', (this.#key?.tokens.used(nowMs) ?? 0) + 1, nowMs) ??
      this.#refusalBy(this.#gateway, 'tokens', this.#gateway.tokens.used(nowMs) + 1, nowMs)
    );
  }

  #spend(tokens: number, nowMs: number): void {
    const key = this.#key;
    if (key && limitOn(key, 'tokens') !== undefined) key.tokens.spend(tokens, nowMs);
    if (limitOn(this.#gateway, 'tokens') !== undefined) this.#gateway.tokens.spend(tokens, nowMs);
  }

  end(): void {
    if (!this.#isRunning || this.#key === undefined) return;
    this.#isRunning = false;
    this.#key.running -= 1;
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
