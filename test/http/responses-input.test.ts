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

const respond = (request: unknown) => send(`${gateway.url}/v1/responses`, { body: request });
const about = (members: object) => respond({ model: 'ok', input: 'Hi', ...members });
const says = (...content: unknown[]) => ({ input: [{ role: 'user', content }] });

function expectRefusal(answer: Answer, param: string | null): void {
  expect(answer.status, answer.text).toBe(400);
  expect(answer.json).toMatchObject({ error: { type: 'invalid_request_error', param } });
}

describe('wrong values are named', () => {
  test.each<[string | null, object]>([
    ['model', { model: 7 }],
    ['model', { model: '' }],
    ['input', { input: 7 }],
    ['input', { input: {} }],
    ['input', { input: [] }],
    ['input', { input: null }],
    ['input', { input: ['Hi'] }],
    ['input', { input: [null] }],
    ['input', { input: [{ type: 7 }] }],
    ['input[0].role', { input: [{ content: 'Hi' }] }],
    ['input[0].role', { input: [{ role: 'robot', content: 'Hi' }] }],
    ['input[0].content', { input: [{ role: 'user' }] }],
    ['input[0].content', { input: [{ role: 'user', content: 7 }] }],
    ['input[0].content[0]', says('Hi')],
    ['input[0].content[0]', says(null)],
    ['input[0].content[0].type', says({ text: 'Hi' })],
    ['input[0].content[0].type', says({ type: {}, text: 'Hi' })],
    ['input[0].content[0].type', says({ type: 'text', text: 'Hi' })],
    ['input[0].content[0].text', says({ type: 'input_text', text: 7 })],
    ['input[0].content[0].image_url', says({ type: 'input_image', image_url: { url: 'x' } })],
    ['input[0].content[0].detail', says({ type: 'input_image', image_url: 'x', detail: 7 })],
    ['input[0].content[0].file_id', says({ type: 'input_image' })],
    ['input[0].content[0].file_data', says({ type: 'input_file' })],
    ['input[0].content[0].input_audio', says({ type: 'input_audio' })],
    ['input[0].call_id', { input: [{ type: 'function_call', name: 'f', arguments: '{}' }] }],
    ['input[0].name', { input: [{ type: 'function_call', call_id: 'c', arguments: '{}' }] }],
    ['input[0].arguments', { input: [{ type: 'function_call', call_id: 'c', name: 'f', arguments: {} }] }],
    ['input[0].call_id', { input: [{ type: 'function_call_output', output: 'x' }] }],
    ['input[0].output', { input: [{ type: 'function_call_output', call_id: 'c' }] }],
    ['input[0].id', { input: [{ type: 'item_reference' }] }],
    ['instructions', { instructions: 7 }],
    ['instructions', { instructions: ['x'] }],
    ['previous_response_id', { previous_response_id: 7 }],
    ['previous_response_id', { previous_response_id: 'resp_nobody' }],
    ['stream', { stream: 'yes' }],
    ['stream_options', { stream_options: {} }],
    ['store', { store: 1 }],
    ['metadata', { metadata: 'x' }],
    ['metadata.a', { metadata: { a: 7 } }],
    ['tools', { tools: {} }],
    ['tools[0]', { tools: [7] }],
    ['tools[0].type', { tools: [{}] }],
    ['tools[0].name', { tools: [{ type: 'function' }] }],
    ['tools[0].name', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['tool_choice', { tool_choice: 'sometimes' }],
    ['tool_choice', { tool_choice: 7 }],
    ['tool_choice', { tool_choice: 'required' }],
    ['tool_choice.name', { tool_choice: { type: 'function', name: 'f' } }],
    ['tool_choice.mode', { tool_choice: { type: 'allowed_tools', tools: [{}] } }],
    ['tool_choice.tools', { tool_choice: { type: 'allowed_tools', mode: 'auto' } }],
    ['parallel_tool_calls', { parallel_tool_calls: 'no' }],
    ['text', { text: 'json' }],
    ['text.format', { text: { format: 'json' } }],
    ['text.format.type', { text: { format: { type: 'xml' } } }],
    ['text.format.schema', { text: { format: { type: 'json_schema', name: 'n' } } }],
    ['reasoning', { reasoning: 'high' }],
    ['reasoning.effort', { reasoning: { effort: 7 } }],
    ['include', { include: 'x' }],
    ['max_output_tokens', { max_output_tokens: 0 }],
    ['max_output_tokens', { max_output_tokens: 1.5 }],
    ['temperature', { temperature: 3 }],
    ['top_p', { top_p: -1 }],
    ['top_logprobs', { top_logprobs: 21 }],
    ['truncation', { truncation: 'some' }],
    ['user', { user: 7 }],
    ['route.stratgy', { route: { stratgy: 'price' } }],
    ['seed', { seed: 'x' }],
    ['messages', { messages: [{ role: 'user', content: 'Hi' }] }],
    ['max_tokens', { max_tokens: 7 }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['n', { n: 2 }],
  ])('%s: %o', async (param, members) => {
    const callsBefore = upstream.requests.length;
    expectRefusal(await about(members), param);
    expect(upstream.requests.length).toBe(callsBefore);
  });

  test('a body that is none', async () => {
    expectRefusal(await respond('{'), null);
    expectRefusal(await respond([]), null);
    expectRefusal(await send(`${gateway.url}/v1/responses`, { method: 'POST' }), null);
  });

  test('what a provider refuses points to the client’s own field', async () => {
    expectRefusal(await about({ model: 'context-length' }), 'input');
  });
});

describe('large and deep', () => {
  test('nine megabytes of text pass; eleven do not', async () => {
    expect((await about({ input: 'x'.repeat(9_000_000) })).status).not.toBe(500);
    expect((await about({ input: 'x'.repeat(11_000_000) })).status).toBe(413);
  });

  test('a hundred thousand items', async () => {
    const input = Array.from({ length: 100_000 }, () => ({ role: 'user', content: 'Hi' }));
    expect((await about({ input })).status).not.toBe(500);
  });

  test('a hundred thousand references', async () => {
    const input = Array.from({ length: 100_000 }, (_, place) => ({ id: `msg_nobody_${place % 10}` }));
    expectRefusal(await about({ input }), 'input[0].id');
  });

  test('deep schemas pass up to the limit', async () => {
    let schema: object = { type: 'string' };
    for (let depth = 0; depth < 20; depth++) schema = { type: 'object', properties: { a: schema } };
    const answer = await about({ text: { format: { type: 'json_schema', name: 'n', schema } } });
    expect(answer.status).toBe(200);
    for (let depth = 0; depth < 40; depth++) schema = { type: 'object', properties: { a: schema } };
    expectRefusal(await about({ text: { format: { type: 'json_schema', name: 'n', schema } } }), null);
  });
});
