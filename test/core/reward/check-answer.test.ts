import { describe, expect, it } from 'vitest';
import type { AnswerFacts } from '../../../src/core/outcome/answer-facts.ts';
import { expectationOf } from '../../../src/core/reward/answer-expectation.ts';
import { checkAnswer } from '../../../src/core/reward/check-answer.ts';
import type { ChatRequestView } from '../../../src/core/task/task.ts';

const AS_ASKED = { source: 'check', quality: 1, weight: 1 };
const NOT_AS_ASKED = { source: 'check', quality: 0, weight: 1 };
const FAULTY = { source: 'heuristic', quality: 0, weight: 0.25 };
const PASSED = { source: 'heuristic', quality: 1, weight: 0.02 };
const TRUNCATED = { source: 'heuristic', quality: 0.3, weight: 0.25 };

function verdict(request: Partial<ChatRequestView>, answer: Partial<AnswerFacts>) {
  const facts = { finishReason: 'stop', text: '', isTextWhole: true, toolCalls: [], ...answer };
  return checkAnswer(expectationOf({ messages: [], ...request }), facts);
}

const longProse = Array.from({ length: 12_000 }, (_, number) => `word${number * 7919}`).join(' ');
const jsonObject = { response_format: { type: 'json_object' } };
const jsonSchema = {
  response_format: {
    type: 'json_schema',
    json_schema: {
      name: 'a',
      schema: { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } },
    },
  },
};
const weather = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', required: ['city'], properties: { city: { type: 'string' } } },
  },
};
const offered = { tools: [weather, { type: 'function', function: { name: 'now' } }] };
function called(name: string, text: string): Partial<AnswerFacts> {
  return { finishReason: 'tool_calls', toolCalls: [{ name, arguments: text }] };
}

describe('without anything asked for', () => {
  it.each<[string, Partial<AnswerFacts>, object]>([
    ['a plain answer', { text: 'Paris.' }, PASSED],
    ['an empty answer', { text: ' \n\t' }, FAULTY],
    ['no text and no calls', {}, FAULTY],
    ['a filtered answer', { text: 'The', finishReason: 'content_filter' }, FAULTY],
    ['an explicit refusal', { refusal: 'I will not.' }, FAULTY],
    ['an empty refusal field', { text: 'Paris.', refusal: '' }, PASSED],
    ['a refusal in the text', { text: "I'm sorry, but I can't help with that." }, FAULTY],
    ['an answer cut off by the model', { text: 'Once upon', finishReason: 'length' }, TRUNCATED],
    ['a loop', { text: 'The cat sat on the mat again. '.repeat(60), finishReason: 'length' }, FAULTY],
  ])('%s', (_, answer, expected) => {
    expect(verdict({}, answer)).toEqual(expected);
  });

  it.each([{ max_tokens: 2 }, { max_completion_tokens: 2 }])(
    'an answer cut off at %j says nothing',
    (bound) => {
      expect(verdict(bound, { text: 'Once upon', finishReason: 'length' })).toBeUndefined();
      expect(verdict({ ...bound, ...jsonObject }, { text: '{"a', finishReason: 'length' })).toBeUndefined();
    },
  );

  it('a bound of null is none', () => {
    expect(verdict({ max_tokens: null }, { text: 'Once', finishReason: 'length' })).toEqual(TRUNCATED);
  });
});

describe('where JSON was asked for', () => {
  it.each<[Partial<ChatRequestView>, string, object]>([
    [jsonObject, '{"a": 1}', AS_ASKED],
    [jsonObject, ' {"a": 1}\n', AS_ASKED],
    [jsonObject, '7', NOT_AS_ASKED],
    [jsonObject, 'null', NOT_AS_ASKED],
    [jsonObject, '```json\n{"a": 1}\n```', NOT_AS_ASKED],
    [jsonObject, '{"a": 1', NOT_AS_ASKED],
    [jsonObject, '', NOT_AS_ASKED],
    [jsonSchema, '{"x": 1}', AS_ASKED],
    [jsonSchema, '{"x": "1"}', NOT_AS_ASKED],
    [jsonSchema, '{}', NOT_AS_ASKED],
    [{ response_format: { type: 'json_schema' } }, '{}', AS_ASKED],
    [{ response_format: { type: 'text' } }, '{}', PASSED],
    [{ response_format: null }, '{}', PASSED],
  ])('%j answered with %j', (request, text, expected) => {
    expect(verdict(request, { text })).toEqual(expected);
  });

  it('a schema that cannot be decided asks for valid JSON', () => {
    const patterned = {
      response_format: { type: 'json_schema', json_schema: { schema: { pattern: '(a+)+$' } } },
    };
    expect(verdict(patterned, { text: '"aaaa!"' })).toEqual(AS_ASKED);
    expect(verdict(patterned, { text: 'aaaa!' })).toEqual(NOT_AS_ASKED);
  });

  it('a text that was not kept whole, or is too long, is not judged by its form', () => {
    expect(verdict(jsonObject, { text: '{"a', isTextWhole: false })).toEqual(PASSED);
    expect(verdict(jsonObject, { text: `{"a": "${longProse}` })).toEqual(PASSED);
  });
});

describe('where tools were offered', () => {
  it.each<[string, Partial<ChatRequestView>, Partial<AnswerFacts>, object]>([
    ['a call that fits', offered, called('weather', '{"city": "Oslo"}'), AS_ASKED],
    ['arguments that do not fit', offered, called('weather', '{"town": "Oslo"}'), NOT_AS_ASKED],
    ['arguments that do not parse', offered, called('weather', '{"city": "Os'), NOT_AS_ASKED],
    ['arguments that are no object', offered, called('now', '[]'), NOT_AS_ASKED],
    ['a tool that was not offered', offered, called('wheather', '{}'), NOT_AS_ASKED],
    ['a call without any tools', {}, called('weather', '{}'), NOT_AS_ASKED],
    ['no arguments where none are needed', offered, called('now', ''), AS_ASKED],
    [
      'a second call that fails',
      offered,
      {
        toolCalls: [
          { name: 'now', arguments: '{}' },
          { name: 'weather', arguments: '{}' },
        ],
      },
      NOT_AS_ASKED,
    ],
    ['text instead of a call', offered, { text: 'Oslo is cold.' }, PASSED],
    [
      'text where a call was required',
      { ...offered, tool_choice: 'required' },
      { text: 'Cold.' },
      NOT_AS_ASKED,
    ],
    [
      'text where one tool was named',
      { ...offered, tool_choice: { type: 'function', function: { name: 'now' } } },
      { text: 'Cold.' },
      NOT_AS_ASKED,
    ],
    ['a call where none was allowed', { ...offered, tool_choice: 'none' }, called('now', '{}'), NOT_AS_ASKED],
    [
      'a call in the older form',
      { functions: [weather.function] },
      called('weather', '{"city": "Oslo"}'),
      AS_ASKED,
    ],
    [
      'free text for a custom tool',
      { tools: [{ type: 'custom', custom: { name: 'shell' } }] },
      called('shell', 'ls -l'),
      AS_ASKED,
    ],
    ['a call beside asked-for JSON', { ...offered, ...jsonObject }, called('now', '{}'), AS_ASKED],
    ['JSON beside offered tools', { ...offered, ...jsonObject }, { text: '{}' }, AS_ASKED],
  ])('%s', (_, request, answer, expected) => {
    expect(verdict(request, answer)).toEqual(expected);
  });

  it('too many arguments to judge are no verdict on the calls', () => {
    const long = called('weather', `{"city": "${'x'.repeat(70_000)}"}`);
    expect(verdict(offered, long)).toEqual(PASSED);
  });

  it('tools and formats of any shape are borne', () => {
    const odd = { tools: [null, 7, {}, { function: null }, weather], response_format: [] as never };
    expect(verdict(odd, called('weather', '{"city": "Oslo"}'))).toEqual(AS_ASKED);
    expect(verdict({ ...odd, tool_choice: { type: 5 } }, { text: 'x' })).toEqual(NOT_AS_ASKED);
  });
});

it('looks at a bounded part of an answer of 10 MB', () => {
  const paragraph = 'Some words that go on. '.repeat(450_000);
  const startedMs = performance.now();
  for (let round = 0; round < 100; round += 1) verdict({}, { text: paragraph });
  // 0.05 ms each when measured; reading all of it takes 20 ms each.
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});
