import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dataOf } from '../clients/client.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { send } from '../http/send.ts';
import { ask, read } from './ask.ts';

/** What is put in the place of what was sent, and what stays as it came to the byte. */
let upstream: MisbehavingUpstream;
let gateway: TestGateway;
let callsBefore = 0;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  const model = (id: string, provider: string, name: string, more = '', usd = 1) =>
    [
      `[api.models."${id}"]`,
      'context_length = 128000',
      more,
      `endpoints = [{ provider = "${provider}", model = "${name}", input_usd_per_million = ${usd}, output_usd_per_million = ${usd} }]`,
    ].join('\n');
  gateway = await startGateway(
    [
      '[providers.up]',
      `base_url = "${upstream.baseUrl}"`,
      '[providers.silent]',
      `base_url = "${upstream.baseUrl}"`,
      'stream_usage = false',
      model('ours', 'up', 'vendor/their.name+1'),
      model('echoing', 'up', 'echo'),
      model('inside', 'up', 'stream-alias-inside'),
      model('in-finish', 'up', 'stream-usage-in-finish'),
      model('in-each', 'up', 'stream-usage-in-each'),
      model('warm', 'up', 'warm-one', 'default_temperature = 0.7'),
      model('no-usage', 'silent', 'no-usage'),
      model('failing', 'up', '500'),
      model('dear', 'up', 'dear-one', '', 900),
    ].join('\n'),
  );
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

beforeEach(() => {
  callsBefore = upstream.requests.length;
});

/** The bodies that reached the upstream in this test, as text. */
const bodies = () => upstream.requests.slice(callsBefore).map(({ body }) => body);

test('the provider hears its own name of the model, the client ours: in JSON and in every chunk', async () => {
  const answer = await ask(gateway, { model: 'ours' });
  expect(answer.json).toMatchObject({ model: 'ours' });
  const stream = await ask(gateway, { model: 'ours', stream: true, stream_options: { include_usage: true } });
  const chunks = dataOf(stream.text).slice(0, -1);
  expect(chunks.length).toBeGreaterThan(4);
  expect(new Set(chunks.map((chunk) => JSON.parse(chunk).model))).toEqual(new Set(['ours']));
  for (const body of bodies()) expect(JSON.parse(body).model).toBe('vendor/their.name+1');
});

test('the same words inside of a text are left alone', async () => {
  const content = 'say {"model":"echo"} and "model": "echo"';
  for (const stream of [false, true]) {
    const answer = await ask(gateway, {
      model: 'echoing',
      stream,
      messages: [{ role: 'user', content }],
    });
    const { choices, model } = JSON.parse(stream ? (dataOf(answer.text)[0] ?? '') : answer.text);
    const { content: said } = choices[0].message ?? choices[0].delta;
    expect(model).toBe('echoing');
    expect(JSON.parse(JSON.parse(said).body).messages[0].content).toBe(content);
  }
});

test('so are the same members inside of others: only the chunk’s own model is renamed', async () => {
  const { text } = await ask(gateway, { model: 'inside', stream: true });
  const [said, finish] = dataOf(text).map((data) => (data === '[DONE]' ? data : JSON.parse(data)));
  const model = 'stream-alias-inside';
  expect(said).toMatchObject({
    model: 'inside',
    extra: [{ model }],
    choices: [{ delta: { tool_calls: [{ function: { name: 'pick', arguments: { model } } }] } }],
  });
  expect(finish).toMatchObject({ model: 'inside' });
});

describe('usage that a provider puts into chunks with choices', () => {
  const usagesOf = (text: string) =>
    dataOf(text)
      .filter((data) => data !== '[DONE]')
      .map((data) => JSON.parse(data))
      .map(({ choices, usage }) => [choices.length, usage?.total_tokens ?? usage]);

  test.each(['in-finish', 'in-each'])(
    '%s: comes once, in an event of its own, to who asked',
    async (model) => {
      const { text } = await ask(gateway, { model, stream: true, stream_options: { include_usage: true } });
      const usages = usagesOf(text);
      expect(usages.at(-1)).toEqual([0, 15]);
      const before = usages.slice(0, -1);
      expect(before.length).toBeGreaterThan(4);
      for (const [choices, usage] of before) {
        expect(choices).toBe(1);
        expect(usage ?? null).toBeNull();
      }
      // All else of the chunk is there.
      expect(dataOf(text).at(-3)).toContain('"finish_reason"');
    },
  );

  test('passes as it came to who did not ask, and to who asked for it in every chunk', async () => {
    const unasked = await ask(gateway, { model: 'in-finish', stream: true });
    expect(usagesOf(unasked.text).at(-1)).toEqual([1, 15]);
    const continuous = { include_usage: true, continuous_usage_stats: true };
    const { text } = await ask(gateway, { model: 'in-each', stream: true, stream_options: continuous });
    expect(usagesOf(text).every(([, usage]) => usage === 15)).toBe(true);
  });
});

test('numbers, escapes and the order of members go through as they were written', async () => {
  const text =
    '{ "seed":-9223372036854775807,\n"messages":[{"role":"user","content":"\\u00e9\\/\\ud83d\\ude00"}] , "model" : "ours","big":12345678901234567890,"temperature":0.10 }';
  const answer = await send(`${gateway.url}/v1/chat/completions`, { body: text });
  expect(answer.status).toBe(200);
  expect(bodies()).toEqual([text.replace('"ours"', '"vendor/their.name+1"')]);
});

test('a default temperature stands in where none was asked for', async () => {
  await ask(gateway, { model: 'warm' });
  await ask(gateway, { model: 'warm', temperature: null });
  await ask(gateway, { model: 'warm', temperature: 0 });
  await ask(gateway, { model: 'ours' });
  expect(bodies().map((body) => JSON.parse(body).temperature)).toEqual([0.7, 0.7, 0, undefined]);
});

test('streams are asked for their usage behind the client’s back, where the provider takes that', async () => {
  await ask(gateway, { model: 'ours', stream: true });
  await ask(gateway, { model: 'ours', stream: true, stream_options: { include_obfuscation: false } });
  await ask(gateway, { model: 'ours' });
  const silent = await ask(gateway, { model: 'no-usage', stream: true });
  expect(bodies().map((body) => JSON.parse(body).stream_options)).toEqual([
    { include_usage: true },
    { include_obfuscation: false, include_usage: true },
    undefined,
    undefined,
  ]);
  expect(silent.text).toContain('[DONE]');
  expect(await read(gateway, `/v1/explain/${silent.requestId}`)).toMatchObject({
    attempts: [{ ending: 'completed', cost: { is_estimate: true } }],
  });
});

test('a cost ceiling holds for every fallback, too', async () => {
  const route = { strategy: 'priority', models: ['failing', 'dear'] };
  expect((await ask(gateway, { route })).json).toMatchObject({ model: 'dear' });
  const answer = await ask(gateway, { route: { ...route, max_cost_usd: 0.01 } });
  expect(answer.status).toBe(502);
  expect(upstream.requests.slice(callsBefore).map(({ model }) => model)).toEqual(['500', 'dear-one', '500']);
});
