import { Ajv2020 } from 'ajv/dist/2020.js';
import { randomInt, randomLcg } from 'd3-random';
import { describe, expect, it } from 'vitest';
import { fitOfSchema } from '../../../src/core/reward/json-schema.ts';

type Draw = (below: number) => number;

function randomValue(draw: Draw, depth: number): unknown {
  const scalars = [null, true, false, 0, 1, -3, 2.5, 12, '', 'a', 'abc', '😀x'];
  const kind = depth > 2 ? 0 : draw(4);
  if (kind === 2) return Array.from({ length: draw(4) }, () => randomValue(draw, depth + 1));
  if (kind !== 3) return scalars[draw(scalars.length)];
  const names = ['a', 'b', 'c', '__proto__'].filter(() => draw(2) === 0);
  return Object.fromEntries(names.map((name) => [name, randomValue(draw, depth + 1)]));
}

function randomSchema(draw: Draw, depth: number): unknown {
  if (draw(12) === 0) return draw(3) > 0;
  const inner = () => randomSchema(draw, depth + 1);
  const some = () => Array.from({ length: 1 + draw(2) }, inner);
  const kinds = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'];
  const flat: (() => object)[] = [
    () => ({ type: kinds[draw(kinds.length)] }),
    () => ({ type: kinds.filter(() => draw(2) === 0).concat('object') }),
    () => ({ enum: [randomValue(draw, 1), randomValue(draw, 1), randomValue(draw, 1)] }),
    () => ({ const: randomValue(draw, 2) }),
    () => ({ minLength: draw(3), maxLength: draw(4) }),
    () => ({ minimum: draw(4) - 2 }),
    () => ({ exclusiveMaximum: draw(4) }),
    () => ({ exclusiveMinimum: draw(3), multipleOf: 1 + draw(3) }),
    () => ({ minItems: draw(2), maxItems: draw(4) }),
    () => ({ minProperties: draw(2), maxProperties: draw(4) }),
    () => ({ required: ['a', 'b'].slice(draw(3)) }),
  ];
  const deep: (() => object)[] = [
    () => ({ properties: { a: inner(), b: inner() }, additionalProperties: inner() }),
    () => ({ properties: { a: inner() }, additionalProperties: false }),
    () => ({ items: inner() }),
    () => ({ prefixItems: some(), items: inner() }),
    () => ({ allOf: some() }),
    () => ({ anyOf: some() }),
    () => ({ oneOf: some() }),
    () => ({ not: inner() }),
    () => ({ $ref: `#/$defs/${['leaf', 'tree', 'a~1b'][draw(3)]}` }),
  ];
  const parts = depth > 2 ? flat : [...flat, ...deep, ...deep];
  return Object.assign({}, ...Array.from({ length: 1 + draw(2) }, () => parts[draw(parts.length)]?.()));
}

describe('fitOfSchema', () => {
  it('agrees with ajv on 200 random schemas and 6,000 values', () => {
    const uniform = randomInt.source(randomLcg(0.42));
    const draw: Draw = (below) => uniform(below)();
    const ajv = new Ajv2020({ strict: false, validateSchema: false, logger: false });
    const counts = { fits: 0, violates: 0 };
    for (let round = 0; round < 200; round += 1) {
      const $defs = {
        leaf: { type: ['string', 'null'] },
        tree: { type: 'object', properties: { a: { $ref: '#/$defs/tree' }, b: { $ref: '#/$defs/leaf' } } },
        'a/b': { enum: [1, 'a', []] },
      };
      const body = randomSchema(draw, 0);
      const schema = typeof body === 'object' ? { ...body, $defs } : { allOf: [body], $defs };
      const validate = ajv.compile(schema);
      for (let count = 0; count < 30; count += 1) {
        const value = randomValue(draw, 0);
        const expected = validate(value) ? 'fits' : 'violates';
        counts[expected] += 1;
        expect(fitOfSchema(schema, value), JSON.stringify({ schema, value })).toBe(expected);
      }
    }
    expect(Math.min(counts.fits, counts.violates)).toBeGreaterThan(1_500);
  });

  it('judges the schema that an SDK makes of a class', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string' },
        age: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }] },
        tags: { type: 'array', items: { $ref: '#/$defs/Tag' } },
      },
      required: ['name', 'age', 'tags'],
      additionalProperties: false,
      $defs: { Tag: { type: 'string', enum: ['red', 'blue'] } },
    };
    expect(fitOfSchema(schema, { name: 'x', age: null, tags: ['red'] })).toBe('fits');
    expect(fitOfSchema(schema, { name: 'x', age: -1, tags: [] })).toBe('violates');
    expect(fitOfSchema(schema, { name: 'x', age: 1, tags: ['green'] })).toBe('violates');
    expect(fitOfSchema(schema, { name: 'x', age: 1 })).toBe('violates');
    expect(fitOfSchema(schema, { name: 'x', age: 1, tags: [], more: 1 })).toBe('violates');
  });

  it('takes `format` as an annotation, and a decimal for a multiple', () => {
    expect(fitOfSchema({ format: 'email' }, 'not one')).toBe('fits');
    expect(fitOfSchema({ multipleOf: 0.1 }, 0.3)).toBe('fits');
    expect(fitOfSchema({ multipleOf: 0.1 }, 0.35)).toBe('violates');
    expect(fitOfSchema({ type: 'string', nullable: true }, null)).toBe('fits');
    expect(fitOfSchema({ uniqueItems: true }, [1, 2, 1])).toBe('violates');
  });

  it('says undecided, never a violation, for what it does not judge', () => {
    expect(fitOfSchema({ pattern: '^a' }, 'b')).toBe('undecided');
    expect(fitOfSchema({ not: { pattern: '^a' } }, 'b')).toBe('undecided');
    expect(fitOfSchema({ oneOf: [{ type: 'string' }, { pattern: '^a' }] }, 'b')).toBe('undecided');
    expect(fitOfSchema({ patternProperties: { x: {} }, additionalProperties: false }, { y: 1 })).toBe(
      'undecided',
    );
    expect(fitOfSchema({ $ref: 'https://example.com/schema' }, 1)).toBe('undecided');
    expect(fitOfSchema({ $ref: '#/$defs/absent' }, 1)).toBe('undecided');
    expect(fitOfSchema('nonsense', 1)).toBe('undecided');
    expect(fitOfSchema({ pattern: '^a', type: 'number' }, 'b')).toBe('violates');
  });

  it('does not reach into prototypes', () => {
    expect(fitOfSchema({ required: ['toString'] }, {})).toBe('violates');
    expect(fitOfSchema({ additionalProperties: false }, { constructor: 1 })).toBe('violates');
    expect(
      fitOfSchema(
        JSON.parse('{"properties":{"__proto__":{"type":"string"}}}'),
        JSON.parse('{"__proto__":1}'),
      ),
    ).toBe('violates');
    expect(fitOfSchema({ $ref: '#/constructor' }, 1)).toBe('undecided');
  });
});

describe('a hostile schema', () => {
  function ladder(rungs: number, keyword: string): object {
    const $defs: Record<string, object> = { [`a${rungs}`]: { type: 'object' } };
    for (let rung = 0; rung < rungs; rung += 1) {
      const below = { $ref: `#/$defs/a${rung + 1}` };
      $defs[`a${rung}`] = { [keyword]: [below, below] };
    }
    return { $defs, $ref: '#/$defs/a0' };
  }
  const wide = Array.from({ length: 50_000 }, (_, number) => ({ number }));
  let deep: object = { type: 'string' };
  for (let level = 0; level < 20_000; level += 1) deep = { items: deep };
  let deepValue: unknown = [];
  for (let level = 0; level < 20_000; level += 1) deepValue = [deepValue];

  it.each<[string, unknown, unknown]>([
    ['refers to itself', { $ref: '#' }, {}],
    [
      'refers in a ring',
      { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' },
      {},
    ],
    ['doubles 100 times by allOf', ladder(100, 'allOf'), {}],
    ['doubles 100 times by oneOf', ladder(100, 'oneOf'), {}],
    ['doubles 100 times by anyOf', ladder(100, 'anyOf'), []],
    [
      'lists 50,000 objects for 200 items',
      { items: { enum: wide } },
      wide.slice(0, 200).map(() => ({ number: -1 })),
    ],
    ['is 20,000 deep', deep, deepValue],
    ['compares two deep values', { const: deepValue }, structuredCloneOf(deepValue)],
    ['has a catastrophic pattern', { pattern: '^(a+)+$' }, `${'a'.repeat(50)}!`],
  ])('that %s is left undecided', (_, schema, value) => {
    const startedMs = performance.now();
    expect(fitOfSchema(schema, value)).toBe('undecided');
    // 3 to 50 ms when measured; unbounded, each of these takes minutes or the whole stack.
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  function structuredCloneOf(value: unknown): unknown {
    let clone: unknown = [];
    for (let inner = value; Array.isArray(inner) && inner.length > 0; inner = inner[0]) clone = [clone];
    return clone;
  }
});
