import { expect, test } from 'vitest';
import { chatSchema, checkChatBody, isPlainChat } from '../../src/http/inference/chat-schema.ts';

const PLAIN = { model: 'auto', messages: [{ role: 'user', content: 'Hi' }] };

/** Values that something may be given in place of what it should be. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  0,
  1,
  0.5,
  2,
  2.0001,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  '',
  'text',
  'x'.repeat(300),
  [],
  {},
  [1],
  [{ type: 'text', text: 'Hi' }],
  [{ role: 'user', content: 'Hi' }],
  [{ role: '', content: 'Hi' }],
  [{ role: 'x'.repeat(65), content: 'Hi' }],
  [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  [{ role: 'user', content: 5 }],
  [{ role: 'user' }],
  [{ role: 'assistant', content: null, tool_calls: [{}] }],
  [{ role: 'assistant', content: '', tool_calls: 'x' }],
  [{ role: 'user', content: 'Hi' }, null],
  [{ role: 'user', content: 'Hi', name: 'Bo' }, 'Hi'],
  { type: 'json_object' },
  { include_usage: true },
  { strategy: 'price' },
];

test('whatever passes as plain fits the schema, and comes out of it as it went in', () => {
  const members = [...Object.keys(chatSchema.shape), 'unknown_member', 'user'];
  let plain = 0;
  for (const first of members) {
    for (const second of members) {
      for (const value of VALUES) {
        for (const other of VALUES) {
          const body = { ...PLAIN, [first]: value, [second]: other };
          if (!isPlainChat(body)) continue;
          plain += 1;
          expect(chatSchema.safeParse(body)).toEqual({ success: true, data: body });
        }
      }
    }
  }
  expect(plain).toBeGreaterThan(5_000);
});

test('plain requests are not copied, the others are what the schema makes of them', () => {
  const plain = { ...PLAIN, stream: true, temperature: 0, top_p: 1, user: 'bo', metadata: { a: [1] } };
  expect(checkChatBody(plain)).toBe(plain);
  const other = { ...PLAIN, max_tokens: 5 };
  expect(checkChatBody(other)).toEqual(other);
  expect(() => checkChatBody({ ...PLAIN, temperature: 3 })).toThrow(/temperature/);
});
