import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadText, mistakesOf } from './load-text.ts';

const GROQ = '[providers.groq]\napi_key_env = "GROQ_API_KEY"\n';
const ENV = { GROQ_API_KEY: 'secret-value' };

describe('one mistake, its line and its words', () => {
  const cases: [name: string, toml: string, line: number | undefined, path: string, message: RegExp][] = [
    ['bad TOML', 'a = 1\nb = [1 2]\n', 2, '', /\(column \d+\)/],
    ['a key twice', '[api]\nenabled = true\nenabled = true', 3, '', /column/],
    ['a key that could poison objects', '[providers.__proto__]\nkind = "openai"', 1, '', /unsafe/],
    [
      'a judge that is no model here',
      `${GROQ}[judge]\nenabled = true\nmodel = "nobody"`,
      5,
      'judge.model',
      /^names 'nobody', which is no chat model here; there are \S/,
    ],
    [
      'a judge without a name',
      `${GROQ}[judge]\nenabled = true`,
      3,
      'judge.model',
      /^names no model; there are \S/,
    ],
    [
      'a price of another type of model',
      `${GROQ}[api.models.a]\nendpoints = [{ provider = "groq", model = "a", usd_per_image = 1 }]`,
      4,
      'api.models.a.endpoints[0].usd_per_image',
      /^is the price of a model of type "image", and this one is of type "chat"$/,
    ],
    ['an unknown section', '[routng]', 1, 'routng', /^unknown key; did you mean routing\?$/],
    ['an unknown key', '[api]\nadress = "x:1"', 2, 'api.adress', /did you mean address\?$/],
    [
      'a key in camelCase',
      '[api]\npublicModels = true',
      2,
      'api.publicModels',
      /did you mean public_models\?$/,
    ],
    [
      'a key like no other',
      '[store]\ncolour = 1',
      2,
      'store.colour',
      /^unknown key; known here: url, url_env, redis_url, redis_url_env$/,
    ],
    ['a wrong type', '[api]\nenabled = "yes"', 2, 'api.enabled', /^expected boolean, received string$/],
    ['a number out of range', '[routing]\nexploration = 0.9', 2, 'routing.exploration', /<=0\.5$/],
    ['not a number', '[routing]\nexploration = nan', 2, 'routing.exploration', /expected number/],
    [
      'a fraction for a count',
      '[routing]\nmax_extra_attempts = 1.5',
      2,
      'routing.max_extra_attempts',
      /expected int/,
    ],
    [
      'a fraction for a limit',
      '[api]\nmax_requests_per_minute = 1.5',
      2,
      'api.max_requests_per_minute',
      /^must be a whole number of at least 1, or "none"$/,
    ],
    ['an address without port', '[api]\naddress = "localhost"', 2, 'api.address', /host:port/],
    [
      'an origin with a path',
      '[api]\ncors_origins = [\n"http://a.example",\n"http://b.example/x"]',
      4,
      'api.cors_origins[1]',
      /origin/,
    ],
    ['a client key in the file', '[api]\napi_key = "sk-mine"', 2, 'api.api_key', /outrider keys create/],
    ['a store of another kind', '[store]\nurl = "mysql://x"', 2, 'store.url', /sqlite: or postgres:/],
    ['a password in a URL', '[store]\nurl = "postgres://me:hunter2@db/x"', 2, 'store.url', /url_env/],
    ['a limit of zero', '[plans.pro]\nrequests_per_minute = 0', 2, 'plans.pro.requests_per_minute', />=1$/],
    [
      'a limit in words',
      '[plans.pro]\ntokens_per_minute = "many"',
      2,
      'plans.pro.tokens_per_minute',
      /"none"/,
    ],
    [
      'a budget for an order that money does not change',
      '[strategies.cascade]\nbudget_usd_per_1k_requests = 1',
      2,
      'strategies.cascade.budget_usd_per_1k_requests',
      /kind "bandit"/,
    ],
    ['observing without a baseline', '[routing]\nmode = "observe"', 2, 'routing.mode', /baseline = /],
    [
      'a baseline that is no model',
      `${GROQ}[routing]\nbaseline = "nobody-knows-this-one"`,
      4,
      'routing.baseline',
      /no chat model of this name; there are /,
    ],
    [
      'a strategy nobody has',
      '[routing]\ndefault_strategy = "ballanced"',
      2,
      'routing.default_strategy',
      /did you mean "balanced"\?$/,
    ],
    ['a strategy by a taken name', '[strategies.nitro]\nmin_quality = 0.5', 1, 'strategies.nitro', /auto:/],
    [
      'a native provider without its key',
      '[providers.a]\nkind = "google"',
      1,
      'providers.a.api_key_env',
      /is missing; .*GEMINI_API_KEY/,
    ],
    [
      'a native provider whose variable is not set',
      '[providers.a]\nkind = "anthropic"\napi_key_env = "NOBODY_SET_THIS"',
      3,
      'providers.a.api_key_env',
      /NOBODY_SET_THIS is not set/,
    ],
    [
      'Bedrock without a region',
      '[providers.a]\nkind = "bedrock"\napi_key_env = "GROQ_API_KEY"',
      1,
      'providers.a.region',
      /is missing; for example/,
    ],
    [
      'Bedrock in a region that is none',
      '[providers.a]\nkind = "bedrock"\nregion = "Virginia"\napi_key_env = "GROQ_API_KEY"',
      3,
      'providers.a.region',
      /must be an AWS region/,
    ],
    [
      'Bedrock without keys',
      '[providers.a]\nkind = "bedrock"\nregion = "us-east-1"',
      1,
      'providers.a.api_key_env',
      /bearer token, or those of a key pair/,
    ],
    [
      'Bedrock with half a key pair',
      '[providers.a]\nkind = "bedrock"\nregion = "us-east-1"\naccess_key_id_env = "GROQ_API_KEY"',
      1,
      'providers.a.secret_access_key_env',
      /^is missing$/,
    ],
    [
      'Bedrock with both kinds of key',
      '[providers.a]\nkind = "bedrock"\nregion = "us-east-1"\napi_key_env = "GROQ_API_KEY"\nsession_token_env = "GROQ_API_KEY"',
      4,
      'providers.a.api_key_env',
      /excludes access_key_id_env/,
    ],
    [
      'a region where there are none',
      '[providers.a]\nbase_url = "https://x.example"\nregion = "us-east-1"',
      3,
      'providers.a.region',
      /belongs to kind = "bedrock" only/,
    ],
    [
      'an option of the pass-through elsewhere',
      '[providers.a]\nkind = "anthropic"\napi_key_env = "GROQ_API_KEY"\nstream_usage = true',
      4,
      'providers.a.stream_usage',
      /belongs to kind = "openai" only/,
    ],
    [
      'a kind nobody has',
      '[providers.a]\nkind = "opnai"\nbase_url = "https://x.example"',
      2,
      'providers.a.kind',
      /must be one of "openai", "anthropic".*did you mean "openai"/,
    ],
    [
      'a provider without address',
      '[providers.mine]\nkind = "openai"',
      1,
      'providers.mine.base_url',
      /^is missing$/,
    ],
    [
      'a hosted provider without key',
      '[providers.openai]',
      1,
      'providers.openai.api_key_env',
      /api_key_env = "OPENAI_API_KEY"/,
    ],
    [
      'credentials in an address',
      '[providers.a]\nbase_url = "https://u:p@x.example"',
      2,
      'providers.a.base_url',
      /without credentials/,
    ],
    [
      'a provider name with a slash',
      '[providers."a/b"]\nbase_url = "http://x.example"',
      1,
      'providers."a/b"',
      /letters, digits/,
    ],
    [
      'a literal key',
      '[providers.a]\nbase_url = "http://x.example"\napi_key = "sk-1"',
      3,
      'providers.a.api_key',
      /api_key_env/,
    ],
    [
      'a key where its variable belongs',
      '[providers.a]\nbase_url = "http://x.example"\napi_key_env = "gsk_abcdef"',
      3,
      'providers.a.api_key_env',
      /not its value/,
    ],
    [
      'a variable that is not set',
      '[providers.a]\nbase_url = "http://x.example"\napi_key_env = "NOT_SET"',
      3,
      'providers.a.api_key_env',
      /NOT_SET is not set/,
    ],
    [
      'a variable that is blank',
      '[providers.a]\nbase_url = "http://x.example"\napi_key_env = "BLANK"',
      3,
      'providers.a.api_key_env',
      /BLANK is not set/,
    ],
    [
      'a variable of two lines',
      '[providers.a]\nbase_url = "http://x.example"\napi_key_env = "TWO_LINES"',
      3,
      'providers.a.api_key_env',
      /TWO_LINES holds a line break/,
    ],
    [
      'a header of two lines',
      '[providers.a]\nbase_url = "http://x.example"\nheaders = { x-a = "b\\nc" }',
      3,
      'providers.a.headers.x-a',
      /line break/,
    ],
    [
      'a key that no header can carry',
      '[providers.a]\nbase_url = "http://x.example"\napi_key_env = "ELLIPSIS"',
      3,
      'providers.a.api_key_env',
      /^the environment variable ELLIPSIS holds a character that a key cannot have/,
    ],
    [
      'a key of letters that servers read differently',
      '[providers.a]\nbase_url = "http://x.example"\napi_key_env = "UMLAUT"',
      3,
      'providers.a.api_key_env',
      /UMLAUT holds a character that a key cannot have/,
    ],
    [
      'a header that cannot be sent',
      '[providers.a]\nbase_url = "http://x.example"\nheaders = { x-a = "für 5 €" }',
      3,
      'providers.a.headers.x-a',
      /^holds a character that no HTTP header can carry$/,
    ],
    [
      'a secret header that cannot be sent',
      '[providers.a]\nbase_url = "http://x.example"\nheaders_env = { x-a = "ELLIPSIS" }',
      3,
      'providers.a.headers_env.x-a',
      /^the environment variable ELLIPSIS holds a character that no HTTP header can carry$/,
    ],
    [
      'a secret header of two lines',
      '[providers.a]\nbase_url = "http://x.example"\nheaders_env = { x-a = "TWO_LINES" }',
      3,
      'providers.a.headers_env.x-a',
      /TWO_LINES holds a line break/,
    ],
    [
      'an upstream name of two lines',
      `${GROQ}[api.models.m]\nendpoints = [{ provider = "groq", model = "m\\nn" }]`,
      4,
      'api.models.m.endpoints[0].model',
      /line break/,
    ],
    [
      'a kind that every object has',
      '[providers.a]\nkind = "constructor"\nbase_url = "https://x.example"',
      2,
      'providers.a.kind',
      /^must be one of "openai"/,
    ],
    [
      'a password in the query of a URL',
      '[store]\nurl = "postgres://db/x?password=hunter2"',
      2,
      'store.url',
      /url_env/,
    ],
    [
      'a secret among the headers',
      '[providers.a]\nbase_url = "http://x.example"\nheaders = { Authorization = "Bearer x" }',
      3,
      'providers.a.headers.Authorization',
      /headers_env/,
    ],
    [
      'a model without endpoints',
      '[api.models.m]\ntype = "chat"',
      1,
      'api.models.m.endpoints',
      /^is missing; or name the address/,
    ],
    [
      'a model with none',
      `${GROQ}[api.models.m]\nendpoints = []`,
      4,
      'api.models.m.endpoints',
      /at least one endpoint/,
    ],
    [
      'an endpoint nowhere',
      `${GROQ}[api.models."m.1"]\nendpoints = [\n  { provider = "groc", model = "m" } ]`,
      5,
      'api.models."m.1".endpoints[0].provider',
      /no \[providers\.groc\]; there are groq$/,
    ],
    [
      'an endpoint of two models',
      `${GROQ}[api.models.a]\nendpoints = [{ provider = "groq", model = "m" }]\n[api.models.b]\nendpoints = [{ provider = "groq", model = "m" }]`,
      6,
      'api.models.b.endpoints[0].model',
      /already an endpoint of a/,
    ],
    [
      'a simulated model nobody has',
      '[providers.s]\nkind = "simulated"\n[api.models.a]\nendpoints = [{ provider = "s", model = "sim-x" }]',
      4,
      'api.models.a.endpoints[0].model',
      /there are sim-large, sim-embed$/,
    ],
    [
      'a model by a name for routing',
      `${GROQ}[api.models."auto:fast"]\nendpoints = [{ provider = "groq", model = "m" }]`,
      3,
      'api.models."auto:fast"',
      /choose another/,
    ],
    [
      'a type of model nobody has',
      `${GROQ}[api.models.m]\ntype = "chatt"\nendpoints = [{ provider = "groq", model = "m" }]`,
      4,
      'api.models.m.type',
      /did you mean "chat"\?$/,
    ],
    [
      'a capability nobody has',
      `${GROQ}[api.models.m]\ncapabilities = ["tools", "sight"]\nendpoints = [{ provider = "groq", model = "m" }]`,
      4,
      'api.models.m.capabilities[1]',
      /must be one of "tools"/,
    ],
    [
      'a model file',
      `${GROQ}[api.models.m]\npath = "/models/m"\nendpoints = [{ provider = "groq", model = "m" }]`,
      4,
      'api.models.m.path',
      /local server/,
    ],
    [
      'a negative price',
      `${GROQ}[api.models.m]\nendpoints = [{ provider = "groq", model = "m", input_usd_per_million = -1 }]`,
      4,
      'api.models.m.endpoints[0].input_usd_per_million',
      />=0$/,
    ],
  ];

  it.each(cases)('%s', async (_name, toml, line, path, message) => {
    const mistakes = await mistakesOf(toml, {
      ...ENV,
      BLANK: '  ',
      TWO_LINES: 'a\nb',
      ELLIPSIS: 'sk-secret…',
      UMLAUT: 'sk-ü',
    });
    expect(mistakes).toEqual([{ line, path, message: expect.stringMatching(message) }]);
  });
});

describe('headers that belong to the connection', () => {
  const names = [
    ...['connection', 'Content-Length', 'expect', 'HOST', 'keep-alive', 'te', 'trailer'],
    ...['transfer-encoding', 'upgrade', 'proxy-connection', 'proxy-authorization'],
  ];

  it.each(names)('%s is refused, given or from the environment', async (name) => {
    const provider = (rest: string) => `[providers.a]\nbase_url = "http://x.example"\n${rest}`;
    const message = expect.stringMatching(/belongs to the connection/);
    const fromEnvironment = await mistakesOf(provider(`headers_env = { ${name} = "GROQ_API_KEY" }`), ENV);
    expect(fromEnvironment).toEqual([{ line: 3, path: `providers.a.headers_env.${name}`, message }]);
    const given = await mistakesOf(provider(`headers = { ${name} = "5" }`), ENV);
    expect(given).toEqual([{ line: 3, path: `providers.a.headers.${name}`, message }]);
  });

  it('and those that can be sent are taken: Latin letters, many signs, names that only look alike', async () => {
    const config = await loadText(
      '[providers.a]\nbase_url = "http://x.example"\napi_key_env = "KEY"\nheaders = { x-title = "für Zoë: 100 %", x-host = "h", tea = "t" }',
      { KEY: " sk-a_B.c/+=~!$'()*,;:@ \n" },
    );
    expect(config.providers.a?.headers()).toEqual({ 'x-title': 'für Zoë: 100 %', 'x-host': 'h', tea: 't' });
    expect(config.providers.a?.apiKey()).toBe("sk-a_B.c/+=~!$'()*,;:@");
  });
});

describe('keys that were detected', () => {
  it.each([
    ['cannot be sent', 'sk-secret…', /^holds a character that a key cannot have/],
    ['are of two lines', 'sk-secret\nagain', /^holds a line break/],
  ])('and %s are named, not printed', async (_name, key, message) => {
    const error = await loadText(undefined, { OPENAI_API_KEY: key }).catch((reason: ConfigError) => reason);
    if (!(error instanceof ConfigError)) throw new Error('was taken');
    expect(error.mistakes).toEqual([{ path: 'OPENAI_API_KEY', message: expect.stringMatching(message) }]);
    expect(error.message).not.toContain('secret');
  });

  it('matter only where they are used', async () => {
    const config = await loadText(undefined, { OPENAI_API_KEY: '…', OUTRIDER_DETECT: 'none' });
    expect(config.models.every(({ isSimulated }) => isSimulated)).toBe(true);
  });
});

describe('variables of the process', () => {
  it.each([
    ['OUTRIDER_LOG_LEVEL', 'loud', /^must be one of "trace", "debug", "info", .*"silent"$/],
    ['OUTRIDER_LOG_LEVEL', 'INFO', /^must be one of/],
    ['OUTRIDER_LOG_LEVEL', 'constructor', /^must be one of/],
    ['OUTRIDER_SEED', 'abc', /^must be a whole number/],
    ['OUTRIDER_SEED', '1.5', /^must be a whole number/],
    ['OUTRIDER_SEED', '-1', /^must be a whole number/],
    ['OUTRIDER_SEED', '', /^must be a whole number/],
    ['OUTRIDER_SEED', ' ', /^must be a whole number/],
    ['OUTRIDER_SEED', '4294967296', /^must be a whole number/],
  ])('%s=%s', async (name, value, message) => {
    expect(await mistakesOf('', { OUTRIDER_DETECT: 'none', [name]: value })).toEqual([
      { path: name, message: expect.stringMatching(message) },
    ]);
  });

  it.each([
    ['trace', '0'],
    ['silent', '4294967295'],
    ['', undefined],
  ])('OUTRIDER_LOG_LEVEL=%s and OUTRIDER_SEED=%s are taken', async (level, seed) => {
    const env = { OUTRIDER_DETECT: 'none', OUTRIDER_LOG_LEVEL: level, OUTRIDER_SEED: seed };
    expect((await loadText('', env)).isDetected).toBe(true);
  });
});

describe('many mistakes', () => {
  it('come all at once, in the order of the file, each on its line', async () => {
    const toml = [
      '[api]',
      'adress = "x"',
      'address = "nowhere"',
      '[api.models.m]',
      'type = "chatt"',
      'endpoints = [{ provider = "groc", model = "m" }, { provider = "groq", modell = "m" }]',
      '[providers.groq]',
      'api_key = "sk-secret-one"',
      'api_key_env = "GROQ_API_KEY"',
      '[routing]',
      'exploration = "much"',
    ].join('\n');
    const mistakes = await mistakesOf(toml);
    expect(mistakes.map(({ line, path }) => [line, path])).toEqual([
      [2, 'api.adress'],
      [3, 'api.address'],
      [5, 'api.models.m.type'],
      [6, 'api.models.m.endpoints[0].provider'],
      [6, 'api.models.m.endpoints[1].model'],
      [6, 'api.models.m.endpoints[1].modell'],
      [8, 'providers.groq.api_key'],
      [9, 'providers.groq.api_key_env'],
      [11, 'routing.exploration'],
    ]);
  });

  it('are printed one a line, under the name of the file, without any secret', async () => {
    const toml =
      '[providers.a]\nbase_url = "http://x.example"\napi_key = "sk-secret-one"\napi_key_env = "sk_secret_two"\nheaders = { x-api-key = "sk-secret-three" }';
    const error = await loadText(toml).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message.split('\n')).toEqual([
      './outrider.toml: 3 mistakes',
      expect.stringMatching(/^ {2}line 3, providers\.a\.api_key: /),
      expect.stringMatching(/^ {2}line 4, providers\.a\.api_key_env: /),
      expect.stringMatching(/^ {2}line 5, providers\.a\.headers\.x-api-key: /),
    ]);
    expect(error?.message).not.toMatch(/sk[-_]secret/);
  });

  it('stay one a line, whatever names the file has', async () => {
    const endpoint = 'endpoints = [{ provider = "gr\\noq", model = "m" }]';
    const toml = `[api.models."a\\nb"]\n${endpoint}\n[api.models."c\\u2028\\u0085\\u001B[31m"]\n${endpoint}\n[api.models.m]\n${endpoint}`;
    const error = await loadText(toml).catch((reason: Error) => reason);
    if (!(error instanceof ConfigError)) throw new Error('was taken');
    expect(error.message.split('\n')).toHaveLength(error.mistakes.length + 1);
    expect(error.message).not.toMatch(/[^\P{Cc}\n]|\p{Zl}|\p{Zp}/u);
    expect(error.message).toContain('[providers.gr\\noq]');
    expect(error.message).toContain('already an endpoint of a\\nb');
  });

  it('name a wrong OUTRIDER_DETECT too', async () => {
    const mistakes = await mistakesOf('[api]\nenabled = 1', { OUTRIDER_DETECT: 'nothing' });
    expect(mistakes.map(({ path }) => path)).toEqual(['api.enabled', 'OUTRIDER_DETECT']);
  });
});
