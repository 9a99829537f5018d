import { describe, expect, test } from 'vitest';
import { responsesToChat } from '../../../../src/core/dialects/responses/request-to-chat.ts';
import type { ResponsesBody } from '../../../../src/core/dialects/responses/responses-body.ts';

const translate = (body: Partial<ResponsesBody>) =>
  responsesToChat({ model: 'm', input: 'Hi', ...body }, [], () => undefined);
const messagesOf = (input: unknown) => translate({ input }).chat.messages;
const uncarriedBy = (body: Partial<ResponsesBody>) => translate(body).uncarried.map(({ param }) => param);

describe('input', () => {
  test('a string is what the user says', () => {
    expect(messagesOf('Hi')).toEqual([{ role: 'user', content: 'Hi' }]);
  });

  test('the calls of a turn stand in one message, with what was said before them', () => {
    const call = (number: number) => ({
      type: 'function_call',
      id: `fc_${number}`,
      call_id: `call_${number}`,
      name: 'f',
      arguments: '{}',
    });
    const output = (number: number, out: unknown) => ({
      type: 'function_call_output',
      call_id: `call_${number}`,
      output: out,
    });
    expect(
      messagesOf([
        { role: 'user', content: 'Hi' },
        { type: 'reasoning', id: 'rs_1', summary: [] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Wait.' }] },
        call(1),
        { type: 'reasoning', id: 'rs_2', summary: [] },
        call(2),
        output(1, 'one'),
        output(2, [
          { type: 'input_text', text: 'two' },
          { type: 'input_text', text: 'three' },
        ]),
        call(3),
      ]),
    ).toEqual([
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: 'Wait.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'call_2', type: 'function', function: { name: 'f', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'one' },
      { role: 'tool', tool_call_id: 'call_2', content: 'two\nthree' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_3', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
    ]);
  });

  test('a refusal, a file, a sound', () => {
    expect(
      messagesOf([
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
        {
          role: 'user',
          content: [
            { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' },
            { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
          ],
        },
      ]),
    ).toEqual([
      { role: 'assistant', content: null, refusal: 'No.' },
      {
        role: 'user',
        content: [
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
        ],
      },
    ]);
  });

  test('many calls in one turn take no quadratic time', () => {
    const calls = Array.from({ length: 100_000 }, (_, number) => ({
      type: 'function_call',
      call_id: `call_${number}`,
      name: 'f',
      arguments: '{}',
    }));
    const [message] = messagesOf(calls);
    expect(message?.tool_calls?.length).toBe(100_000);
  });
});

describe('settings', () => {
  test('each by its name in chat; others pass through', () => {
    const { chat, uncarried } = translate({
      instructions: 'Be brief.',
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' } }, verbosity: 'low' },
      reasoning: { effort: 'high', summary: 'auto' },
      max_output_tokens: 50,
      temperature: 0.5,
      parallel_tool_calls: false,
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }],
      tool_choice: { type: 'function', name: 'f' },
      include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
      top_logprobs: 2,
      store: true,
      metadata: { a: 'b' },
      stream: true,
      user: 'u',
      seed: 7,
    });
    expect(uncarried).toEqual([]);
    expect(JSON.parse(JSON.stringify(chat))).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
      verbosity: 'low',
      reasoning_effort: 'high',
      max_tokens: 50,
      temperature: 0.5,
      parallel_tool_calls: false,
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      logprobs: true,
      top_logprobs: 2,
      stream: true,
      stream_options: { include_usage: true },
      user: 'u',
      seed: 7,
    });
  });

  test('allowed tools are those that are offered', () => {
    const tool = (name: string) => ({ type: 'function', name });
    const { chat } = translate({
      tools: [tool('a'), tool('b'), tool('c')],
      tool_choice: { type: 'allowed_tools', mode: 'required', tools: [tool('b')] },
    });
    expect(chat.tools).toMatchObject([{ function: { name: 'b' } }]);
    expect(chat.tool_choice).toBe('required');
  });
});

describe('what has no place in chat is named', () => {
  test.each<[string, Partial<ResponsesBody>]>([
    ['background', { background: true }],
    ['conversation', { conversation: 'conv_1' }],
    ['prompt', { prompt: { id: 'pmpt_1' } }],
    ['truncation', { truncation: 'auto' }],
    ['context_management', { context_management: [{ type: 'compaction' }] }],
    ['moderation', { moderation: { model: 'omni' } }],
    ['stream_options.include_obfuscation', { stream: true, stream_options: { include_obfuscation: true } }],
    ['include[1]', { include: ['reasoning.encrypted_content', 'web_search_call.results'] }],
    ['tools[0].type', { tools: [{ type: 'web_search' }] }],
    ['tools[0].type', { tools: [{ type: 'mcp', server_label: 's' }] }],
    ['tools[0].type', { tools: [{ type: 'custom', name: 'c' }] }],
    ['tool_choice.type', { tool_choice: { type: 'file_search' } }],
    ['input[0].type', { input: [{ type: 'web_search_call', id: 'ws_1' }] }],
    ['input[0].type', { input: [{ type: 'computer_call_output', call_id: 'c', output: {} }] }],
    ['input[0].id', { input: [{ type: 'item_reference', id: 'msg_1' }] }],
    ['input[0].id', { input: [{ id: 'msg_1' }] }],
    [
      'input[0].content[0].file_id',
      { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'file_1' }] }] },
    ],
    [
      'input[0].content[0].file_url',
      { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'https://example.com/a.pdf' }] }] },
    ],
    [
      'input[0].output[0].type',
      {
        input: [
          { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', image_url: 'x' }] },
        ],
      },
    ],
  ])('%s', (param, body) => {
    expect(uncarriedBy(body)).toEqual([param]);
  });
});
