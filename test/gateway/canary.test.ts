import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { providerToml } from '../fixtures/gateway.ts';
import { type GatewayProcess, startGatewayProcess } from '../fixtures/gateway-process.ts';
import { ANSWER_TEXT } from '../fixtures/misbehaving-answers.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Answer, type SendOptions, send } from '../http/send.ts';

/**
 * Secrets and prompts go in wherever something can go in, on good ways and bad ones; then everything that comes out or
 * stays behind is searched for them: the log at its most talkative, the database, metrics, reports and error answers.
 */
const PROVIDER_KEY = 'sk-canary-provider-7f3a9b2c';
const PROVIDER_HEADER = 'canary-header-5d1e8f';
const WRONG_KEY = 'or-canarywrongkey00000000000000000000000000';
const PROMPT = 'canary-prompt-c4a1';
const COMMENT = 'canary-comment-9e77';

const MODELS = [
  'ok',
  'echo',
  '400',
  '401',
  '403',
  '422',
  '500',
  '502-html',
  'malformed-json',
  'html-200',
  'context-length',
  'not-http',
  'stream-truncated',
  'stream-error-event-first',
] as const;

let folder: string;
let upstream: MisbehavingUpstream;
let gateway: GatewayProcess;
let clientKey: string;
let otherKey: string;
const refusals: Answer[] = [];
const reports: string[] = [];
let databaseWhileServing: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-canary-'));
  upstream = await startMisbehavingUpstream();
  const url = `sqlite:${join(folder, 'outrider.db')}`;
  const configPath = join(folder, 'outrider.toml');
  await writeFile(
    configPath,
    [
      '[api]',
      'address = "127.0.0.1:0"',
      '[store]',
      `url = ${JSON.stringify(url)}`,
      providerToml('up', upstream.baseUrl, MODELS, {
        provider: 'api_key_env = "CANARY_KEY"\nheaders_env = { x-canary = "CANARY_HEADER" }',
      }),
    ].join('\n'),
  );
  const store = await openStore({ url, now: () => Date.now() });
  const scopes = ['inference', 'feedback', 'intelligence'] as const;
  ({ key: clientKey } = await store.createKey({ name: 'app', scopes }));
  ({ key: otherKey } = await store.createKey({ name: 'other', scopes: ['feedback'] }));
  await store.close();
  gateway = await startGatewayProcess(configPath, {
    OUTRIDER_LOG_LEVEL: 'trace',
    CANARY_KEY: PROVIDER_KEY,
    CANARY_HEADER: PROVIDER_HEADER,
  });
  await useIt();
  databaseWhileServing = await readDatabase();
  gateway.kill('SIGTERM');
  expect((await gateway.exited).code).toBe(0);
});

afterAll(async () => {
  gateway?.kill('SIGKILL');
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
});

async function useIt(): Promise<void> {
  const call = async (path: string, options: SendOptions) => {
    const answer = await send(`${gateway.url}${path}`, { key: clientKey, ...options });
    if (answer.status >= 400) refusals.push(answer);
    return answer;
  };
  const chat = (request: object, options: SendOptions = {}) =>
    call('/v1/chat/completions', { body: { ...request }, ...options });
  const messages = [
    { role: 'system', content: PROMPT },
    { role: 'user', content: [{ type: 'text', text: PROMPT }], name: PROMPT },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: PROMPT, type: 'function', function: { name: PROMPT, arguments: PROMPT } }],
    },
    { role: 'tool', tool_call_id: PROMPT, content: PROMPT },
    { role: 'user', content: PROMPT },
  ];
  const extras = { user: PROMPT, metadata: { x: PROMPT }, session_id: PROMPT, stop: [PROMPT] };
  const headers = { cookie: PROMPT, 'x-router-task': PROMPT, 'x-session-id': PROMPT, referer: PROMPT };

  let judged = '';
  for (const model of ['auto', ...MODELS]) {
    for (const stream of [false, true]) {
      const answer = await chat({ model, messages, stream, ...extras }, { headers });
      if (model === 'ok') judged = String(answer.headers['x-request-id']);
    }
  }
  // Requests that are refused before they go anywhere.
  await chat({ model: PROMPT, messages });
  await chat({ model: 'ok', messages: [{ role: 5, content: PROMPT }] });
  await chat({ model: 'ok', messages, temperature: PROMPT });
  await chat({ model: 'ok', messages, route: { max_cost_usd: 1e-12 } });
  await chat({}, { body: `{"model":"ok","messages":[{"role":"user","content":"${PROMPT}"}` });
  await chat({}, { body: PROMPT, headers: { 'content-type': 'text/plain' } });
  await chat({ model: 'ok', messages }, { key: WRONG_KEY });
  await chat({ model: 'ok', messages }, { headers: { authorization: `Basic ${WRONG_KEY}` } });
  await chat({ model: 'ok', messages }, { key: otherKey });
  for (const key of [WRONG_KEY, clientKey]) {
    await chat({ model: 'ok', messages }, { headers: { 'x-api-key': WRONG_KEY } });
    for (const path of ['/v1/chat/completions', '/v1/models', '/v1/not-there', '/%zz']) {
      await call(`${path}?api_key=${key}&key=${key}`, { body: { model: 'ok', messages } });
    }
  }
  await call(`/v1/feedback/${judged}`, { body: { score: 1, comment: COMMENT } });
  await call(`/v1/feedback/${judged}`, { body: { score: 1, comment: COMMENT, source: 'no such source' } });
  await call(`/v1/feedback/${judged}`, { body: { score: 1 }, key: otherKey });
  for (const path of [
    '/metrics',
    '/v1/models',
    '/v1/intelligence/health',
    '/v1/intelligence/rankings',
    `/v1/explain/${judged}`,
  ]) {
    reports.push((await call(path, {})).text);
  }
}

/** The database with its journal, as they lie on disk. */
async function readDatabase(): Promise<Buffer> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('outrider.db'));
  return Buffer.concat(await Promise.all(names.map((name) => readFile(join(folder, name)))));
}

const keys = () => [clientKey, otherKey, WRONG_KEY, PROVIDER_KEY, PROVIDER_HEADER];
const prompts = [PROMPT, ANSWER_TEXT, ANSWER_TEXT.slice(0, 12)];

function expectNone(haystack: string | Buffer, needles: readonly string[]): void {
  expect(needles.filter((needle) => haystack.includes(needle))).toEqual([]);
}

test('the canaries went where they belong', () => {
  const sent = upstream.requests.filter(({ model }) => model === 'ok');
  expect(sent.length).toBeGreaterThan(0);
  for (const { headers, body } of sent) {
    expect(headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect(headers['x-canary']).toBe(PROVIDER_HEADER);
    expect(headers.cookie).toBeUndefined();
    expect(body).toContain(PROMPT);
    expectNone(body + JSON.stringify(headers), [clientKey]);
  }
  expect(refusals.length).toBeGreaterThan(15);
});

test('the log says what happened, and none of it', () => {
  const log = gateway.stdout() + gateway.stderr();
  const attempts = log.split('\n').filter((line) => line.includes('"msg":"attempt"'));
  expect(attempts.length).toBeGreaterThan(20);
  for (const line of attempts) {
    expect(JSON.parse(line)).toMatchObject({
      level: 30,
      time: expect.any(Number),
      request_id: expect.stringMatching(/^[\w-]+$/),
      endpoint: expect.any(String),
      ending: expect.any(String),
      latency_ms: expect.any(Number),
    });
  }
  expect(log).toContain('"code":"upstream_auth"');
  // What providers do wrong is a line; stacks are for what we do wrong.
  expect(log).not.toContain('"stack"');
  expectNone(log, [...keys(), ...prompts, COMMENT, 'nginx on host-7', 'org-secret-7']);
});

test('the database keeps verdicts with their comments, but no keys, prompts or answers', async () => {
  for (const database of [databaseWhileServing, await readDatabase()]) {
    expect(database.includes(COMMENT)).toBe(true);
    expect(database.includes(clientKey.slice(0, 6))).toBe(true);
    expectNone(database, [...keys(), ...prompts]);
  }
});

test('reports and metrics', () => {
  expect(reports.every((text) => text.length > 100)).toBe(true);
  expectNone(reports.join('\n').replaceAll(COMMENT, ''), [...keys(), ...prompts]);
});

test('error answers are in our own words', () => {
  for (const { status, text, json } of refusals) {
    expect(json).toMatchObject({ error: { message: expect.any(String), code: expect.any(String) } });
    expectNone(text, [
      ...keys(),
      'org-secret-7',
      'nginx',
      '<html',
      'SSH-2.0',
      folder,
      'node_modules',
      '    at ',
    ]);
    // A model's name is repeated to the one who sent it; a prompt is not.
    if (status !== 404) expectNone(text, [...prompts, COMMENT]);
  }
});
