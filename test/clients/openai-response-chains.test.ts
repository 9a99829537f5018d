import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type Said, startTalkingUpstream, type TalkingUpstream } from '../fixtures/talking-upstream.ts';
import { faultsBySchema, hasOpenAiSchema } from '../providers/simulated/openai-schema.ts';
import { clientOf } from './client.ts';

let upstream: TalkingUpstream;
let keeping: TestGateway;
let forgetting: TestGateway;
let client: OpenAI;
let other: OpenAI;

beforeAll(async () => {
  upstream = await startTalkingUpstream(({ texts }): Said => {
    return texts.at(-1) === 'Call it.' ? { call: 'f', arguments: { a: 1 } } : `About: ${texts.at(-1)}`;
  });
  const models = providerToml('up', upstream.baseUrl, ['talker']);
  keeping = await startGateway(`[responses]\nretention_hours = 1\nrecent_minutes = 0\n${models}`);
  forgetting = await startGateway(`[responses]\nrecent_minutes = 0\n${models}`);
  client = clientOf(keeping, (await keeping.createKey()).key);
  other = clientOf(keeping, (await keeping.createKey()).key);
});

afterAll(async () => {
  await keeping.stop();
  await forgetting.stop();
  await upstream.close();
});

const lastTexts = () => upstream.heard.at(-1)?.texts;

describe('where responses are kept', () => {
  test('a chain goes on with the whole conversation, but not with its instructions', async () => {
    const first = await client.responses.create({ model: 'auto', instructions: 'Be brief.', input: 'One' });
    expect(first).toMatchObject({ store: true });
    const second = await client.responses.create({
      model: 'talker',
      instructions: 'Be kind.',
      input: 'Two',
      previous_response_id: first.id,
    });
    expect(lastTexts()).toEqual(['Be kind.', 'One', 'About: One', 'Two']);
    const stream = client.responses.stream({
      model: 'auto',
      input: 'Three',
      previous_response_id: second.id,
    });
    const third = await stream.finalResponse();
    expect(third.previous_response_id).toBe(second.id);
    await client.responses.create({ model: 'auto', input: 'Four', previous_response_id: third.id });
    expect(lastTexts()).toEqual(['One', 'About: One', 'Two', 'About: Two', 'Three', 'About: Three', 'Four']);
  });

  test('a function’s output is enough to go on', async () => {
    const tools = [{ type: 'function' as const, name: 'f', parameters: { type: 'object' }, strict: false }];
    const first = await client.responses.create({ model: 'auto', input: 'Call it.', tools });
    const [call] = first.output;
    if (call?.type !== 'function_call') throw new Error('no call');
    await client.responses.create({
      model: 'auto',
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: call.call_id, output: 'done' }],
      tools,
    });
    expect(upstream.heard.at(-1)?.body.messages).toMatchObject([
      { role: 'user', content: 'Call it.' },
      { role: 'assistant', tool_calls: [{ id: call.call_id, function: { name: 'f' } }] },
      { role: 'tool', tool_call_id: call.call_id, content: 'done' },
    ]);
  });

  test('is read and deleted by its own key alone', async () => {
    const made = await client.responses.create({ model: 'auto', input: 'One' });
    const { output_text: _, ...same } = await client.responses.retrieve(made.id);
    expect(made).toMatchObject(same);
    if (hasOpenAiSchema) expect(faultsBySchema('Response', same)).toEqual([]);
    const gone = { status: 404, code: 'response_not_found' };
    await expect(other.responses.retrieve(made.id)).rejects.toMatchObject(gone);
    await expect(other.responses.delete(made.id)).rejects.toMatchObject(gone);
    const foreign = other.responses.create({ model: 'auto', input: 'Two', previous_response_id: made.id });
    const absent = other.responses.create({
      model: 'auto',
      input: 'Two',
      previous_response_id: 'resp_nobody',
    });
    const words = (error: Error) => error.message.replaceAll(/resp_\w+/g, 'ID');
    expect(await foreign.catch(words)).toBe(await absent.catch(words));
    await expect(foreign).rejects.toMatchObject({ status: 404, param: 'previous_response_id' });
    await client.responses.delete(made.id);
    await expect(client.responses.retrieve(made.id)).rejects.toMatchObject(gone);
  });

  test('store: false keeps nothing', async () => {
    const made = await client.responses.create({ model: 'auto', input: 'One', store: false });
    expect(made).toMatchObject({ store: false });
    await expect(client.responses.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
  });

  test('an item of it can be referred to', async () => {
    const made = await client.responses.create({ model: 'auto', input: 'One' });
    const id = made.output[0]?.id ?? '';
    await client.responses.create({
      model: 'auto',
      input: [
        { type: 'item_reference', id },
        { role: 'user', content: 'Two' },
      ],
    });
    expect(lastTexts()).toEqual(['About: One', 'Two']);
    const foreign = other.responses.create({ model: 'auto', input: [{ type: 'item_reference', id }] });
    await expect(foreign).rejects.toMatchObject({ status: 400, param: 'input[0].id' });
  });
});

test('where they are not, a chain is a 400 that says what to do, and nothing is in the database', async () => {
  const plain = clientOf(forgetting);
  const made = await plain.responses.create({ model: 'auto', input: 'a canary sings', store: true });
  expect(made).toMatchObject({ store: false });
  const chained = plain.responses.create({ model: 'auto', input: 'Two', previous_response_id: made.id });
  await expect(chained).rejects.toMatchObject({
    status: 400,
    param: 'previous_response_id',
    message: expect.stringContaining('retention_hours'),
  });
  await expect(plain.responses.retrieve(made.id)).rejects.toMatchObject({ status: 404 });
  await forgetting.withStore(async (store) => {
    expect(await store.readResponse(made.id, '', Date.now())).toBeUndefined();
  });
});

test('what is over is not given out', async () => {
  const brief = await startGateway(
    `[responses]\nretention_hours = 0.00001\n${providerToml('up', upstream.baseUrl, ['talker'])}`,
  );
  try {
    const made = await clientOf(brief).responses.create({ model: 'auto', input: 'One' });
    await expect
      .poll(() =>
        clientOf(brief)
          .responses.retrieve(made.id)
          .then(
            () => 'kept',
            ({ status }) => status,
          ),
      )
      .toBe(404);
  } finally {
    await brief.stop();
  }
});
