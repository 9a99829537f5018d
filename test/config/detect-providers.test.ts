import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { detectProviders } from '../../src/config/detect-providers.ts';
import { KNOWN_MODELS } from '../../src/config/known-models.ts';
import { KNOWN_PROVIDERS } from '../../src/config/known-providers.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { type Probe, probeServer } from '../../src/config/probe-server.ts';
import { loadText } from './load-text.ts';
import { SIMULATED_MODELS } from './simulated-models.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Answer = (path: string, body: string) => unknown;

/** A real server that answers JSON; undefined is a 404. Gives `host:port`. */
async function startServer(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const value = answer(`${request.method} ${request.url}`, body);
      response.statusCode = value === undefined ? 404 : 200;
      response.end(typeof value === 'string' ? value : JSON.stringify(value ?? {}));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The real probe for these addresses, silence elsewhere: what else runs on this machine is none of the test's business. */
function probeOnly(...addresses: string[]): { probe: Probe; asked: string[] } {
  const asked: string[] = [];
  const probe: Probe = (url, body) => {
    asked.push(url);
    return addresses.includes(new URL(url).host) ? probeServer(url, body) : Promise.resolve(undefined);
  };
  return { probe, asked };
}

describe('hosted providers', () => {
  it('are found by each of their keys, with models that have a price', async () => {
    for (const [name, known] of Object.entries(KNOWN_PROVIDERS)) {
      for (const keyName of known.keyNames) {
        const config = await loadText(undefined, { [keyName]: 'key' });
        expect(Object.keys(config.providers)).toEqual([name]);
        expect(config.providers[name]).toMatchObject({ baseUrl: known.baseUrl, apiKeyEnv: keyName });
        expect(config.providers[name]?.apiKey()).toBe('key');
        expect(config.models.length).toBeGreaterThanOrEqual(2);
        expect(config.models.every((model) => !model.isSimulated)).toBe(true);
      }
    }
  });

  it('know every one of their models by the price list, sold by the token', async () => {
    const keys = Object.values(KNOWN_PROVIDERS).map((known) => [known.keyNames[0], 'key']);
    const config = await loadText(undefined, Object.fromEntries(keys));
    expect(config.models.map((model) => model.id).sort()).toEqual(Object.keys(KNOWN_MODELS).sort());
    const endpoints = config.models.flatMap((model) => model.endpoints);
    const offered = Object.values(KNOWN_MODELS).flatMap((known) => Object.entries(known.at));
    expect(endpoints.map((endpoint) => endpoint.id).sort()).toEqual(
      offered.map((pair) => pair.join('/')).sort(),
    );
    for (const endpoint of endpoints) {
      expect(endpoint, endpoint.id).toMatchObject({ isPriceKnown: true });
      expect(endpoint.price.inputUsdPerMillion, endpoint.id).toBeGreaterThan(0);
      expect(endpoint.price.outputUsdPerMillion, endpoint.id).toBeGreaterThan(0);
      expect(endpoint.price.cachedInputUsdPerMillion).toBeLessThanOrEqual(endpoint.price.inputUsdPerMillion);
    }
    for (const model of config.models) expect(model.contextLength, model.id).toBeGreaterThan(100_000);
  });

  it('that sell the same model are two endpoints of one', async () => {
    const config = await loadText(undefined, { OPENAI_API_KEY: 'a', OPENROUTER_API_KEY: 'b' });
    const model = config.models.find((candidate) => candidate.id === 'gpt-6-sol');
    expect(model?.endpoints.map((endpoint) => endpoint.id)).toEqual([
      'openai/gpt-6-sol',
      'openrouter/openai/gpt-6-sol',
    ]);
    const ids = config.models.map((candidate) => candidate.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('that let a model read less than others set its window', async () => {
    const windowsOf = async (env: Record<string, string>) =>
      (await loadText(undefined, env)).models.find((model) => model.id === 'kimi-k3')?.contextLength;
    expect(await windowsOf({ OPENROUTER_API_KEY: 'a' })).toBe(1_048_576);
    expect(await windowsOf({ OPENROUTER_API_KEY: 'a', FIREWORKS_API_KEY: 'b' })).toBe(1_040_000);
  });

  it('are not looked for when the file has providers, the key is blank, or detection is off', async () => {
    const own = await loadText('[providers.toy]\nkind = "simulated"', { OPENAI_API_KEY: 'key' });
    const blank = await loadText(undefined, { OPENAI_API_KEY: ' ' });
    const off = await loadText(undefined, { OPENAI_API_KEY: 'key', OUTRIDER_DETECT: 'none' });
    expect([own, blank, off].map((config) => Object.keys(config.providers))).toEqual([
      ['toy'],
      ['simulated'],
      ['simulated'],
    ]);
  });

  it('do not follow OPENAI_BASE_URL, which may point at this router', async () => {
    const config = await loadText(undefined, {
      OPENAI_API_KEY: 'a',
      OPENAI_BASE_URL: 'http://127.0.0.1:8080/v1',
    });
    expect(config.providers.openai?.baseUrl).toBe('https://api.openai.com/v1');
  });
});

describe('local servers', () => {
  it('Ollama: its models, what each can do, and no more context than the server keeps', async () => {
    const shown: Record<string, unknown> = {
      'qwen3:8b': {
        capabilities: ['completion', 'tools', 'thinking'],
        model_info: { 'qwen3.context_length': 40_960 },
      },
      'nomic-embed': { capabilities: ['embedding'], model_info: { 'nomic-bert.context_length': 2_048 } },
    };
    const address = await startServer((path, body) => {
      if (path === 'GET /v1/models')
        return { object: 'list', data: [{ id: 'qwen3:8b' }, { id: 'nomic-embed' }] };
      return path === 'POST /api/show' ? shown[JSON.parse(body).model] : undefined;
    });
    const { probe } = probeOnly(address);
    const config = await loadConfig({
      env: { OLLAMA_HOST: address, OLLAMA_CONTEXT_LENGTH: '16384', OUTRIDER_CONFIG: '' },
      simulatedModels: SIMULATED_MODELS,
      readFile: () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
      probe,
    });
    expect(config.providers.ollama).toMatchObject({ baseUrl: `http://${address}/v1`, apiKeyEnv: undefined });
    expect(
      config.models.map(({ id, type, contextLength, capabilities }) => [
        id,
        type,
        contextLength,
        [...capabilities],
      ]),
    ).toEqual([
      ['qwen3:8b', 'chat', 16_384, ['tools', 'json', 'reasoning']],
      ['nomic-embed', 'embedding', 2_048, []],
    ]);
    expect(config.models[0]?.endpoints[0]).toMatchObject({
      id: 'ollama/qwen3:8b',
      isPriceKnown: true,
      price: { inputUsdPerMillion: 0, outputUsdPerMillion: 0 },
    });
  });

  it('others by OUTRIDER_LOCAL_SERVERS: windows as vLLM and llama.cpp tell them, files by their name', async () => {
    const vllm = await startServer(() => ({ data: [{ id: 'meta/llama', max_model_len: 32_768 }] }));
    const llamacpp = await startServer(() => ({
      data: [{ id: '/models/qwen3-8b.gguf', meta: { n_ctx: 4_096 } }],
    }));
    const { probe } = probeOnly(vllm, llamacpp);
    const offers = await detectProviders({
      env: { OUTRIDER_LOCAL_SERVERS: `${vllm}, http://${llamacpp}/v1/` },
      probe,
      ownPort: 8080,
    });
    expect(Object.keys(offers.providers)).toEqual(['local1', 'local2']);
    expect(offers.models).toMatchObject({
      'meta/llama': { context_length: 32_768, endpoints: [{ provider: 'local1', model: 'meta/llama' }] },
      'qwen3-8b': {
        context_length: 4_096,
        endpoints: [{ provider: 'local2', model: '/models/qwen3-8b.gguf' }],
      },
    });
  });

  it('that have the same model are two endpoints of one', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => startServer(() => ({ data: [{ id: 'same' }] }))),
    );
    const { probe } = probeOnly(String(first), String(second));
    const offers = await detectProviders({
      env: { OUTRIDER_LOCAL_SERVERS: `${first},${second}` },
      probe,
      ownPort: 8080,
    });
    expect(offers.models.same?.endpoints.map((endpoint) => endpoint.provider)).toEqual(['local1', 'local2']);
  });

  it('that answer nonsense are not there', async () => {
    const answers: unknown[] = [
      '<html>',
      '',
      { data: 'x' },
      { data: [null, 1, { id: 7 }, { id: 'has space' }, { id: 'auto' }] },
      [],
      undefined,
    ];
    const addresses = await Promise.all(answers.map((answer) => startServer(() => answer)));
    const { probe, asked } = probeOnly(...addresses);
    const offers = await detectProviders({
      env: { OUTRIDER_LOCAL_SERVERS: addresses.join(',') },
      probe,
      ownPort: 8080,
    });
    expect(offers).toEqual({ providers: {}, models: {} });
    expect(asked).toEqual(expect.arrayContaining(addresses.map((address) => `http://${address}/v1/models`)));
  });

  it('are looked for at their usual ports, but never at our own', async () => {
    const { probe, asked } = probeOnly();
    await detectProviders({
      env: { OUTRIDER_LOCAL_SERVERS: 'localhost:9999,not a url' },
      probe,
      ownPort: 8080,
    });
    expect(asked.sort()).toEqual([
      'http://127.0.0.1:11434/v1/models',
      'http://127.0.0.1:1234/v1/models',
      'http://127.0.0.1:8000/v1/models',
      'http://localhost:9999/v1/models',
    ]);
    asked.length = 0;
    await detectProviders({ env: { OUTRIDER_LOCAL_SERVERS: 'localhost:9999' }, probe, ownPort: 9999 });
    expect(asked).toContain('http://127.0.0.1:8080/v1/models');
    expect(asked).not.toContain('http://localhost:9999/v1/models');
  });

  it('OLLAMA_HOST as Ollama reads it: a name, every interface, a URL', async () => {
    const cases = {
      'gpu.local': 'http://gpu.local:11434/v1',
      '0.0.0.0:7000': 'http://127.0.0.1:7000/v1',
      'https://o.example': 'https://o.example/v1',
    };
    for (const [host, baseUrl] of Object.entries(cases)) {
      const { probe, asked } = probeOnly();
      await detectProviders({ env: { OLLAMA_HOST: host }, probe, ownPort: 8080 });
      expect(asked).toContain(`${baseUrl}/models`);
    }
  });

  it('are left alone by OUTRIDER_DETECT=keys and =none', async () => {
    const { probe, asked } = probeOnly();
    const keys = await detectProviders({
      env: { OUTRIDER_DETECT: 'keys', GROQ_API_KEY: 'k' },
      probe,
      ownPort: 8080,
    });
    await detectProviders({ env: { OUTRIDER_DETECT: 'none' }, probe, ownPort: 8080 });
    expect(Object.keys(keys.providers)).toEqual(['groq']);
    expect(asked).toEqual([]);
  });
});

describe('probeServer', () => {
  it('gives up on a server that does not answer in time, and on one that is not there', async () => {
    const silent = createServer(() => {});
    servers.push(silent);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    await expect(probeServer(`http://127.0.0.1:${port}/v1/models`)).resolves.toBeUndefined();
    await expect(probeServer('http://127.0.0.1:1/v1/models')).resolves.toBeUndefined();
  });

  it('gives up on an answer too long to be a list of models', async () => {
    const fits = await startServer(() => ({ data: 'x'.repeat(1_000_000) }));
    const tooLong = await startServer(() => ({ data: 'x'.repeat(3_000_000) }));
    // On a busy machine a megabyte may take longer than it has.
    await expect.poll(() => probeServer(`http://${fits}/`)).toHaveProperty('data');
    await expect(probeServer(`http://${tooLong}/`)).resolves.toBeUndefined();
  });
});
