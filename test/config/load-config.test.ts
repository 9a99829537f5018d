import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { BUILT_IN_STRATEGIES } from '../../src/core/choice/strategy.ts';
import { loadText } from './load-text.ts';
import { SIMULATED_MODELS } from './simulated-models.ts';

const EXAMPLE = await readFile(new URL('product-example.toml', import.meta.url), 'utf8');
const DETECT_NOTHING = { OUTRIDER_DETECT: 'none' };

describe('the example of the product description', () => {
  it('loads as it stands', async () => {
    const config = await loadText(EXAMPLE, { GROQ_API_KEY: 'the-key' });
    expect(config.api).toEqual({
      enabled: true,
      address: { host: '127.0.0.1', port: 8080, isLoopback: true },
      requireAuth: true,
      maxRequestsPerMinute: 600,
      maxTokensPerMinute: 1_000_000,
      maxParallelRequestsPerKey: 1_000,
      corsEnabled: false,
      corsOrigins: ['http://localhost:3000'],
      publicModels: false,
      trustedProxies: [],
      bodyLimitBytes: 10_485_760,
      unreadySeconds: 0.5,
      drainSeconds: 30,
    });
    expect(config.store).toEqual({ url: 'sqlite:./outrider.db', redisUrl: '' });
    expect(config.strategies['support-desk']).toEqual({
      ...BUILT_IN_STRATEGIES.balanced,
      name: 'support-desk',
      valueOfQualityUsd: 0.02,
      valueOfSecondUsd: 0.0005,
      minQuality: 0.6,
    });
    expect(config.providers.groq).toMatchObject({
      name: 'groq',
      kind: 'openai',
      baseUrl: 'https://api.groq.com/openai/v1',
      streamUsage: true,
    });
    expect(config.providers.groq?.apiKey()).toBe('the-key');
    expect(config.models).toEqual([
      {
        id: 'llama-3.3-70b',
        type: 'chat',
        name: 'llama-3.3-70b',
        contextLength: 131_072,
        capabilities: new Set(['tools', 'json', 'vision']),
        defaultTemperature: 0.7,
        isSimulated: false,
        endpoints: [
          {
            id: 'groq/llama-3.3-70b-versatile',
            modelId: 'llama-3.3-70b',
            provider: 'groq',
            upstreamModel: 'llama-3.3-70b-versatile',
            price: { inputUsdPerMillion: 0.59, outputUsdPerMillion: 0.79, cachedInputUsdPerMillion: 0.59 },
            isPriceKnown: true,
          },
        ],
      },
    ]);
  });

  it('gives the same settings as no file at all, but for what is the operator’s own', async () => {
    const example = await loadText(EXAMPLE, { GROQ_API_KEY: 'x' });
    const defaults = await loadText(undefined, DETECT_NOTHING);
    expect(defaults.source).toBeUndefined();
    // Of all callers together more than the plans promise one: decision 60.
    expect(defaults.api).toEqual({
      ...example.api,
      maxRequestsPerMinute: 60_000,
      maxTokensPerMinute: 100_000_000,
    });
    expect(defaults.store).toEqual(example.store);
    expect(defaults.plans).toEqual(example.plans);
    expect(defaults.routing).toEqual(example.routing);
    expect(defaults.strategies).toEqual(BUILT_IN_STRATEGIES);
  });
});

describe('what a setting becomes', () => {
  it('limits of plans: built in, changed, lifted and new', async () => {
    const { plans } = await loadText(
      '[plans.pro]\nrequests_per_minute = 7\n[plans.team]\ntokens_per_minute = "none"\n[plans.night]\nrequests_per_minute = 1',
      DETECT_NOTHING,
    );
    expect(plans).toEqual({
      free: { requestsPerMinute: 20, tokensPerMinute: 100_000 },
      pro: { requestsPerMinute: 7, tokensPerMinute: 2_000_000 },
      team: { requestsPerMinute: 1_000, tokensPerMinute: undefined },
      enterprise: { requestsPerMinute: undefined, tokensPerMinute: undefined },
      night: { requestsPerMinute: 1, tokensPerMinute: undefined },
    });
  });

  it('a strategy named like a built-in one changes that one', async () => {
    const { strategies } = await loadText('[strategies.latency]\nmin_quality = 0.5', DETECT_NOTHING);
    expect(strategies.latency).toEqual({ ...BUILT_IN_STRATEGIES.latency, minQuality: 0.5 });
  });

  it('one of the file’s own strategies can be the default', async () => {
    const { routing } = await loadText(
      '[routing]\ndefault_strategy = "mine"\n[strategies.mine]\nkind = "priority"',
      DETECT_NOTHING,
    );
    expect(routing.defaultStrategy).toBe('mine');
  });

  it('URLs of stores come from the environment where it is named', async () => {
    const { store } = await loadText('[store]\nurl_env = "DB"\nredis_url_env = "REDIS"', {
      ...DETECT_NOTHING,
      DB: 'postgres://me:secret@db/outrider',
      REDIS: 'redis://cache',
    });
    expect(store).toEqual({ url: 'postgres://me:secret@db/outrider', redisUrl: 'redis://cache' });
  });

  it('headers of a provider: literal ones and those from the environment, keys without line ends', async () => {
    const { providers } = await loadText(
      '[providers.rack]\nbase_url = "http://10.0.0.5:8000/v1/"\napi_key_env = "K"\nheaders = { x-team = "a" }\nheaders_env = { x-token = "T" }\nmax_connections = 3',
      { K: 'key\n', T: ' token ' },
    );
    expect(providers.rack?.baseUrl).toBe('http://10.0.0.5:8000/v1');
    expect(providers.rack?.apiKey()).toBe('key');
    expect(providers.rack?.headers()).toEqual({ 'x-team': 'a', 'x-token': 'token' });
    expect(providers.rack?.maxConnections).toBe(3);
  });

  it('a known provider needs no address, and offers what it is known for when no model names it', async () => {
    const config = await loadText('[providers.mistral]\napi_key_env = "K"', { K: 'key' });
    expect(config.providers.mistral).toMatchObject({
      baseUrl: 'https://api.mistral.ai/v1',
      streamUsage: false,
    });
    expect(config.models.map((model) => model.id)).toContain('mistral-large-3');
    expect(config.isDetected).toBe(false);
  });

  it('a simulated provider without models offers all of them', async () => {
    const config = await loadText('[providers.toy]\nkind = "simulated"');
    expect(config.models.map((model) => [model.id, model.isSimulated, model.endpoints[0]?.id])).toEqual([
      ['sim-large', true, 'toy/sim-large'],
      ['sim-embed', true, 'toy/sim-embed'],
    ]);
    expect(config.models[0]).toMatchObject({
      contextLength: 128_000,
      endpoints: [
        {
          price: { inputUsdPerMillion: 3, outputUsdPerMillion: 15, cachedInputUsdPerMillion: 3 },
          isPriceKnown: true,
        },
      ],
    });
    expect(config.models[1]).toMatchObject({ type: 'embedding', dimensions: 256 });
  });

  it('leaves out of a listed model: price and window come from the list, capabilities from what it is', async () => {
    const config = await loadText(
      [
        '[providers.openai]\napi_key_env = "K"',
        '[providers.own]\nbase_url = "http://127.0.0.1:9000/v1"',
        '[api.models.fast]\nendpoints = [{ provider = "openai", model = "gpt-4.1-mini" }, { provider = "own", model = "copy" }]',
        '[api.models.strange]\nendpoints = [{ provider = "own", model = "unheard-of" }]',
        '[api.models.bare]\ncapabilities = []\nendpoints = [{ provider = "own", model = "bare" }]',
      ].join('\n'),
      { K: 'key' },
    );
    const [fast, strange, bare] = config.models;
    expect(fast?.contextLength).toBe(1_000_000);
    expect(fast?.capabilities).toEqual(new Set(['tools', 'json', 'vision']));
    expect(fast?.endpoints.map((endpoint) => [endpoint.id, endpoint.isPriceKnown, endpoint.price])).toEqual([
      [
        'openai/gpt-4.1-mini',
        true,
        { inputUsdPerMillion: 0.4, outputUsdPerMillion: 1.6, cachedInputUsdPerMillion: 0.1 },
      ],
      ['own/copy', false, { inputUsdPerMillion: 0, outputUsdPerMillion: 0, cachedInputUsdPerMillion: 0 }],
    ]);
    expect(strange).toMatchObject({ contextLength: 8_192, capabilities: new Set(['tools', 'json']) });
    expect(bare?.capabilities.size).toBe(0);
  });
});

describe('the result', () => {
  it('is frozen to the bottom, sets included', async () => {
    const config = await loadText(EXAMPLE, { GROQ_API_KEY: 'x' });
    const open: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) open.push(path);
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    };
    visit(config, 'config');
    visit(config.providers.groq?.headers(), 'headers');
    expect(open).toEqual([]);
    const capabilities = config.models[0]?.capabilities as Set<string>;
    expect(() => capabilities.add('audio')).toThrow(TypeError);
    expect(() => capabilities.clear()).toThrow(TypeError);
    expect(capabilities.has('tools')).toBe(true);
  });

  it('shows no key, however it is printed', async () => {
    const config = await loadText(
      '[providers.rack]\nbase_url = "http://x.example/v1"\napi_key_env = "K"\nheaders_env = { x-token = "K" }',
      {
        K: 'canary-secret',
      },
    );
    expect(inspect(config, { depth: null, showHidden: true }) + JSON.stringify(config)).not.toContain(
      'canary-secret',
    );
    expect(config.providers.rack?.headers()).toEqual({ 'x-token': 'canary-secret' });
  });

  it('does not change the built-in strategies by freezing it', async () => {
    await loadText(undefined, DETECT_NOTHING);
    expect(Object.isFrozen(BUILT_IN_STRATEGIES.balanced)).toBe(false);
  });
});

describe('which file', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrider-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const load = (options: { path?: string; env?: Record<string, string> }) =>
    loadConfig({ simulatedModels: SIMULATED_MODELS, ...options, env: { ...DETECT_NOTHING, ...options.env } });

  it('is what --config names, before OUTRIDER_CONFIG', async () => {
    const flag = join(folder, 'flag.toml');
    const variable = join(folder, 'variable.toml');
    await writeFile(flag, '\uFEFF[api]\naddress = "[::1]:1111"\n');
    await writeFile(variable, '[api]\naddress = "0.0.0.0:2222"\n');
    const byFlag = await load({ path: flag, env: { OUTRIDER_CONFIG: variable } });
    const byVariable = await load({ env: { OUTRIDER_CONFIG: variable } });
    expect(byFlag.api.address).toEqual({ host: '::1', port: 1111, isLoopback: true });
    expect(byFlag.source).toBe(flag);
    expect(byVariable.api.address).toEqual({ host: '0.0.0.0', port: 2222, isLoopback: false });
  });

  it('must exist when it is named, and be readable', async () => {
    const missing = join(folder, 'missing.toml');
    await expect(load({ path: missing })).rejects.toThrow(
      /missing\.toml: 1 mistake\n.*no such file.*--config/,
    );
    await expect(load({ env: { OUTRIDER_CONFIG: missing } })).rejects.toThrow(
      /no such file.*OUTRIDER_CONFIG/,
    );
    await expect(load({ path: folder })).rejects.toThrow(/cannot be read \(EISDIR\)/);
  });

  it('is not needed; then the simulated models are there', async () => {
    const config = await loadText(undefined, { ...DETECT_NOTHING, OUTRIDER_CONFIG: '' });
    expect(config).toMatchObject({ source: undefined, isDetected: true });
    expect(Object.keys(config.providers)).toEqual(['simulated']);
    expect(config.models.map((model) => model.id)).toEqual(['sim-large', 'sim-embed']);
  });

  it('is outrider.example.toml for those who begin: valid, and made of defaults', async () => {
    const example = new URL('../../outrider.example.toml', import.meta.url);
    const config = await loadText(await readFile(example, 'utf8'));
    const defaults = await loadText(undefined, DETECT_NOTHING);
    for (const section of ['api', 'store', 'plans', 'routing', 'models'] as const) {
      expect(config[section]).toEqual(defaults[section]);
    }
  });

  it('has examples in its comments that are valid too', async () => {
    const text = await readFile(new URL('../../outrider.example.toml', import.meta.url), 'utf8');
    const uncommented = text
      .split('\n')
      .map((line) => (/^# (\[|[a-z_]+ = |\]| {2}\{)/.test(line) ? line.slice(2) : line))
      .join('\n');
    const config = await loadText(uncommented, {
      GROQ_API_KEY: 'a',
      RACK_TOKEN: 'b',
      ANTHROPIC_API_KEY: 'd',
      AWS_ACCESS_KEY_ID: 'e',
      AWS_SECRET_ACCESS_KEY: 'f',
      AWS_SESSION_TOKEN: 'g',
      OUTRIDER_STORE_URL: 'sqlite:./a.db',
      OUTRIDER_REDIS_URL: 'redis://c',
      BUDGET_WEBHOOK: 'https://hooks.example/T0/secret',
    });
    const model = config.models.find((candidate) => candidate.id === 'llama-3.3-70b');
    expect(model?.endpoints.map((endpoint) => endpoint.provider)).toEqual(['groq', 'rack']);
    expect(config.store.redisUrl).toBe('redis://c');
    expect(config.budgets.webhookUrl()).toBe('https://hooks.example/T0/secret');
    expect(JSON.stringify(config.budgets)).not.toContain('secret');
  });
});
