import { expect, test } from 'vitest';
import { replacerInEvents } from '../../../src/core/wire/replace-in-events.ts';

const replace = (text: string, change: Partial<{ member: string; from: string; to: string }> = {}) =>
  replacerInEvents({ member: 'model', from: 'theirs', to: 'ours', ...change })(Buffer.from(text)).toString();

test.each([
  ['data: {"model":"theirs","n":1}\n\n', 'data: {"model":"ours","n":1}\n\n'],
  ['data:{"id":{"a":[1]},"model" : \t"theirs"}\r\r', 'data:{"id":{"a":[1]},"model" : \t"ours"}\r\r'],
  ['data: {"a":"}{","model":"theirs"}\n\n', 'data: {"a":"}{","model":"ours"}\n\n'],
  ['data: {"a":"\\"}{[","model":"theirs"}\n\n', 'data: {"a":"\\"}{[","model":"ours"}\n\n'],
  [
    'data: {"model":"theirs"}\n\ndata: {"model":"theirs"}\n\n',
    'data: {"model":"ours"}\n\ndata: {"model":"ours"}\n\n',
  ],
  [
    'data: {"a":{\r\ndata: "b":1},\r\ndata: "model":"theirs"}\r\n\r\n',
    'data: {"a":{\r\ndata: "b":1},\r\ndata: "model":"ours"}\r\n\r\n',
  ],
  [
    ': a comment with a { and a "\ndata: {"model":"theirs"}\n\n',
    ': a comment with a { and a "\ndata: {"model":"ours"}\n\n',
  ],
  [
    'data: {{{ cut short\n\ndata: {"model":"theirs"}\n\n',
    'data: {{{ cut short\n\ndata: {"model":"ours"}\n\n',
  ],
  ['event: x{\nid: 7\ndata: {"model":"theirs"}\n\n', 'event: x{\nid: 7\ndata: {"model":"ours"}\n\n'],
])('%j: the chunk’s own', (before, after) => {
  expect(replace(before)).toBe(after);
});

test.each([
  'data: {"a":{"model":"theirs"}}\n\n',
  'data: {"a":[{"model":"theirs"}],"model":"dated-theirs"}\n\n',
  'data: {"a":{\ndata: "model":"theirs"}}\n\n',
  'data: {"model":"other","system":"theirs"}\n\n',
  'data: {"a":"\\"model\\":\\"theirs\\"","b":"model:theirs"}\n\n',
  'data: {"a":["theirs"],"submodel":"theirs"}\n\n',
  'data: ["model","theirs"]\n\ndata: "theirs"\n\n',
  ': "model":"theirs"\n\n',
])('%j: stays', (text) => {
  expect(replace(text)).toBe(text);
});

test('nothing is copied where nothing changes', () => {
  const events = Buffer.from('data: {"model":"other","a":{"model":"theirs"}}\n\n');
  expect(replacerInEvents({ member: 'model', from: 'theirs', to: 'ours' })(events)).toBe(events);
});

test('names of any letters', () => {
  const from = 'ven"dor/型 $1\\n';
  expect(replace(`data: ${JSON.stringify({ model: from })}\n\n`, { from, to: '$& "我"' })).toBe(
    `data: ${JSON.stringify({ model: '$& "我"' })}\n\n`,
  );
});
