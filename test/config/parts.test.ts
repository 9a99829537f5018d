import { describe, expect, it } from 'vitest';
import { isLoopbackHost, parseAddress } from '../../src/config/address.ts';
import { closestName } from '../../src/config/closest-name.ts';
import { formatKeyPath } from '../../src/config/key-path.ts';
import { findListing } from '../../src/config/list-price.ts';

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080, isLoopback: true }],
    ['127.9.9.9:0', { host: '127.9.9.9', port: 0, isLoopback: true }],
    ['localhost:65535', { host: 'localhost', port: 65_535, isLoopback: true }],
    ['[::1]:80', { host: '::1', port: 80, isLoopback: true }],
    ['[::]:80', { host: '::', port: 80, isLoopback: false }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80, isLoopback: false }],
    ['127.0.0.1.example.com:80', { host: '127.0.0.1.example.com', port: 80, isLoopback: false }],
  ])('%s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([
    '',
    ':8080',
    'localhost',
    '8080',
    'a:65536',
    '::1:80',
    '[::1]',
    '[gg]:1',
    '300.1.1.1:80',
    'a b:1',
    'http://a:1',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('sees through brackets, and not for names that only look local', () => {
    expect(['[::1]', 'api.localhost', 'notlocalhost', '128.0.0.1'].map(isLoopbackHost)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('closestName', () => {
  const KEYS = ['base_url', 'api_key_env', 'kind', 'headers'];
  it.each([
    ['base_ulr', 'base_url'],
    ['baseUrl', 'base_url'],
    ['api-key-env', 'api_key_env'],
    ['knd', 'kind'],
    ['knid', 'kind'],
    ['header', 'headers'],
    ['timeout', undefined],
    ['x', undefined],
  ])('%s → %s', (typed, meant) => {
    expect(closestName(typed, KEYS)).toBe(meant);
  });
});

describe('formatKeyPath', () => {
  it('is typed as TOML has it', () => {
    expect(formatKeyPath(['api', 'models', 'a.b', 'endpoints', 0, 'model'])).toBe(
      'api.models."a.b".endpoints[0].model',
    );
  });
});

describe('findListing', () => {
  const NOON_MS = Date.UTC(2026, 10, 1, 12);

  it('finds by address, whatever the provider is called, and else by name', () => {
    const byAddress = findListing(
      { name: 'mine', baseUrl: 'https://api.groq.com/openai/v1' },
      'llama-3.3-70b-versatile',
      NOON_MS,
    );
    const byName = findListing(
      { name: 'groq', baseUrl: 'https://proxy.example/v1' },
      'llama-3.3-70b-versatile',
      NOON_MS,
    );
    expect(byAddress?.price).toEqual({
      inputUsdPerMillion: 0.59,
      outputUsdPerMillion: 0.79,
      cachedInputUsdPerMillion: 0.59,
    });
    expect(byName).toEqual(byAddress);
  });

  it('takes the first step of a price that rises with the prompt', () => {
    const listing = findListing(
      { name: 'openai', baseUrl: 'https://api.openai.com/v1' },
      'gpt-6-sol',
      NOON_MS,
    );
    expect(listing).toEqual({
      price: {
        inputUsdPerMillion: 2,
        outputUsdPerMillion: 10,
        cachedInputUsdPerMillion: 0.2,
        cacheWriteUsdPerMillion: 2.5,
      },
      contextLength: 1_050_000,
    });
  });

  it('takes the dearest hour of the day, at any hour', () => {
    const deepseek = { name: 'deepseek', baseUrl: 'https://api.deepseek.com/v1' };
    const hours = [0, 2, 5, 12, 23].map((hour) =>
      findListing(deepseek, 'deepseek-v4-pro', Date.UTC(2026, 10, 1, hour)),
    );
    expect(hours.map((listing) => listing?.price.inputUsdPerMillion)).toEqual([1.32, 1.32, 1.32, 1.32, 1.32]);
  });

  it('takes the price of the day', () => {
    const gemini = { name: 'gemini', baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai' };
    const on = (year: number) =>
      findListing(gemini, 'gemini-3.8-flash', Date.UTC(year, 5, 1))?.price.inputUsdPerMillion;
    expect([on(2026), on(2027)]).toEqual([0.75, 1.5]);
  });

  it('knows nothing of unknown models and sellers, or of what is not sold by the token', () => {
    const openai = { name: 'openai', baseUrl: 'https://api.openai.com/v1' };
    expect(findListing(openai, 'never-heard-of', NOON_MS)).toBeUndefined();
    expect(findListing(openai, 'whisper-1', NOON_MS)).toBeUndefined();
    expect(
      findListing({ name: 'rack', baseUrl: 'http://10.0.0.5/v1' }, 'gpt-6-sol', NOON_MS),
    ).toBeUndefined();
  });
});
