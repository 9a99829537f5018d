import { describe, expect, test } from 'vitest';
import { completionToResponse } from '../../../../src/core/dialects/responses/completion-to-response.ts';
import { responsesEventWriter } from '../../../../src/core/dialects/responses/event-writer.ts';
import { dataOfEvents } from '../../../../src/core/wire/event-data.ts';
import { faultsBySchema, hasOpenAiSchema } from '../../../providers/simulated/openai-schema.ts';

interface Event {
  readonly type: string;
  readonly delta?: string;
  readonly output_index?: number;
  readonly item?: object;
  readonly response?: {
    readonly status: string;
    readonly output: readonly object[];
    readonly error: unknown;
  };
}

const FACTS = { id: 'resp_r', createdAtSeconds: 1, model: 'm', request: { model: 'm' }, isStored: false };

/** What comes of these deltas of the one choice, in order. */
function write(deltas: readonly object[], finishReason = 'stop', failure?: object): Event[] {
  const writer = responsesEventWriter({ facts: FACTS, requestId: 'r', nowSeconds: () => 2 });
  let text = '';
  for (const delta of deltas) text += writer.chunk({ model: 'm', choices: [{ index: 0, delta }] });
  if (failure) text += writer.fail({ ...failure });
  else {
    text += writer.chunk({ model: 'm', choices: [{ index: 0, delta: {}, finish_reason: finishReason }] });
    text += writer.chunk({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, cost: 0.1 } });
    text += writer.end();
  }
  const events = dataOfEvents(text).map((data): Event => JSON.parse(data));
  if (hasOpenAiSchema) {
    for (const event of events) expect(faultsBySchema('ResponseStreamEvent', event)).toEqual([]);
  }
  return events;
}

const typesOf = (events: readonly Event[]) => events.map(({ type }) => type.replace('response.', ''));

describe('events of a response', () => {
  test('thoughts, a text, two calls in turns, and another text', () => {
    const call = (index: number, name: string, args: string) => ({
      tool_calls: [{ index, id: `c${index}`, function: { name, arguments: args } }],
    });
    const events = write([
      { role: 'assistant', content: '' },
      { reasoning_content: 'Hm' },
      { reasoning_content: 'm.' },
      { content: 'Let me ' },
      { content: 'see.' },
      call(0, 'f', '{"a'),
      call(1, 'g', '{'),
      call(0, '', '":1}'),
      call(1, '', '}'),
      { content: 'Done.' },
    ]);
    expect(typesOf(events)).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.delta',
      'function_call_arguments.delta',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'function_call_arguments.done',
      'output_item.done',
      'function_call_arguments.done',
      'output_item.done',
      'completed',
    ]);
    expect(events.at(-1)?.response).toMatchObject({
      output: [
        { id: 'rs_r_0', type: 'reasoning', summary: [{ text: 'Hmm.' }] },
        { id: 'msg_r_1', type: 'message', content: [{ text: 'Let me see.' }] },
        { id: 'fc_r_2', call_id: 'c0', name: 'f', arguments: '{"a":1}' },
        { id: 'fc_r_3', call_id: 'c1', name: 'g', arguments: '{}' },
        { id: 'msg_r_4', type: 'message', content: [{ text: 'Done.' }] },
      ],
      usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7, cost: 0.1 },
    });
  });

  test('a refusal', () => {
    const events = write([{ refusal: 'I ' }, { refusal: 'cannot.' }]);
    expect(typesOf(events)).toContain('refusal.delta');
    expect(events.at(-1)?.response?.output).toMatchObject([
      { type: 'message', content: [{ type: 'refusal', refusal: 'I cannot.' }] },
    ]);
  });

  test('a call whose name comes late, and one that never gets a name or an id', () => {
    const events = write([
      { tool_calls: [{ index: 0, id: 'c', function: { arguments: '{"a"' } }] },
      { tool_calls: [{ index: 0, function: { name: 'f', arguments: ':1}' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
    ]);
    expect(events.at(-1)?.response?.output).toMatchObject([
      { call_id: 'c', name: 'f', arguments: '{"a":1}' },
      { call_id: 'call_r_1', name: '', arguments: '{}' },
    ]);
  });

  test.each([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('cut by %s', (finishReason, reason) => {
    const last = write([{ content: 'Once' }], finishReason).at(-1);
    expect(last).toMatchObject({
      type: 'response.incomplete',
      response: {
        status: 'incomplete',
        incomplete_details: { reason },
        output: [{ status: 'incomplete' }],
      },
    });
  });

  test('nothing said is an empty message', () => {
    expect(write([]).at(-1)?.response?.output).toMatchObject([{ content: [{ text: '' }] }]);
  });

  test('broken off: an error, then failed, with what was said', () => {
    const events = write([{ content: 'Once upon' }], 'stop', { message: 'gone', code: 'upstream_error' });
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', code: 'upstream_error', message: 'gone', param: null },
      {
        type: 'response.failed',
        response: {
          error: { code: 'server_error', message: 'gone' },
          output: [{ status: 'incomplete', content: [{ text: 'Once upon' }] }],
        },
      },
    ]);
  });

  test('odd pieces of strangers do no harm', () => {
    const odd: object[] = [
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'So' }] }] },
      { content: [{ type: 'text', text: 'Yes' }] },
      { content: 7, tool_calls: 'x', refusal: [] },
      { tool_calls: [null, 3, { index: -1, function: null }, { index: 1e9, function: { name: 'f' } }] },
    ];
    expect(write(odd).at(-1)?.response?.output).toMatchObject([
      { type: 'reasoning', summary: [{ text: 'So' }] },
      { type: 'message', content: [{ text: 'Yes' }] },
      { type: 'function_call', name: 'f' },
      { type: 'function_call', name: '' },
    ]);
  });
});

test('a whole completion has the same output as its stream', () => {
  const message = {
    reasoning_content: 'Hmm.',
    content: 'Let me see.',
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
  };
  const streamed = write([
    { reasoning_content: message.reasoning_content },
    { content: message.content },
    { tool_calls: message.tool_calls.map((call, index) => ({ index, ...call })) },
  ]).at(-1)?.response;
  const whole = completionToResponse(
    {
      model: 'm',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 4, cost: 0.1 },
    },
    'r',
    FACTS,
    2,
  );
  expect(JSON.parse(JSON.stringify(whole))).toEqual(streamed);
});
