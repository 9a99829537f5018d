import { beforeEach, describe, expect, test } from 'vitest';
import { type Caller, EVERYBODY } from '../../src/gateway/admission/keyring.ts';
import {
  type Allowance,
  createRateLimiter,
  type RateLimiter,
  type RateSettings,
} from '../../src/gateway/admission/rate-limits.ts';

const NONE = { requestsPerMinute: undefined, tokensPerMinute: undefined };
const PLANS = {
  free: { requestsPerMinute: 20, tokensPerMinute: 1_000 },
  enterprise: NONE,
};

let clockMs = 0;
let settings: RateSettings;
let refused: string[];
let limiter: RateLimiter;

beforeEach(() => {
  clockMs = 1_000_000;
  settings = { gateway: NONE, plans: PLANS, parallelPerKey: undefined };
  refused = [];
  limiter = createRateLimiter({
    settings: () => settings,
    nowMs: () => 1_800_000_000_000 + clockMs,
    monotonicMs: () => clockMs,
    onRefused: (limit, of) => refused.push(`${limit} of ${of}`),
  });
});

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

const admit = (caller: Caller) => limiter.admit(caller) as Allowance | undefined;
/** How many of so many requests at once are let through. */
const passing = (caller: Caller, count: number) =>
  Array.from({ length: count }, () => admit(caller)).filter((allowance) => allowance?.refusal === undefined)
    .length;

describe('requests', () => {
  test('nothing limits whom no limit is set for', () => {
    expect(admit(EVERYBODY)).toBeUndefined();
    expect(admit(callerWith({}))).toBeUndefined();
    expect(admit(callerWith({ plan: 'enterprise' }))).toBeUndefined();
  });

  test.each([
    ['a plan', { plan: 'free' }, 20],
    ['its own', { requestsPerMinute: 7 }, 7],
    ['its own before its plan’s', { plan: 'free', requestsPerMinute: 33 }, 33],
    ['its own beside a plan without', { plan: 'enterprise', requestsPerMinute: 3 }, 3],
    ['a plan that is gone: free', { plan: 'gone' }, 20],
  ])('%s', (_what, key, limit) => {
    expect(passing(callerWith(key), 500)).toBe(limit);
    clockMs += 59_000;
    expect(passing(callerWith(key), 500)).toBe(0);
    clockMs += 2_000;
    expect(passing(callerWith(key), 500)).toBe(limit);
  });

  test('a key is counted by itself', () => {
    expect(passing(callerWith({ plan: 'free' }, 'key_a'), 30)).toBe(20);
    expect(passing(callerWith({ plan: 'free' }, 'key_b'), 30)).toBe(20);
    // Found again by its id, however often it was looked up since.
    expect(passing(callerWith({ plan: 'free' }, 'key_a'), 30)).toBe(0);
  });

  test('all callers together have the limit of the gateway; who is refused by one limit takes nothing of another', () => {
    settings = { ...settings, gateway: { ...NONE, requestsPerMinute: 50 } };
    expect(passing(callerWith({ plan: 'free' }, 'key_a'), 100)).toBe(20);
    expect(passing(EVERYBODY, 10)).toBe(10);
    expect(passing(callerWith({}, 'key_b'), 100)).toBe(20);
    const [first] = [admit(callerWith({ plan: 'free' }, 'key_c'))];
    expect(first?.refusal?.message).toContain('of all callers of this gateway together');
    settings = { ...settings, gateway: { ...NONE, requestsPerMinute: 1_000 } };
    expect(passing(callerWith({ plan: 'free' }, 'key_c'), 100)).toBe(20);
  });

  test('a refusal says which limit it was, and when to come back', () => {
    const caller = callerWith({ requestsPerMinute: 2 });
    expect(passing(caller, 2)).toBe(2);
    clockMs += 10_000;
    const { refusal } = admit(caller) as Allowance;
    expect(refusal).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      type: 'rate_limit_error',
      message: 'Rate limit reached: 2 requests per minute of this API key. Try again in 51 s.',
      retryAfterSeconds: 51,
    });
    expect(refused).toEqual(['requests of key']);
    clockMs += 51_000;
    expect(passing(caller, 2)).toBe(2);
  });

  test('settings that changed hold at once, for what was used before too', () => {
    const caller = callerWith({ plan: 'free' });
    expect(passing(caller, 15)).toBe(15);
    settings = { ...settings, plans: { ...PLANS, free: { ...NONE, requestsPerMinute: 10 } } };
    expect(passing(caller, 1)).toBe(0);
    settings = { ...settings, plans: { ...PLANS, free: { ...NONE, requestsPerMinute: 16 } } };
    expect(passing(caller, 5)).toBe(1);
  });

  test('thousands of keys that came once leave nothing, and none in use is forgotten', () => {
    const steady = callerWith({ plan: 'free' }, 'key_steady');
    expect(passing(steady, 15)).toBe(15);
    for (let index = 0; index < 5_000; index += 1) {
      admit(callerWith({ plan: 'free' }, `key_${index}`));
      if (index % 500 === 0) clockMs += 1_000;
    }
    expect(passing(steady, 20)).toBe(5);
  });
});

describe('requests at the same time', () => {
  test('are bound by key; each that ends makes room for one, once', () => {
    settings = { ...settings, parallelPerKey: 3 };
    const caller = callerWith({});
    const running = [admit(caller), admit(caller), admit(caller)];
    expect(admit(caller)?.refusal).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      message: expect.stringContaining('3 requests of this API key at the same time'),
    });
    expect(passing(callerWith({}, 'key_2'), 1)).toBe(1);
    running[0]?.end();
    running[0]?.end();
    expect(passing(caller, 5)).toBe(1);
    expect(refused).toContain('parallel of key');
  });

  test('one that is refused for another reason holds no place', () => {
    settings = { ...settings, parallelPerKey: 3 };
    const caller = callerWith({ requestsPerMinute: 1 });
    admit(caller)?.end();
    for (let times = 0; times < 10; times += 1)
      expect(admit(caller)?.refusal?.message).toContain('per minute');
  });
});

describe('tokens', () => {
  const caller = callerWith({ tokensPerMinute: 1_000 });
  const tokensLeft = () => (limiter.look(caller) as Allowance).standing('tokens')?.remaining;

  test('are set aside, and settled by what was really taken', () => {
    const allowance = admit(caller);
    allowance?.reserveTokens(100, 400);
    expect(tokensLeft()).toBe(600);
    allowance?.settleTokens(150);
    expect(tokensLeft()).toBe(850);
    allowance?.settleTokens(999);
    allowance?.end();
    expect(tokensLeft()).toBe(850);
  });

  test('whoever leaves has taken what its provider is found to have read and written, no less', () => {
    const allowance = admit(caller);
    allowance?.reserveTokens(100, 400);
    allowance?.end();
    expect(tokensLeft()).toBe(600);
    allowance?.settleTokens(250);
    expect(tokensLeft()).toBe(750);
    const refused = admit(caller);
    refused?.reserveTokens(100, 400);
    refused?.settleTokens(0);
    refused?.end();
    expect(tokensLeft()).toBe(750);
  });

  test('more than was set aside counts too, also when its second is long over', () => {
    const allowance = admit(caller);
    allowance?.reserveTokens(100, 400);
    clockMs += 90_000;
    expect(tokensLeft()).toBe(1_000);
    allowance?.settleTokens(900);
    expect(tokensLeft()).toBe(500);
    const short = admit(caller);
    short?.reserveTokens(400, 400);
    clockMs += 90_000;
    short?.settleTokens(1);
    expect(tokensLeft()).toBe(1_000);
  });

  test('what does not fit now is a 429 that takes nothing; what never fits says so', () => {
    admit(caller)?.reserveTokens(700, 700);
    clockMs += 1_000;
    const second = admit(caller) as Allowance;
    expect(() => second.reserveTokens(400, 400)).toThrow(
      expect.objectContaining({
        status: 429,
        code: 'rate_limit_exceeded',
        retryAfterSeconds: 60,
        message: 'Rate limit reached: 1000 tokens per minute of this API key. Try again in 60 s.',
      }),
    );
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
    second.reserveTokens(300, 300);
    expect(tokensLeft()).toBe(0);
  });

  test('a bound far above the limit shuts nobody out: as much as there is of it is set aside', () => {
    const allowance = admit(caller) as Allowance;
    allowance.reserveTokens(50, 128_000);
    expect(tokensLeft()).toBe(0);
    allowance.settleTokens(60);
    expect(tokensLeft()).toBe(940);
  });

  test('the tighter of two limits is the one that is told', () => {
    settings = { ...settings, gateway: { requestsPerMinute: undefined, tokensPerMinute: 500 } };
    const allowance = admit(caller) as Allowance;
    expect(allowance.standing('tokens')).toMatchObject({ limit: 500, remaining: 500, resetMs: 0 });
    expect(allowance.standing('requests')).toBeUndefined();
    allowance.reserveTokens(10, 480);
    expect(allowance.standing('tokens')).toMatchObject({ limit: 500, remaining: 20 });
    allowance.settleTokens(10);
    const others = admit(EVERYBODY) as Allowance;
    expect(others.standing('tokens')).toMatchObject({ limit: 500, remaining: 490 });
    expect(() => others.reserveTokens(600, 600)).toThrow(expect.objectContaining({ status: 429 }));
  });
});
