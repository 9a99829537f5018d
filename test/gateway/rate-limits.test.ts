import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Caller, EVERYBODY } from '../../src/gateway/admission/keyring.ts';
import {
  type Allowance,
  createRateLimiter,
  type RateLimiter,
  type RateSettings,
} from '../../src/gateway/admission/rate-limits.ts';
import { createMinuteCounters } from '../../src/store/minute-counters.ts';

const NONE = { requestsPerMinute: undefined, tokensPerMinute: undefined };
const PLANS = {
  free: { requestsPerMinute: 20, tokensPerMinute: 1_000 },
  enterprise: NONE,
};

let settings: RateSettings;
let refused: string[];
let limiter: RateLimiter;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: 1_800_000_000_000 });
  settings = { gateway: NONE, plans: PLANS, parallelPerKey: undefined };
  refused = [];
  limiter = createRateLimiter({
    counters: createMinuteCounters(),
    settings: () => settings,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    onRefused: (limit, of) => refused.push(`${limit} of ${of}`),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTime(ms);
/** The clock on the wall alone; what is measured from the start of the machine goes on as before. */
const jump = (ms: number) => vi.setSystemTime(Date.now() + ms);

function callerWith(key: Partial<NonNullable<Caller['key']>>, keyId = 'key_1'): Caller {
  return {
    ...EVERYBODY,
    keyId,
    key: {
      id: keyId,
      name: 'test',
      prefix: 'or-',
      scopes: ['inference'],
      allowedModels: undefined,
      allowedProviders: undefined,
      allowedAddresses: undefined,
      plan: '',
      requestsPerMinute: undefined,
      tokensPerMinute: undefined,
      budgetMicroUsdPerDay: undefined,
      budgetMicroUsdPerMonth: undefined,
      onExhausted: 'stop',
      holdBack: false,
      createdAtMs: 0,
      expiresAtMs: undefined,
      revokedAtMs: undefined,
      ...key,
    },
  };
}

const admit = async (caller: Caller) => (await limiter.admit(caller)) as Allowance;
/** How many of so many requests at once are let through. */
const passing = async (caller: Caller, count: number) => {
  const allowances = await Promise.all(Array.from({ length: count }, () => admit(caller)));
  return allowances.filter((allowance) => allowance?.refusal === undefined).length;
};

describe('requests', () => {
  test('nothing limits whom no limit is set for', () => {
    expect(limiter.admit(EVERYBODY)).toBeUndefined();
    expect(limiter.admit(callerWith({}))).toBeUndefined();
    expect(limiter.admit(callerWith({ plan: 'enterprise' }))).toBeUndefined();
    expect(limiter.look(callerWith({}))).toBeUndefined();
  });

  test.each([
    ['a plan', { plan: 'free' }, 20],
    ['its own', { requestsPerMinute: 7 }, 7],
    ['its own before its plan’s', { plan: 'free', requestsPerMinute: 33 }, 33],
    ['its own beside a plan without', { plan: 'enterprise', requestsPerMinute: 3 }, 3],
    ['a plan that is gone: free', { plan: 'gone' }, 20],
  ])('%s', async (_what, key, limit) => {
    expect(await passing(callerWith(key), 500)).toBe(limit);
    pass(59_999);
    expect(await passing(callerWith(key), 500)).toBe(0);
    pass(1);
    expect(await passing(callerWith(key), 500)).toBe(limit);
  });

  test('the minute begins with the first request: around its end twice the limit passes, and no more', async () => {
    const caller = callerWith({ requestsPerMinute: 10 });
    expect(await passing(caller, 1)).toBe(1);
    pass(59_000);
    expect(await passing(caller, 50)).toBe(9);
    pass(1_000);
    expect(await passing(caller, 50)).toBe(10);
    pass(59_000);
    expect(await passing(caller, 50)).toBe(0);
  });

  test('a key is counted by itself', async () => {
    expect(await passing(callerWith({ plan: 'free' }, 'key_a'), 30)).toBe(20);
    expect(await passing(callerWith({ plan: 'free' }, 'key_b'), 30)).toBe(20);
    // Found again by its id, however often it was looked up since.
    expect(await passing(callerWith({ plan: 'free' }, 'key_a'), 30)).toBe(0);
  });

  test('all callers together have the limit of the gateway; who is refused by one limit takes nothing of another', async () => {
    settings = { ...settings, gateway: { ...NONE, requestsPerMinute: 50 } };
    expect(await passing(callerWith({ plan: 'free' }, 'key_a'), 100)).toBe(20);
    expect(await passing(EVERYBODY, 10)).toBe(10);
    expect(await passing(callerWith({}, 'key_b'), 100)).toBe(20);
    const first = await admit(callerWith({ plan: 'free' }, 'key_c'));
    expect(first.refusal?.message).toContain('of all callers of this gateway together');
    settings = { ...settings, gateway: { ...NONE, requestsPerMinute: 1_000 } };
    expect(await passing(callerWith({ plan: 'free' }, 'key_c'), 100)).toBe(20);
  });

  test('who is refused at the same moment, too: what it would have taken keeps nobody else out', async () => {
    settings = { ...settings, gateway: { ...NONE, requestsPerMinute: 30 } };
    const greedy = callerWith({ requestsPerMinute: 5 }, 'key_greedy');
    const all = await Promise.all([
      ...Array.from({ length: 100 }, () => admit(greedy)),
      ...Array.from({ length: 100 }, () => admit(EVERYBODY)),
    ]);
    const passed = all.map(({ refusal }) => refusal === undefined);
    expect(passed.slice(0, 100).filter(Boolean)).toHaveLength(5);
    expect(passed.slice(100).filter(Boolean)).toHaveLength(25);
  });

  test('a refusal says which limit it was, and when to come back', async () => {
    const caller = callerWith({ requestsPerMinute: 2 });
    expect(await passing(caller, 2)).toBe(2);
    pass(9_500);
    const { refusal } = await admit(caller);
    expect(refusal).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      type: 'rate_limit_error',
      message: 'Rate limit reached: 2 requests per minute of this API key. Try again in 51 s.',
      retryAfterSeconds: 51,
    });
    expect(refused).toEqual(['requests of key']);
    pass(51_000);
    expect(await passing(caller, 2)).toBe(2);
  });

  test('settings that changed hold at once, for what was used before too', async () => {
    const caller = callerWith({ plan: 'free' });
    expect(await passing(caller, 15)).toBe(15);
    settings = { ...settings, plans: { ...PLANS, free: { ...NONE, requestsPerMinute: 10 } } };
    expect(await passing(caller, 1)).toBe(0);
    settings = { ...settings, plans: { ...PLANS, free: { ...NONE, requestsPerMinute: 16 } } };
    expect(await passing(caller, 5)).toBe(1);
  });

  test('thousands of keys that came once leave nothing, and none in use is forgotten', async () => {
    const come = async (from: number, to: number) => {
      for (let index = from; index < to; index += 1) {
        await admit(callerWith({ plan: 'free' }, `key_${index}`));
      }
    };
    await come(0, 600);
    pass(60_000);
    expect(vi.getTimerCount()).toBe(0);
    const steady = callerWith({ plan: 'free' }, 'key_steady');
    expect(await passing(steady, 15)).toBe(15);
    await come(600, 1_100);
    expect(await passing(steady, 20)).toBe(5);
    expect(vi.getTimerCount()).toBe(501);
    pass(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a clock that jumps', () => {
  const caller = callerWith({ requestsPerMinute: 10, tokensPerMinute: 1_000 });

  test.each([
    ['an hour', 3_600_000],
    ['thirty days', 30 * 86_400_000],
  ])('back by %s keeps nobody out for longer than the minute lasts', async (_far, ms) => {
    expect(await passing(caller, 50)).toBe(10);
    pass(20_000);
    jump(-ms);
    const { refusal } = await admit(caller);
    expect(refusal?.retryAfterSeconds).toBe(40);
    expect(limiter.look(caller)?.standing('requests')).toMatchObject({ remaining: 0, resetMs: 40_000 });
    pass(40_000);
    expect(await passing(caller, 50)).toBe(10);
    expect(await passing(caller, 50)).toBe(0);
  });

  test('on by an hour begins one new minute, with the whole limit and nothing above it', async () => {
    const before = await admit(caller);
    await before.reserveTokens(900, 900);
    jump(3_600_000);
    // What is given back now belongs to a minute that the jump has ended.
    before.settleTokens(0);
    await Promise.resolve();
    const passed: unknown[] = [];
    for (let index = 0; index < 20; index += 1) {
      const allowance = await admit(caller);
      if (allowance.refusal !== undefined) continue;
      await Promise.resolve(allowance.reserveTokens(150, 150)).then(
        () => passed.push('tokens'),
        () => passed.push('none'),
      );
    }
    expect(passed.filter((one) => one === 'tokens')).toHaveLength(6);
    expect(passed).toHaveLength(10);
    jump(-3_600_000);
    pass(60_000);
    expect(await passing(caller, 50)).toBe(10);
  });
});

describe('requests at the same time', () => {
  test('are bound by key; each that ends makes room for one, once', async () => {
    settings = { ...settings, parallelPerKey: 3 };
    const caller = callerWith({});
    const running = await Promise.all(Array.from({ length: 4 }, () => admit(caller)));
    expect(running.filter(({ refusal }) => refusal === undefined)).toHaveLength(3);
    expect(running[3]?.refusal).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('3 requests of this API key at the same time'),
    });
    expect(await passing(callerWith({}, 'key_2'), 1)).toBe(1);
    running[0]?.end();
    running[0]?.end();
    running[3]?.end();
    expect(await passing(caller, 5)).toBe(1);
    expect(refused).toContain('parallel of key');
  });

  test('one that is refused for another reason holds no place', async () => {
    settings = { ...settings, parallelPerKey: 3 };
    const caller = callerWith({ requestsPerMinute: 1 });
    (await admit(caller)).end();
    for (let times = 0; times < 10; times += 1)
      expect((await admit(caller)).refusal?.message).toContain('per minute');
  });
});

describe('tokens', () => {
  const caller = callerWith({ tokensPerMinute: 1_000 });
  const tokensLeft = () => limiter.look(caller)?.standing('tokens')?.remaining;

  test('are set aside, and settled by what was really taken', async () => {
    const allowance = await admit(caller);
    await allowance.reserveTokens(100, 400);
    expect(tokensLeft()).toBe(600);
    allowance.settleTokens(150);
    expect(tokensLeft()).toBe(850);
    allowance.settleTokens(999);
    allowance.end();
    expect(tokensLeft()).toBe(850);
    // The counters say the same as what is told of them.
    await (await admit(caller)).reserveTokens(1, 1);
    expect(tokensLeft()).toBe(849);
  });

  test('whoever leaves has taken what its provider is found to have read and written, no less', async () => {
    const allowance = await admit(caller);
    await allowance.reserveTokens(100, 400);
    allowance.end();
    expect(tokensLeft()).toBe(600);
    allowance.settleTokens(250);
    expect(tokensLeft()).toBe(750);
    const refused = await admit(caller);
    await refused.reserveTokens(100, 400);
    refused.settleTokens(0);
    refused.end();
    expect(tokensLeft()).toBe(750);
  });

  test('more than was set aside counts too, also when its minute is long over', async () => {
    const allowance = await admit(caller);
    await allowance.reserveTokens(100, 400);
    pass(90_000);
    expect(tokensLeft()).toBe(1_000);
    allowance.settleTokens(900);
    expect(tokensLeft()).toBe(500);
    pass(90_000);
    const short = await admit(caller);
    await short.reserveTokens(400, 400);
    pass(90_000);
    await (await admit(caller)).reserveTokens(100, 100);
    // It gives back nothing to a minute that it took nothing of.
    short.settleTokens(1);
    expect(tokensLeft()).toBe(900);
    await (await admit(caller)).reserveTokens(100, 100);
    expect(tokensLeft()).toBe(800);
  });

  test('of any number at the same moment those pass that fit, whoever is refused beside them', async () => {
    settings = { ...settings, gateway: { ...NONE, tokensPerMinute: 1_200 } };
    const asks = [400, 700, 500, 700, 100, 50];
    const allowances = await Promise.all(asks.map(() => admit(caller)));
    const results = await Promise.allSettled(
      allowances.map((allowance, index) => allowance.reserveTokens(asks[index] ?? 0, asks[index] ?? 0)),
    );
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(tokensLeft()).toBe(0);
    await (await admit(EVERYBODY)).reserveTokens(200, 200);
    const rest = await admit(EVERYBODY);
    await expect(rest.reserveTokens(1, 1)).rejects.toMatchObject({ status: 429 });
  });

  test('what does not fit now is a 429 that takes nothing; what never fits says so', async () => {
    await (await admit(caller)).reserveTokens(700, 700);
    pass(1_000);
    const second = await admit(caller);
    await expect(second.reserveTokens(400, 400)).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      retryAfterSeconds: 59,
      message: 'Rate limit reached: 1000 tokens per minute of this API key. Try again in 59 s.',
    });
    expect(tokensLeft()).toBe(300);
    expect(() => second.reserveTokens(1_001, 1_001)).toThrow(
      expect.objectContaining({
        status: 429,
        isRetryPointless: true,
        message: expect.stringMatching(
          /about 1001 tokens, over the limit of 1000 tokens per minute of this API key/,
        ),
      }),
    );
    await second.reserveTokens(300, 300);
    expect(tokensLeft()).toBe(0);
  });

  test('a bound far above the limit shuts nobody out: as much as there is of it is set aside', async () => {
    const allowance = await admit(caller);
    await allowance.reserveTokens(50, 128_000);
    expect(tokensLeft()).toBe(0);
    allowance.settleTokens(60);
    expect(tokensLeft()).toBe(940);
  });

  test('of a session count as it goes on, at first in the place of what was set aside', async () => {
    const allowance = await admit(caller);
    await allowance.reserveTokens(100, 400);
    expect(allowance.spendTokens(300)).toBeUndefined();
    expect(tokensLeft()).toBe(700);
    expect(allowance.spendTokens(600)).toBeUndefined();
    expect(allowance.spendTokens(200)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(tokensLeft()).toBe(0);
    pass(60_000);
    expect(allowance.spendTokens(200)).toBeUndefined();
    expect(tokensLeft()).toBe(800);
  });

  test('the tighter of two limits is the one that is told', async () => {
    settings = { ...settings, gateway: { requestsPerMinute: undefined, tokensPerMinute: 500 } };
    const allowance = await admit(caller);
    expect(allowance.standing('tokens')).toMatchObject({ limit: 500, remaining: 500, resetMs: 0 });
    expect(allowance.standing('requests')).toBeUndefined();
    await allowance.reserveTokens(10, 480);
    expect(allowance.standing('tokens')).toMatchObject({ limit: 500, remaining: 20 });
    allowance.settleTokens(10);
    const others = await admit(EVERYBODY);
    expect(others.standing('tokens')).toMatchObject({ limit: 500, remaining: 490 });
    expect(() => others.reserveTokens(600, 600)).toThrow(expect.objectContaining({ status: 429 }));
  });
});
