import { describe, expect, test } from 'vitest';
import type { MessagesBody } from '../../../../src/core/dialects/messages/messages-body.ts';
import { messagesToChat } from '../../../../src/core/dialects/messages/request-to-chat.ts';

const translate = (body: Partial<MessagesBody>) =>
  messagesToChat({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }], ...body });
const chatOf = (body: Partial<MessagesBody>) => JSON.parse(JSON.stringify(translate(body).chat));
const says = (...content: object[]): Partial<MessagesBody> => ({ messages: [{ role: 'user', content }] });

test('a conversation with tools', () => {
  const { messages } = chatOf({
    system: [
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: 'Be kind.' },
    ],
    messages: [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hmm.', signature: 's' },
          { type: 'text', text: 'Wait.' },
          { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
          { type: 'tool_use', id: 'b', name: 'g', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'one' },
          {
            type: 'tool_result',
            tool_use_id: 'b',
            is_error: true,
            content: [
              { type: 'text', text: 'two' },
              { type: 'image', source: { type: 'url', url: 'https://example.com/x.png' } },
            ],
          },
          { type: 'text', text: 'Go on.' },
        ],
      },
      { role: 'system', content: 'Now in French.' },
    ],
  });
  expect(messages).toEqual([
    { role: 'system', content: 'Be brief.\n\nBe kind.' },
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: 'Wait.',
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
        { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'a', content: 'one' },
    { role: 'tool', tool_call_id: 'b', content: 'Error: two\n(see the attachment that follows)' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Attached to the result of the tool call b:' },
        { type: 'image_url', image_url: { url: 'https://example.com/x.png' } },
        { type: 'text', text: 'Go on.' },
      ],
    },
    { role: 'system', content: 'Now in French.' },
  ]);
});

test('documents', () => {
  const document = (source: object, title?: string) => ({ type: 'document', source, title });
  const { messages } = chatOf(
    says(
      document({ type: 'base64', media_type: 'application/pdf', data: 'AA==' }, 'a.pdf'),
      document({ type: 'text', media_type: 'text/plain', data: 'plain' }, 'Notes'),
      document({ type: 'content', content: [{ type: 'text', text: 'inner' }] }),
    ),
  );
  expect(messages[0].content).toEqual([
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
    { type: 'text', text: 'Notes:' },
    { type: 'text', text: 'plain' },
    { type: 'text', text: 'inner' },
  ]);
});

test.each<[Partial<MessagesBody>, object]>([
  [{ tool_choice: { type: 'auto' } }, { tool_choice: 'auto' }],
  [{ tool_choice: { type: 'any' } }, { tool_choice: 'required' }],
  [{ tool_choice: { type: 'none' } }, { tool_choice: 'none' }],
  [
    { tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
    { tool_choice: { type: 'function', function: { name: 'f' } }, parallel_tool_calls: false },
  ],
  [{ thinking: { type: 'enabled', budget_tokens: 2_000 } }, { reasoning_effort: 'low' }],
  [{ thinking: { type: 'enabled', budget_tokens: 30_000 } }, { reasoning_effort: 'high' }],
  [{ thinking: { type: 'adaptive' }, output_config: { effort: 'max' } }, { reasoning_effort: 'max' }],
  [
    { top_k: 5, temperature: 0.5, route: { explore: false } },
    { top_k: 5, temperature: 0.5, route: { explore: false } },
  ],
  [{ stream: true }, { stream: true, stream_options: { include_usage: true } }],
])('%o', (members, expected) => {
  const tools = [{ name: 'f', input_schema: { type: 'object' } }];
  expect(chatOf({ tools, ...members })).toMatchObject(expected);
});

describe('what has no place in chat is named', () => {
  test.each<[string, Partial<MessagesBody>]>([
    ['container', { container: 'c' }],
    ['mcp_servers', { mcp_servers: [] }],
    ['context_management', { context_management: {} }],
    ['tools[0].type', { tools: [{ type: 'bash_20250124', name: 'bash' }] }],
    ['messages[0].content[0].type', says({ type: 'search_result' })],
    ['messages[0].content[0].source.type', says({ type: 'image', source: { type: 'file', file_id: 'f' } })],
    ['messages[0].content[0].source.type', says({ type: 'document', source: { type: 'url', url: 'x' } })],
    [
      'messages[0].content[0].type',
      { messages: [{ role: 'assistant', content: [{ type: 'server_tool_use', id: 's' }] }] },
    ],
  ])('%s', (param, body) => {
    expect(translate(body).uncarried.map((one) => one.param)).toEqual([param]);
  });
});
