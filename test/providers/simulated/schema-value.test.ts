import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/core/learning/random.ts';
import { valueFor } from '../../../src/providers/simulated/schema-value.ts';

const source = { words: ['Paris', 'rain'], numbers: [3, 21.5], random: createRandom(3) };

test.each([
  [
    {
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
      additionalProperties: false,
    },
  ],
  [{ type: 'object', required: ['id'], properties: { id: { type: 'integer', minimum: 5, maximum: 9 } } }],
  [{ type: 'array', items: { enum: ['red', 'green'] }, minItems: 3 }],
  [{ type: 'array', items: { type: 'number' }, maxItems: 1 }],
  [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false, maxItems: 2 }],
  [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }],
  [{ type: 'integer', multipleOf: 7, minimum: 10 }],
  [{ type: 'integer', maximum: -4 }],
  [{ type: 'string', minLength: 12, maxLength: 14 }],
  [{ type: 'string', maxLength: 2 }],
  [{ type: ['string', 'null'] }],
  [{ type: ['null', 'integer'] }],
  [{ type: 'null' }],
  [{ const: { a: [1] } }],
  [{ enum: [1, 'two', null] }],
  [{ type: 'boolean' }],
  [{}],
  [true],
  [{ properties: { a: { type: 'integer' } }, required: ['a', 'undeclared'] }],
  [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }],
  [
    {
      oneOf: [{ type: 'object', properties: { kind: { const: 'a' } }, required: ['kind'] }, { type: 'null' }],
    },
  ],
  [
    {
      allOf: [
        { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
        { type: 'object', properties: { b: { type: 'boolean' } }, required: ['b'] },
      ],
    },
  ],
  [
    {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: {
            value: { type: 'string' },
            children: { type: 'array', items: { $ref: '#/$defs/node' } },
          },
          required: ['value', 'children'],
          additionalProperties: false,
        },
      },
    },
  ],
])('the value fits %j', (schema) => {
  const validate = new Ajv2020({ strict: false }).compile(schema);
  const value = valueFor(schema, source);
  expect(validate(JSON.parse(JSON.stringify(value))), JSON.stringify(value)).toBe(true);
});

test.each(['date', 'date-time', 'email', 'uri', 'uuid', 'ipv4'])(
  'strings of format %s have a form',
  (format) => {
    expect(valueFor({ type: 'string', format }, source)).toMatch(/[-@.:]/);
  },
);

test('values come from the prompt where they can', () => {
  expect(valueFor({ type: 'integer', minimum: 2, maximum: 10 }, source)).toBe(3);
  expect(['Paris', 'rain']).toContain(valueFor({ type: 'string' }, source));
});

test('schemas without a finite value, or with a huge one, come to an end', () => {
  const endless = {
    $ref: '#/$defs/pair',
    $defs: {
      pair: {
        type: 'object',
        properties: { left: { $ref: '#/$defs/pair' }, right: { $ref: '#/$defs/pair' } },
        required: ['left', 'right'],
      },
    },
  };
  const wide = {
    type: 'array',
    minItems: 1e9,
    items: { type: 'array', minItems: 1e9, items: { minLength: 1e9 } },
  };
  const circular = { $ref: '#/a', a: { $ref: '#/b' }, b: { $ref: '#/a' } };
  for (const schema of [endless, wide, circular]) {
    expect(JSON.stringify(valueFor(schema, source)).length).toBeLessThan(5_000_000);
  }
});
