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
const AT_ONCE = 'address = "127.0.0.1:0"\nunready_seconds = 0';
const LOOPBACK = `${AT_ONCE}\ndrain_seconds = 1`;

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

describe('before it takes no more connections', () => {
  it('says on new ones that it is not ready, answers, and has clients leave with their answer', async () => {
    await write('address = "127.0.0.1:0"\nunready_seconds = 8', models('good'));
    const gateway = await startGatewayProcess(configPath);
    const ready = async () => {
      const dispatcher = new Agent();
      closers.push(() => dispatcher.destroy());
      const answer = await request(`${gateway.url}/health/ready`, { dispatcher });
      return { status: answer.statusCode, headers: answer.headers, json: await answer.body.json() };
    };
    expect((await ready()).headers.connection).toBe('keep-alive');
    gateway.kill('SIGTERM');
    await expect.poll(ready).toMatchObject({
      status: 503,
      headers: { connection: 'close' },
      json: { status: 'degraded', reasons: ['shutting down'] },
    });
    for (const stream of [false, true]) {
      const answer = await chat(gateway.url, 'good', stream);
      expect(answer).toMatchObject({ statusCode: 200, headers: { connection: 'close' } });
      expect(await answer.body.text()).toContain('upstream.');
    }
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    await expect(ready()).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('a connection that asks nothing', () => {
  it.each([
    ['was opened ahead', ''],
    ['sent half a header', 'POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-le'],
  ])('does not hold a shutdown: one that %s', async (_name, bytes) => {
    await write(`${AT_ONCE}\ndrain_seconds = 30`, models('ok-slow'));
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

describe('a reload that changes who may come', () => {
  const said = (gateway: { stdout(): string }) => expect.poll(() => gateway.stdout(), { timeout: 10_000 });

  it('is taken over where only this machine can reach it, and the log says so', async () => {
    await write(`${LOOPBACK}\nrequire_auth = false`, models('good'));
    const gateway = await startGatewayProcess(configPath);
    await write(LOOPBACK, models('good'));
    gateway.kill('SIGHUP');
    await said(gateway).toContain(
      'api.require_auth was changed: within five seconds clients need a key again',
    );
    gateway.kill('SIGTERM');
    await gateway.exited;
  });

  it('is refused where others can reach it and no key exists: that would be open under a closed sign', async () => {
    const open = 'address = "0.0.0.0:0"\nunready_seconds = 0\nrequire_auth = ';
    await write(`${open}false`, models('good'));
    const gateway = await startGatewayProcess(configPath);
    // The address cannot change, so that a loopback one in the file is no excuse.
    await write(`${LOOPBACK}\nrequire_auth = true`, models('newcomer'));
    gateway.kill('SIGHUP');
    await said(gateway).toMatch(
      /0\.0\.0\.0 can be reached from other machines and no key exists yet.*the old one stays in force/s,
    );
    const url = gateway.url.replace('0.0.0.0', '127.0.0.1');
    expect((await chat(url, 'good')).statusCode).toBe(200);
    gateway.kill('SIGTERM');
    await gateway.exited;
  });

  it('names what takes a restart at each reload, until there is one', async () => {
    await write(LOOPBACK, models('good'));
    const gateway = await startGatewayProcess(configPath);
    await write(`${LOOPBACK}\nbody_limit_bytes = 2000`, models('good'));
    const warnings = () => gateway.stdout().match(/"settings":\["api\.body_limit_bytes"\]/g)?.length;
    for (const times of [1, 2]) {
      gateway.kill('SIGHUP');
      await expect.poll(warnings, { timeout: 10_000 }).toBe(times);
    }
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
    expect(code, stderr).toBe(78);
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
