import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Answer, send } from './send.ts';

let gateway: TestGateway;
let upstream: MisbehavingUpstream;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway(providerToml('up', upstream.baseUrl, ['ok', 'context-length']));
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const post = (request: unknown, path = '/v1/messages') => send(gateway.url + path, { body: request });
const hello = { model: 'ok', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
const about = (members: object) => post({ ...hello, ...members });
const says = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] });
const answers = (...content: unknown[]) => ({ messages: [{ role: 'assistant', content }] });
const part = 'messages[0].content[0]';

function expectRefusal(answer: Answer, param: string | null): void {
  expect(answer.status, answer.text).toBe(400);
  expect(answer.json).toEqual({
    type: 'error',
    error: {
      type: 'invalid_request_error',
      message: expect.any(String),
      code: expect.any(String),
      param,
    },
    request_id: answer.headers['x-request-id'],
  });
  expect(answer.headers['request-id']).toBe(answer.headers['x-request-id']);
}

describe('wrong values are named', () => {
  test.each<[string, object]>([
    ['model', { model: 7 }],
    ['max_tokens', { max_tokens: undefined }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: 'many' }],
    ['messages', { messages: [] }],
    ['messages', { messages: 'Hi' }],
    ['messages[0]', { messages: [7] }],
    ['messages[0].role', { messages: [{ role: 'robot', content: 'Hi' }] }],
    ['messages[0].content', { messages: [{ role: 'user' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 7 }] }],
    ['messages[0].content', says('Hi')],
    ['messages[0].content', says({ text: 'Hi' })],
    [`${part}.text`, says({ type: 'text' })],
    [`${part}.text`, answers({ type: 'text', text: {} })],
    [`${part}.source`, says({ type: 'image' })],
    [`${part}.source.type`, says({ type: 'image', source: {} })],
    [`${part}.source.media_type`, says({ type: 'image', source: { type: 'base64', data: 'AA==' } })],
    [`${part}.source.data`, says({ type: 'image', source: { type: 'base64', media_type: 'image/png' } })],
    [`${part}.source.url`, says({ type: 'image', source: { type: 'url', url: 7 } })],
    [`${part}.source.data`, says({ type: 'document', source: { type: 'text', data: 7 } })],
    [`${part}.source.content`, says({ type: 'document', source: { type: 'content', content: 7 } })],
    [
      `${part}.source.content[0].type`,
      says({ type: 'document', source: { type: 'content', content: [{ type: 'document' }] } }),
    ],
    [`${part}.title`, says({ type: 'document', title: 7, source: { type: 'text', data: 'x' } })],
    [`${part}.tool_use_id`, says({ type: 'tool_result', content: 'x' })],
    [`${part}.content`, says({ type: 'tool_result', tool_use_id: 'a', content: 7 })],
    [`${part}.content[0]`, says({ type: 'tool_result', tool_use_id: 'a', content: [7] })],
    [`${part}.content[0].type`, says({ type: 'tool_result', tool_use_id: 'a', content: [{}] })],
    [`${part}.id`, answers({ type: 'tool_use', name: 'f', input: {} })],
    [`${part}.name`, answers({ type: 'tool_use', id: 'a', input: {} })],
    [`${part}.input`, answers({ type: 'tool_use', id: 'a', name: 'f', input: '{}' })],
    ['system', { system: 7 }],
    ['system', { system: [{ type: 'image' }] }],
    ['stream', { stream: 'yes' }],
    ['stop_sequences', { stop_sequences: 'END' }],
    ['temperature', { temperature: 1.5 }],
    ['top_k', { top_k: -1 }],
    ['tools', { tools: {} }],
    ['tools[0].name', { tools: [{}] }],
    ['tools[0].name', { tools: [{ name: '' }] }],
    ['tools[0].input_schema', { tools: [{ name: 'f', input_schema: 'x' }] }],
    ['tool_choice', { tool_choice: 'auto' }],
    ['tool_choice.type', { tool_choice: { type: 'some' } }],
    ['tool_choice.name', { tool_choice: { type: 'tool', name: 'f' } }],
    ['tool_choice', { tool_choice: { type: 'any' } }],
    ['thinking', { thinking: true }],
    ['thinking.type', { thinking: { type: 'deep' } }],
    ['output_config.format.schema', { output_config: { format: { type: 'json_schema' } } }],
    ['metadata.user_id', { metadata: { user_id: 7 } }],
    ['route.stratgy', { route: { stratgy: 'price' } }],
    ['stop', { stop: ['END'] }],
    ['n', { n: 2 }],
    ['response_format', { response_format: { type: 'json_object' } }],
  ])('%s: %o', async (param, members) => {
    const callsBefore = upstream.requests.length;
    expectRefusal(await about(members), param);
    expect(upstream.requests.length).toBe(callsBefore);
  });

  test('a body that is none', async () => {
    expectRefusal(await post('{'), null);
    expectRefusal(await post([]), null);
    expectRefusal(await send(`${gateway.url}/v1/messages`, { method: 'POST' }), null);
    const other = await send(`${gateway.url}/v1/messages`, {
      body: 'x',
      headers: { 'content-type': 'text/plain' },
    });
    expect(other).toMatchObject({ status: 415, json: { type: 'error' } });
  });

  test('what a provider refuses', async () => {
    expectRefusal(await about({ model: 'context-length' }), 'messages');
  });

  test('tokens are counted of what could be sent', async () => {
    const count = (members: object) => post({ ...hello, ...members }, '/v1/messages/count_tokens');
    expect((await count({})).json).toEqual({ input_tokens: expect.any(Number) });
    expect((await count({ max_tokens: undefined })).status).toBe(200);
    expectRefusal(await count({ messages: 7 }), 'messages');
    expectRefusal(await count({ mcp_servers: [{}] }), 'mcp_servers');
  });
});

describe('large and deep', () => {
  test('nine megabytes of text pass; eleven do not', async () => {
    const text = (bytes: number) => ({ messages: [{ role: 'user', content: 'x'.repeat(bytes) }] });
    expect((await about(text(9_000_000))).status).not.toBe(500);
    expect(await about(text(11_000_000))).toMatchObject({
      status: 413,
      json: { type: 'error', error: { type: 'request_too_large' } },
    });
  });

  test('a hundred thousand blocks', async () => {
    const blocks = Array.from({ length: 100_000 }, (_, place) => ({
      type: 'tool_result',
      tool_use_id: `a${place}`,
      content: 'x',
    }));
    expect((await about(says(...blocks))).status).not.toBe(500);
  });

  test('deep input of a tool', async () => {
    let input: object = {};
    for (let depth = 0; depth < 50; depth++) input = { a: input };
    expect((await about(answers({ type: 'tool_use', id: 'a', name: 'f', input }))).status).toBe(200);
    for (let depth = 0; depth < 20; depth++) input = { a: input };
    expectRefusal(await about(answers({ type: 'tool_use', id: 'a', name: 'f', input })), null);
  });
});
