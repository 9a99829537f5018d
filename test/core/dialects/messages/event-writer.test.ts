import { describe, expect, test } from 'vitest';
import { messagesEventWriter } from '../../../../src/core/dialects/messages/event-writer.ts';
import { completionToMessage } from '../../../../src/core/dialects/messages/message-object.ts';
import { dataOfEvents } from '../../../../src/core/wire/event-data.ts';

interface Event {
  readonly type: string;
  readonly index?: number;
  readonly content_block?: Record<string, unknown>;
  readonly delta?: Record<string, string>;
  readonly usage?: object;
}

function write(deltas: readonly object[], ending: object = { finish_reason: 'stop' }): Event[] {
  const writer = messagesEventWriter({ requestId: 'r', model: 'm', showsThinking: true });
  let text = '';
  for (const delta of deltas) text += writer.chunk({ model: 'm', choices: [{ index: 0, delta }] });
  text += writer.chunk({ choices: [{ index: 0, delta: {}, ...ending }] });
  text += writer.chunk({
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 5 }, cost: 0.1 },
  });
  text += writer.end();
  return dataOfEvents(text).map((data): Event => JSON.parse(data));
}

/** The content that a client adds up; fails where blocks overlap or stand in the wrong order. */
function contentOf(events: readonly Event[]): object[] {
  const content: Record<string, unknown>[] = [];
  let open: number | undefined;
  for (const { type, index, content_block: block, delta } of events) {
    if (type === 'content_block_start') {
      expect(open).toBeUndefined();
      expect(index).toBe(content.length);
      open = index;
      content.push({ ...block, ...(block?.type === 'tool_use' ? { input: '' } : {}) });
    } else if (type === 'content_block_delta') {
      expect(index).toBe(open);
      const last = content.at(-1) ?? {};
      const member = { text_delta: 'text', thinking_delta: 'thinking' }[String(delta?.type)] ?? 'input';
      last[member] += delta?.text ?? delta?.thinking ?? delta?.partial_json ?? '?';
    } else if (type === 'content_block_stop') {
      expect(index).toBe(open);
      open = undefined;
    }
  }
  expect(open).toBeUndefined();
  return content;
}

const call = (index: number, name: string, args: string) => ({
  tool_calls: [{ index, id: name && `c${index}`, function: { name, arguments: args } }],
});

describe('events of a message', () => {
  test('thoughts, a text, and calls whose pieces come in turns', () => {
    const events = write(
      [
        { role: 'assistant', content: '' },
        { reasoning_content: 'Hm' },
        { reasoning_content: 'm.' },
        { content: 'Let me ' },
        { content: 'see.' },
        call(0, 'f', '{"a'),
        call(1, 'g', '{'),
        call(0, '', '":1}'),
        { content: 'Done.' },
        call(1, '', '}'),
      ],
      { finish_reason: 'tool_calls' },
    );
    expect(contentOf(events)).toEqual([
      { type: 'thinking', thinking: 'Hmm.', signature: '' },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'c0', name: 'f', input: '{"a":1}' },
      { type: 'tool_use', id: 'c1', name: 'g', input: '{}' },
      { type: 'text', text: 'Done.' },
    ]);
    expect(events[0]?.type).toBe('message_start');
    expect(events.slice(-2)).toMatchObject([
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null },
        usage: { input_tokens: 4, cache_read_input_tokens: 5, output_tokens: 4, cost: 0.1 },
      },
      { type: 'message_stop' },
    ]);
  });

  test('the first call goes out as it comes', () => {
    const writer = messagesEventWriter({ requestId: 'r', model: 'm', showsThinking: false });
    const piece = (delta: object) => writer.chunk({ choices: [{ index: 0, delta }] });
    piece({ role: 'assistant' });
    expect(piece(call(0, 'f', '{'))).toContain('input_json_delta');
    expect(piece(call(0, '', '}'))).toContain('input_json_delta');
    expect(piece(call(1, 'g', '{'))).toBe('');
  });

  test('a name that comes late, and one that never comes', () => {
    const events = write([call(0, '', '{"a"'), call(0, 'f', ':1}'), call(1, '', '{}')]);
    expect(contentOf(events)).toMatchObject([
      { id: 'c0', name: 'f', input: '{"a":1}' },
      { id: 'toolu_r_1', name: '', input: '{}' },
    ]);
  });

  test.each([
    [{ finish_reason: 'stop' }, 'end_turn', null],
    [{ finish_reason: 'stop', stop_reason: 'END' }, 'stop_sequence', 'END'],
    [{ finish_reason: 'length' }, 'max_tokens', null],
    [{ finish_reason: 'content_filter' }, 'refusal', null],
  ])('ended by %o', (ending, stop_reason, stop_sequence) => {
    const events = write([{ content: 'Yes' }], ending);
    expect(events.at(-2)?.delta).toEqual({ stop_reason, stop_sequence });
  });

  test('a refusal is a text that ends so', () => {
    const events = write([{ refusal: 'No.' }]);
    expect(contentOf(events)).toEqual([{ type: 'text', text: 'No.' }]);
    expect(events.at(-2)?.delta).toMatchObject({ stop_reason: 'refusal' });
  });

  test('nothing said is a message without content', () => {
    expect(contentOf(write([]))).toEqual([]);
  });
});

describe('a whole message', () => {
  const whole = (message: object, showsThinking = true) =>
    completionToMessage(
      { model: 'm', choices: [{ index: 0, message, finish_reason: 'stop' }], usage: {} },
      { requestId: 'r', model: 'm', showsThinking },
    );

  test('has the blocks of its stream', () => {
    expect(
      whole({
        reasoning_content: 'Hmm.',
        content: 'See.',
        tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{"a":1}' } }],
      }),
    ).toMatchObject({
      id: 'msg_r',
      content: [
        { type: 'thinking', thinking: 'Hmm.' },
        { type: 'text', text: 'See.' },
        { type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 0, output_tokens: 0 },
    });
  });

  test('no thoughts for those who did not ask', () => {
    expect(whole({ reasoning_content: 'Hmm.', content: 'See.' }, false)).toMatchObject({
      content: [{ type: 'text', text: 'See.' }],
    });
  });

  test('arguments that are no JSON object are handed on as they came', () => {
    const calls = (text: string) =>
      whole({ content: null, tool_calls: [{ id: 'c', function: { name: 'f', arguments: text } }] });
    expect(calls('{"a":')).toMatchObject({ content: [{ input: { malformed_arguments: '{"a":' } }] });
    expect(calls('[1]')).toMatchObject({ content: [{ input: { malformed_arguments: '[1]' } }] });
    expect(calls('')).toMatchObject({ content: [{ input: {} }] });
  });
});
