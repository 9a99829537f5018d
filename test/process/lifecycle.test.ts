import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { providerToml } from '../fixtures/gateway.ts';
import { runGatewayProcess, startGatewayProcess } from '../fixtures/gateway-process.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';

const closers: (() => Promise<unknown>)[] = [];
let upstream: MisbehavingUpstream;
let folder: string;
let configPath: string;

beforeEach(async () => {
  upstream = await startMisbehavingUpstream();
  closers.push(upstream.close);
  folder = await mkdtemp(join(tmpdir(), 'outrider-life-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  configPath = join(folder, 'outrider.toml');
});
afterEach(async () => {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
});

function write(api: string, rest: string): Promise<void> {
  return writeFile(
    configPath,
    `[api]\n${api}\n[store]\nurl = "sqlite:${join(folder, 'outrider.db')}"\n${rest}`,
  );
}

const models = (...names: string[]) => providerToml('upstream', upstream.baseUrl, names);
const LOOPBACK = 'address = "127.0.0.1:0"\ndrain_seconds = 1';

function chat(url: string, model: string, stream = false) {
  const dispatcher = new Agent();
  closers.push(() => dispatcher.destroy());
  return request(`${url}/v1/chat/completions`, {
    method: 'POST',
    dispatcher,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hello' }] }),
  });
}

describe('SIGTERM', () => {
  it('lets a running answer finish, ends an endless one with an error event, and leaves nothing pending', async () => {
    await write(LOOPBACK, models('ok-slow', 'stream-stall-after'));
    const gateway = await startGatewayProcess(configPath);
    const endless = await chat(gateway.url, 'stream-stall-after', true);
    const slow = chat(gateway.url, 'ok-slow');
    await expect.poll(() => upstream.countFor('ok-slow')).toBe(1);

    gateway.kill('SIGTERM');
    expect((await slow).statusCode).toBe(200);
    const text = await endless.body.text();
    expect(text).toContain('"code":"shutting_down"');
    expect(text).not.toContain('[DONE]');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });

    const store = await openStore({ url: `sqlite:${join(folder, 'outrider.db')}`, now: () => Date.now() });
    closers.push(() => store.close());
    expect(await store.recoverPending()).toEqual([]);
    const endings = [];
    for await (const { modelId, ending } of store.attemptFacts()) endings.push([modelId, ending]);
    expect(endings.sort()).toEqual([
      ['ok-slow', 'completed'],
      ['stream-stall-after', 'shutdown'],
    ]);
  });

  it('takes no new connection and exits at once when idle', async () => {
    await write(LOOPBACK, models('good'));
    const gateway = await startGatewayProcess(configPath);
    await (await chat(gateway.url, 'good')).body.dump();
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    await expect(chat(gateway.url, 'good')).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('a connection that asks nothing', () => {
  it.each([
    ['was opened ahead', ''],
    ['sent half a header', 'POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-le'],
  ])('does not hold a shutdown: one that %s', async (_name, bytes) => {
    await write('address = "127.0.0.1:0"\ndrain_seconds = 30', models('ok-slow'));
    const gateway = await startGatewayProcess(configPath);
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    closers.push(async () => socket.destroy());
    const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    if (bytes !== '') socket.write(bytes);
    // On another connection an answer is under way: that one is waited for.
    const running = chat(gateway.url, 'ok-slow');
    await expect.poll(() => upstream.countFor('ok-slow')).toBe(1);
    gateway.kill('SIGTERM');
    await gone;
    expect((await running).statusCode).toBe(200);
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    // Held to the limit, this test would take half a minute and time out.
  });
});

describe('SIGHUP', () => {
  it('takes over new models without dropping a request, and keeps the old settings when the file is bad', async () => {
    await write(LOOPBACK, models('ok-slow'));
    const gateway = await startGatewayProcess(configPath);
    const status = async (model: string) => {
      const { statusCode, body } = await chat(gateway.url, model);
      await body.dump();
      return statusCode;
    };
    expect(await status('newcomer')).toBe(404);

    const running = chat(gateway.url, 'ok-slow');
    await expect.poll(() => upstream.countFor('ok-slow')).toBe(1);
    await write(LOOPBACK, models('newcomer'));
    gateway.kill('SIGHUP');
    await expect.poll(() => status('newcomer'), { timeout: 10_000 }).toBe(200);
    expect((await running).statusCode).toBe(200);
    expect(await status('ok-slow')).toBe(404);

    await write(LOOPBACK, '[routing]\ndefault_strategy = "nonsense"\n');
    gateway.kill('SIGHUP');
    await expect.poll(() => gateway.stdout(), { timeout: 10_000 }).toContain('the old one stays in force');
    expect(await status('newcomer')).toBe(200);
    gateway.kill('SIGTERM');
    await gateway.exited;
  });
});

describe('who may come, in the line at the start', () => {
  it.each([
    ['address = "127.0.0.1:0"', 'open to this machine: no key exists yet'],
    ['address = "127.0.0.1:0"\nrequire_auth = false', 'open to this machine: api.require_auth is false'],
    [
      'address = "0.0.0.0:0"\nrequire_auth = false',
      'open to everybody who can reach it: api.require_auth is false',
    ],
  ])('%s', async (api, words) => {
    await write(api, models('good'));
    const gateway = await startGatewayProcess(configPath);
    expect(gateway.stderr()).toContain(`(${words})`);
    gateway.kill('SIGTERM');
    await gateway.exited;
  });
});

describe('a start that cannot be', () => {
  it('names every mistake of the configuration and exits 78', async () => {
    await write('address = "nowhere"\nmax_requests = 5', '[routing]\ndefault_strategy = "nonsense"\n');
    const { code, stderr } = await runGatewayProcess(configPath);
    expect(code).toBe(78);
    expect(stderr).toContain('3 mistakes');
    for (const text of ['line 2', 'api.address', 'max_requests', 'routing.default_strategy']) {
      expect(stderr).toContain(text);
    }
    expect(stderr).not.toContain('    at ');
  });

  it('refuses an address that others can reach while no key exists', async () => {
    await write('address = "0.0.0.0:0"', models('good'));
    const { code, stderr } = await runGatewayProcess(configPath);
    expect(code).toBe(78);
    expect(stderr).toContain('outrider keys create');
  });

  it('leaves a file that is no database untouched and exits 78', async () => {
    await write(LOOPBACK, models('good'));
    await writeFile(
      join(folder, 'outrider.db'),
      'this is a letter to my grandmother, not a database\n'.repeat(50),
    );
    const { code, stderr } = await runGatewayProcess(configPath);
    expect(code).toBe(78);
    expect(stderr).not.toContain('    at ');
  });

  it('refuses a database that another gateway serves on, whose requests go on', async () => {
    await write(LOOPBACK, models('ok-slow'));
    const first = await startGatewayProcess(configPath);
    const running = chat(first.url, 'ok-slow');
    await expect.poll(() => upstream.countFor('ok-slow')).toBe(1);
    const { code, stderr } = await runGatewayProcess(configPath);
    expect(code).toBe(78);
    expect(stderr).toMatch(/^another Outrider is serving on \S+outrider\.db; stop it first, .*\n$/);
    expect((await running).statusCode).toBe(200);
    first.kill('SIGTERM');
    await first.exited;
    const store = await openStore({ url: `sqlite:${join(folder, 'outrider.db')}`, now: () => Date.now() });
    closers.push(() => store.close());
    const endings = [];
    for await (const { ending } of store.attemptFacts()) endings.push(ending);
    expect(endings).toEqual(['completed']);
  });

  it('says which address is taken', async () => {
    await write(`address = "127.0.0.1:${upstream.port}"`, models('good'));
    const { code, stderr } = await runGatewayProcess(configPath);
    expect(code).not.toBe(0);
    expect(stderr).toContain(String(upstream.port));
    expect(stderr).not.toContain('    at ');
  });
});
