import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { providerToml, startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type MisbehavingUpstream, startMisbehavingUpstream } from '../fixtures/misbehaving-upstream.ts';
import { type Answer, send } from '../http/send.ts';
import { faultsBySchema, hasOpenAiSchema } from '../providers/simulated/openai-schema.ts';
import { METADATA_WANTED } from './client.ts';

let gateway: TestGateway;
let upstream: MisbehavingUpstream;
let odd: TestGateway;

beforeAll(async () => {
  upstream = await startMisbehavingUpstream();
  gateway = await startGateway();
  odd = await startGateway(
    providerToml('up', upstream.baseUrl, [
      'ok',
      'usage-missing',
      'usage-negative',
      'stream-json-instead',
      'stream-reset-after',
      '500',
    ]),
  );
});

afterAll(async () => {
  await gateway.stop();
  await odd.stop();
  await upstream.close();
});

const respond = (request: object, at = gateway) =>
  send(`${at.url}/v1/responses`, {
    body: { model: 'auto', input: 'What is 2 + 2?', ...request },
    headers: METADATA_WANTED.headers,
  });

interface StreamedEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly response?: { readonly status: string; readonly output: readonly object[] };
}

function eventsOf(answer: Answer): StreamedEvent[] {
  expect(answer.status, answer.text).toBe(200);
  const events = answer.text.split('\n\n').filter((text) => text !== '');
  return events.map((text, place) => {
    const [, name, data = ''] = /^event: (.+)\ndata: (.+)$/.exec(text) ?? [];
    const event: StreamedEvent = JSON.parse(data);
    expect(event.type).toBe(name);
    expect(event.sequence_number).toBe(place);
    expect(faultsBySchema('ResponseStreamEvent', event), data).toEqual([]);
    // An event fits the union if it fits one kind in it: the kind that it says it is has to be the one.
    expect(faultsBySchema(schemaOf(event.type), event), data).toEqual([]);
    return event;
  });
}

/** `response.output_item.added` → `ResponseOutputItemAddedEvent` */
function schemaOf(type: string): string {
  const words = type.replace(/^response\./, '').replace(/^output_text/, 'text');
  const camel = words.replace(/(?:^|[._])([a-z])/g, (_match, letter: string) => letter.toUpperCase());
  return `Response${camel}Event`;
}

const TOOLS = [
  {
    type: 'function',
    name: 'add',
    parameters: { type: 'object', properties: { a: { type: 'integer' } } },
  },
];
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

describe.skipIf(!hasOpenAiSchema)("by OpenAI's schema (skipped where its document is not at hand)", () => {
  const kinds: [string, object][] = [
    ['plain', {}],
    ['with instructions and settings', { instructions: 'Be brief.', temperature: 0.2, metadata: { a: 'b' } }],
    ['log probabilities', { include: ['message.output_text.logprobs'], top_logprobs: 3 }],
    ['a tool call', { tools: TOOLS, tool_choice: 'required' }],
    ['JSON', { text: { format: { type: 'json_schema', name: 'place', schema: SCHEMA } } }],
    ['cut off', { max_output_tokens: 1 }],
    ['reasoning', { reasoning: { effort: 'low', summary: 'auto' } }],
    [
      'a conversation',
      {
        input: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Yes?' },
          { role: 'user', content: [{ type: 'input_text', text: 'Well' }] },
        ],
      },
    ],
  ];

  test.each(kinds)('a response, %s', async (_name, request) => {
    const answer = await respond(request);
    expect(answer.status, answer.text).toBe(200);
    expect(faultsBySchema('Response', answer.json)).toEqual([]);
  });

  test.each(kinds)('a stream, %s', async (_name, request) => {
    const answer = await respond(request);
    const events = eventsOf(await respond({ ...request, stream: true }));
    expect(events.slice(0, 2).map(({ type }) => type)).toEqual(['response.created', 'response.in_progress']);
    const { response } = events.at(-1) ?? {};
    expect(response?.status).toBe((answer.json as { status: string }).status);
    expect(events.at(-1)?.type).toBe(`response.${response?.status}`);
    // What was sent piece by piece is what stands there in the end.
    const items = events.filter(({ type }) => type === 'response.output_item.done');
    expect(items.map((event) => (event as unknown as { item: object }).item)).toEqual(response?.output);
  });

  test.each(['ok', 'usage-missing', 'usage-negative'])('said by halves: %s', async (model) => {
    const answer = await respond({ model }, odd);
    expect(answer.status, answer.text).toBe(200);
    expect(faultsBySchema('Response', answer.json)).toEqual([]);
    eventsOf(await respond({ model, stream: true }, odd));
  });

  test('JSON that becomes a stream', async () => {
    const events = eventsOf(await respond({ model: 'stream-json-instead', stream: true }, odd));
    expect(events.at(-1)?.type).toBe('response.completed');
  });

  test('a stream that dies', async () => {
    const events = eventsOf(await respond({ model: 'stream-reset-after', stream: true }, odd));
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['error', 'response.failed']);
  });

  test.each<[string, () => Promise<Answer>, number]>([
    ['400', () => respond({ tools: [{ type: 'web_search' }] }), 400],
    ['404 of a model', () => respond({ model: 'nobody' }), 404],
    ['502', () => respond({ model: '500' }, odd), 502],
    ['400 of a wish that nobody can meet', () => respond({ route: { max_cost_usd: 1e-12 } }), 400],
  ])('an error: %s', async (_name, ask, status) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    expect(faultsBySchema('ErrorResponse', answer.json)).toEqual([]);
  });
});
