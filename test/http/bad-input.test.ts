import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Answer, type SendOptions, send, sendBytes } from './send.ts';

let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let callsBefore = 0;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['ok']));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

beforeEach(() => {
  callsBefore = upstream.requests.length;
});

/** Nothing of a refused request went further, and the next one is served as if it had not been. */
afterEach(async () => {
  expect(upstream.requests.length).toBe(callsBefore);
  expect((await chat({ body: GOOD })).status).toBe(200);
  const openEnds = async () =>
    (await send(`${gateway.url}/metrics`)).text.match(
      /^outrider_(journal_pending|journal_dropped|requests_in_flight) .*$/gm,
    );
  await expect
    .poll(openEnds, { interval: 5 })
    .toEqual(['outrider_journal_pending 0', 'outrider_journal_dropped 0', 'outrider_requests_in_flight 0']);
});

const GOOD = { model: 'ok', messages: [{ role: 'user', content: 'hi' }] };
const MESSAGES = JSON.stringify(GOOD.messages);
const CHAT = '/v1/chat/completions';

const chat = (options: SendOptions) => send(`${gateway.url}${CHAT}`, options);

/** OpenAI's shape whatever the mistake: clients read `error.message` and branch on `error.code`. */
function expectRefusal(answer: Answer, status: number, code: string, param?: string | null): void {
  expect(answer.json).toEqual({
    error: {
      message: expect.stringMatching(/\w.*\.$/),
      type: status === 404 ? 'not_found_error' : 'invalid_request_error',
      param: param === undefined ? expect.anything() : param,
      code,
    },
  });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
}

describe('a body that is no JSON object', () => {
  test.each([
    ['null', 'null', 'invalid_json'],
    ['a list', '[]', 'invalid_json'],
    ['a string', '"x"', 'invalid_json'],
    ['a number', '1e400', 'invalid_json'],
    ['empty', '', 'invalid_json'],
    ['cut off', '{"model":"ok","messages":[', 'invalid_json'],
    ['with a comma too many', `{"model":"ok","messages":${MESSAGES},}`, 'invalid_json'],
    ['NaN', `{"model":"ok","messages":${MESSAGES},"temperature":NaN}`, 'invalid_json'],
    ['behind a byte order mark', `\uFEFF${JSON.stringify(GOOD)}`, 'invalid_json'],
    ['400,000 levels deep', `${'['.repeat(400_000)}${']'.repeat(400_000)}`, 'too_deep'],
    ['deep inside', `{"model":"ok","messages":${'[{"a":'.repeat(200_000)}`, 'too_deep'],
    [
      '65 levels deep',
      `{"model":"ok","messages":${MESSAGES},"x":${'['.repeat(64)}${']'.repeat(64)}}`,
      'too_deep',
    ],
    ['a name twice', `{"model":"ok","messages":${MESSAGES},"model":"other"}`, 'duplicate_key'],
    [
      'a name twice, once escaped',
      `{"model":"ok","messages":${MESSAGES},"mod\\u0065l":"x"}`,
      'duplicate_key',
    ],
    ['a name twice inside', '{"model":"ok","messages":[{"role":"user","role":"system"}]}', 'duplicate_key'],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from('{"model":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}')]),
      'invalid_json',
    ],
    ['UTF-16', Buffer.from(JSON.stringify(GOOD), 'utf16le'), 'invalid_json'],
  ])('%s', async (_name, body, code) => {
    const param = _name.startsWith('a name twice') && !_name.includes('inside') ? 'model' : null;
    expectRefusal(await chat({ body }), 400, code, param);
  });

  test('64 levels are taken', async () => {
    const body = `{"model":"ok","messages":${MESSAGES},"x":${'['.repeat(63)}${']'.repeat(63)}}`;
    expect((await chat({ body })).status).toBe(200);
    callsBefore += 1;
  });

  test('more than the limit', async () => {
    expectRefusal(await chat({ body: Buffer.alloc(11 * 1024 * 1024, ' ') }), 413, 'request_too_large', null);
  });

  test('none at all', async () => {
    expectRefusal(await chat({ method: 'POST' }), 400, 'invalid_json', null);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
  ])('as %s', async (type) => {
    const answer = await chat({ body: GOOD, headers: { 'content-type': type } });
    expectRefusal(answer, 415, 'unsupported_media_type', null);
  });

  test('compressed', async () => {
    const answer = await chat({ body: GOOD, headers: { 'content-encoding': 'gzip' } });
    expectRefusal(answer, 415, 'unsupported_encoding', null);
  });
});

describe('a chat request with a mistake', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['messages missing', { messages: undefined }, 'messages'],
    ['messages a string', { messages: 'hi' }, 'messages'],
    ['messages [123]', { messages: [123] }, 'messages[0]'],
    ['messages empty', { messages: [] }, 'messages'],
    ['messages [null]', { messages: [null] }, 'messages[0]'],
    ['a message without a role', { messages: [{ content: 'hi' }] }, 'messages[0].role'],
    ['content a number', { messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    ['a part without a type', { messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content'],
    ['model missing', { model: undefined }, 'model'],
    ['model 5', { model: 5 }, 'model'],
    ['model ""', { model: '' }, 'model'],
    ['model of 10,000 characters', { model: 'x'.repeat(10_000) }, 'model'],
    ['n 10000', { n: 10_000 }, 'n'],
    ['n 0', { n: 0 }, 'n'],
    ['n 1.5', { n: 1.5 }, 'n'],
    ['seed 1.5', { seed: 1.5 }, 'seed'],
    ['temperature "hot"', { temperature: 'hot' }, 'temperature'],
    ['temperature 2.1', { temperature: 2.1 }, 'temperature'],
    ['max_tokens -1', { max_tokens: -1 }, 'max_tokens'],
    ['max_completion_tokens "many"', { max_completion_tokens: 'many' }, 'max_completion_tokens'],
    ['stream "yes"', { stream: 'yes' }, 'stream'],
    ['stream_options without stream', { stream_options: { include_usage: true } }, 'stream_options'],
    ['tools an object', { tools: {} }, 'tools'],
    ['response_format a string', { response_format: 'json' }, 'response_format'],
    ['route a string', { route: 'cheapest' }, 'route'],
    ['route.max_cost_usd negative', { route: { max_cost_usd: -1 } }, 'route.max_cost_usd'],
    ['route.models empty', { route: { models: [] } }, 'route.models'],
    ['route.min_quality 2', { route: { min_quality: 2 } }, 'route.min_quality'],
  ])('%s', async (_name, change, param) => {
    expectRefusal(await chat({ body: { ...GOOD, ...change } }), 400, 'invalid_value', param);
  });

  test('temperature 1e400', async () => {
    const body = `{"model":"ok","messages":${MESSAGES},"temperature":1e400}`;
    expectRefusal(await chat({ body }), 400, 'invalid_value', 'temperature');
  });

  test('an option of `route` that there is not', async () => {
    for (const option of ['stratgy', '__proto__', 'constructor', 'x'.repeat(10_000)]) {
      const body = `{"model":"ok","messages":${MESSAGES},"route":{${JSON.stringify(option)}:1}}`;
      const answer = await chat({ body });
      expectRefusal(answer, 400, 'unknown_option', `route.${option.slice(0, 64)}`);
      expect(answer.text.length).toBeLessThan(500);
    }
  });

  test.each(['__proto__', 'constructor', 'toString', 'no-such-model', '\uD800', 'ok\u0000', '../ok'])(
    'the model %j',
    async (model) => {
      expectRefusal(await chat({ body: { ...GOOD, model } }), 404, 'model_not_found', 'model');
    },
  );

  test.each(['__proto__', 'constructor', 'no-such-strategy'])('the strategy %j', async (strategy) => {
    const requests = {
      model: { model: `auto:${strategy}` },
      'route.strategy': { model: 'auto', route: { strategy } },
    };
    for (const [param, request] of Object.entries(requests)) {
      expectRefusal(await chat({ body: { ...GOOD, ...request } }), 400, 'invalid_request', param);
    }
  });
});

describe('odd, and taken', () => {
  afterEach(() => {
    callsBefore = upstream.requests.length;
  });

  test('a `__proto__` member decides nothing here and passes through like any other unknown one', async () => {
    const member = '"__proto__":{"stream":true,"route":{"models":["nobody"]},"n":"many"}';
    const answer = await chat({ body: `{"model":"ok","messages":${MESSAGES},${member}}` });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ object: 'chat.completion' });
    expect(upstream.requests.at(-1)?.body).toContain(member);
    expect(({} as { stream?: unknown }).stream).toBeUndefined();
    callsBefore += 1;
  });

  test('a lone surrogate in a prompt, which is valid JSON', async () => {
    const body = '{"model":"ok","messages":[{"role":"user","content":"\\ud800"}]}';
    expect((await chat({ body })).status).toBe(200);
    expect(upstream.requests.at(-1)?.body).toContain('\\ud800');
    callsBefore += 1;
  });

  test.each(['a b', '<script>', 'x'.repeat(65), 'é', '', '../../etc/passwd', 'a,b'])(
    'the x-request-id %j is not echoed',
    async (id) => {
      const answer = await chat({
        body: GOOD,
        headers: { 'x-request-id': Buffer.from(id).toString('latin1') },
      });
      expect(answer.status).toBe(200);
      expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
      callsBefore += 1;
    },
  );

  test('two x-request-id headers are none', async () => {
    const answer = await chat({ body: GOOD, headers: { 'x-request-id': ['one', 'two'] } });
    expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
    callsBefore += 1;
  });
});

describe('what is not at this address', () => {
  test.each([
    ['GET', '/v1/nothing-here'],
    ['GET', '/'],
    ['GET', CHAT],
    ['PUT', CHAT],
    ['DELETE', '/v1/models'],
    ['POST', '/v1/intelligence/rankings'],
    ['PATCH', '/v1/feedback/x'],
  ])('%s %s', async (method, path) => {
    expectRefusal(await send(`${gateway.url}${path}`, { method }), 404, 'unknown_url', null);
  });

  test('a path that cannot be decoded', async () => {
    expectRefusal(await send(`${gateway.url}/v1/models/%zz`), 400, 'invalid_url', null);
  });

  test('a path that is too long', async () => {
    expectRefusal(await send(`${gateway.url}/v1/explain/${'x'.repeat(600)}`), 414, 'invalid_url', null);
  });

  test.each(['%00', '__proto__', '..%2f..%2fetc', "'%20or%201=1", '%F0%9F%91%8B'])(
    'the request id %s',
    async (id) => {
      expectRefusal(await send(`${gateway.url}/v1/explain/${id}`), 404, 'request_not_found', 'request_id');
    },
  );
});

describe('bytes that are no HTTP', () => {
  const head = (lines: readonly string[]) =>
    [
      'POST /v1/chat/completions HTTP/1.1',
      'host: localhost',
      'content-type: application/json',
      ...lines,
      '',
      '',
    ].join('\r\n');
  const body = JSON.stringify(GOOD);

  test.each([
    ['a content-length that is no number', head(['content-length: many']) + body, 400, 'invalid_request'],
    ['a content-length longer than the body', head(['content-length: 5000']) + body, 400, 'invalid_request'],
    ['a content-length shorter than the body', head(['content-length: 5']) + body, 400, 'invalid_request'],
    ['two content-lengths', head(['content-length: 5', 'content-length: 6']) + body, 400, 'invalid_request'],
    [
      'a length and chunks',
      head(['content-length: 5', 'transfer-encoding: chunked']) + body,
      400,
      'invalid_request',
    ],
    ['broken chunks', `${head(['transfer-encoding: chunked'])}zz\r\n{}\r\n`, 400, 'invalid_request'],
    ['no host', 'GET /health/live HTTP/1.1\r\n\r\n', 400, 'invalid_request'],
    ['a wish for a tunnel', 'CONNECT x:443 HTTP/1.1\r\nhost: x:443\r\n\r\n', 400, 'invalid_request'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 400, 'invalid_request'],
    ['huge headers', head([`x-padding: ${'x'.repeat(40_000)}`]), 431, 'headers_too_large'],
    ['many headers', head(Array.from({ length: 5_000 }, (_, at) => `x-${at}: y`)), 431, 'headers_too_large'],
  ])('%s', async (_name, bytes, status, code) => {
    expectRefusal(await sendBytes(gateway.url, bytes), status, code, null);
  });

  test('an expectation that nobody knows is no reason to refuse, and HTTP/1.0 needs no host', async () => {
    const lines = [
      'GET /health/live HTTP/1.1',
      'host: localhost',
      'expect: nonsense',
      'connection: close',
      '',
      '',
    ];
    expect(await sendBytes(gateway.url, lines.join('\r\n'))).toMatchObject({
      status: 200,
      json: { status: 'ok' },
    });
    const old = await sendBytes(gateway.url, 'GET /health/live HTTP/1.0\r\n\r\n');
    expect(old).toMatchObject({ status: 200, json: { status: 'ok' } });
  });
});

describe('parameters of rankings', () => {
  test.each([
    ['task=__proto__', 'task'],
    ['task=', 'task'],
    ['task=%00', 'task'],
    ['task=%zz', 'task'],
    [`task=${'x'.repeat(5_000)}`, 'task'],
    ['task=a&task=b', 'task'],
    ['task[]=translation', 'task[]'],
    ['strategy=constructor', 'strategy'],
    ['window=-1', 'window'],
    ['window=toString', 'window'],
    ['sort=__proto__', 'sort'],
    ['__proto__=1', '__proto__'],
    ['limit=0', 'limit'],
  ])('%s', async (query, param) => {
    const answer = await send(`${gateway.url}/v1/intelligence/rankings?${query}`);
    expectRefusal(answer, 400, 'invalid_request', param);
    expect(answer.text.length).toBeLessThan(600);
  });
});

describe('feedback', () => {
  let judged: string;

  beforeAll(async () => {
    judged = String((await chat({ body: GOOD })).headers['x-request-id']);
  });

  const give = (body: unknown, id = judged) => send(`${gateway.url}/v1/feedback/${id}`, { body });

  test.each<[string, unknown, string, string | null]>([
    ['score -1', { score: -1 }, 'invalid_value', 'score'],
    ['score 2', { score: 2 }, 'invalid_value', 'score'],
    ['score NaN', '{"score":NaN}', 'invalid_json', null],
    ['score 1e400', '{"score":1e400}', 'invalid_value', 'score'],
    ['score "yes"', { score: 'yes' }, 'invalid_value', 'score'],
    ['score null', { score: null }, 'invalid_value', 'score'],
    ['nothing', {}, 'invalid_feedback', null],
    ['no body', '', 'invalid_json', null],
    ['an unknown field', { score: 1, scored: 0 }, 'unknown_option', 'scored'],
    ['an unknown outcome', { outcome: 'great' }, 'invalid_value', 'outcome'],
    ['an unknown signal', { signals: { test_passed: true } }, 'invalid_feedback', null],
    ['a signal of 7', { tests_passed: 7 }, 'invalid_feedback', null],
    ['a contradiction', { score: 1, outcome: 'failure' }, 'invalid_feedback', null],
    ['a hostile source', { score: 1, source: '../../x' }, 'invalid_feedback', null],
    ['too long a comment', { score: 1, comment: 'x'.repeat(2_001) }, 'invalid_feedback', null],
    ['a NUL in the comment', { score: 1, comment: 'a\u0000b' }, 'invalid_value', 'comment'],
  ])('%s', async (_name, body, code, param) => {
    expectRefusal(await give(body), 400, code, param);
    const explained = await send(`${gateway.url}/v1/explain/${judged}`);
    expect(explained.json).toMatchObject({ feedback: [] });
  });

  test('on a request that there is not', async () => {
    for (const id of ['req_nobody', 'resp_req_nobody', 'msg_', 'msg_msg_x']) {
      expectRefusal(await give({ score: 1 }, id), 404, 'request_not_found', 'request_id');
    }
    const deleting = await send(`${gateway.url}/v1/feedback/req_nobody`, { method: 'DELETE' });
    expectRefusal(deleting, 404, 'request_not_found', 'request_id');
  });

  test('a misspelt parameter of DELETE does not take back somebody else’s verdict', async () => {
    const answer = await send(`${gateway.url}/v1/feedback/${judged}?sourse=ci`, { method: 'DELETE' });
    expectRefusal(answer, 400, 'invalid_request', 'sourse');
  });
});

test('after all of this the database has one ended attempt for each call that went out, and no other', async () => {
  const endings = await gateway.withStore(async (store) => {
    const found: string[] = [];
    for await (const { ending } of store.attemptFacts()) found.push(ending);
    return found;
  });
  expect(endings).toEqual(Array(upstream.requests.length).fill('completed'));
  expect(endings.length).toBeGreaterThan(100);
});
