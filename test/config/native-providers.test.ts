import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { loadText } from './load-text.ts';

const ENV = {
  KEY: 'sk-secret-1',
  AWS_ID: 'AKIDEXAMPLE',
  AWS_SECRET: 'aws-secret-2',
  AWS_SESSION: 'aws-session-3',
};

test('each kind has its address, and a model of it the language and the list price', async () => {
  const config = await loadText(
    `[providers.a]
kind = "anthropic"
api_key_env = "KEY"
[providers.g]
kind = "google"
api_key_env = "KEY"
[providers.b]
kind = "bedrock"
region = "eu-central-1"
access_key_id_env = "AWS_ID"
secret_access_key_env = "AWS_SECRET"
session_token_env = "AWS_SESSION"
[api.models.claude]
endpoints = [
  { provider = "a", model = "claude-haiku-4-5" },
  { provider = "b", model = "anthropic.claude-haiku-4-5-20251001-v1:0" },
]
[api.models.gemini]
endpoints = [{ provider = "g", model = "gemini-2.5-flash" }]`,
    ENV,
  );
  expect(Object.values(config.providers).map(({ baseUrl }) => baseUrl)).toEqual([
    'https://api.anthropic.com/v1',
    'https://generativelanguage.googleapis.com/v1beta',
    'https://bedrock-runtime.eu-central-1.amazonaws.com',
  ]);
  const endpoints = config.models.flatMap((model) => model.endpoints);
  expect(endpoints.map(({ tongue }) => tongue)).toEqual(['anthropic', 'bedrock', 'google']);
  for (const { price, isPriceKnown, id } of endpoints) {
    expect(isPriceKnown, id).toBe(true);
    expect(price.cachedInputUsdPerMillion, id).toBeLessThan(price.inputUsdPerMillion);
  }
  expect(config.providers.b?.awsKeys()).toEqual({
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'aws-secret-2',
    sessionToken: 'aws-session-3',
  });
  const printed = inspect(config, { depth: null }) + JSON.stringify(config);
  for (const secret of Object.values(ENV)) expect(printed).not.toContain(secret);
});

test('prices are found by the language where a proxy stands before it', async () => {
  const config = await loadText(
    `[providers.proxy]
kind = "bedrock"
region = "us-east-1"
api_key_env = "KEY"
base_url = "http://10.0.0.5:9000"
[api.models.nova]
endpoints = [{ provider = "proxy", model = "amazon.nova-lite-v1:0" }]`,
    ENV,
  );
  expect(config.models[0]?.endpoints[0]).toMatchObject({
    isPriceKnown: true,
    price: { inputUsdPerMillion: 0.06, outputUsdPerMillion: 0.24 },
  });
});

test('a native provider without models offers those that it is known to have', async () => {
  const config = await loadText('[providers.mine]\nkind = "google"\napi_key_env = "KEY"', ENV);
  expect(config.models.length).toBeGreaterThan(2);
  expect(config.models.every(({ id }) => id.startsWith('gemini'))).toBe(true);
  expect(config.models[0]?.endpoints[0]).toMatchObject({ provider: 'mine', tongue: 'google' });
});

test('a key of Anthropic alone means its own language, one of Google its OpenAI-compatible address', async () => {
  const config = await loadText(undefined, { ANTHROPIC_API_KEY: 'a', GEMINI_API_KEY: 'b' });
  expect(config.providers.anthropic).toMatchObject({ kind: 'anthropic' });
  expect(config.providers.gemini).toMatchObject({ kind: 'openai' });
  const claude = config.models.find(({ id }) => id === 'claude-haiku-4-5');
  expect(claude?.capabilities.has('json')).toBe(true);
});

test('at Anthropic’s OpenAI-compatible address Claude takes no JSON mode', async () => {
  const config = await loadText('[providers.anthropic]\napi_key_env = "KEY"', ENV);
  expect(config.providers.anthropic).toMatchObject({
    kind: 'openai',
    baseUrl: 'https://api.anthropic.com/v1',
  });
  for (const { capabilities, endpoints } of config.models) {
    expect(capabilities.has('json')).toBe(false);
    expect(capabilities.has('tools')).toBe(true);
    expect(endpoints[0]?.tongue).toBeUndefined();
  }
});
