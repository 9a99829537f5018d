import type { Random } from '../../core/learning/random.ts';
import { isObject, type JsonObject, listOf, objectOf, textOf } from '../../core/wire/json-value.ts';
import { pick } from './draw.ts';

/** Optional members are left out below this depth, so that a schema which contains itself comes to an end. */
const DEEPEST_OPTIONAL = 3;
/** A schema that *requires* itself has no finite value: what is below is cut. */
const DEEPEST = 24;
/** Values and characters per string at most: a hostile schema must not fill the memory. */
const MOST_VALUES = 2_000;
const MOST_ITEMS = 32;
const MOST_CHARACTERS = 2_000;

export interface SchemaSource {
  /** Words to fill strings with. */
  readonly words: readonly string[];
  readonly numbers: readonly number[];
  readonly random: Random;
}

/**
 * A value that fits a JSON schema: types, enum, const, bounds, required members, arrays, the common formats, local
 * `$ref`, `anyOf` / `oneOf` (the first) and `allOf` (merged). `pattern` is not understood.
 */
export function valueFor(schema: unknown, source: SchemaSource): unknown {
  return generate(schema, '', 0, { ...source, root: objectOf(schema), made: { count: 0 } });
}

interface Context extends SchemaSource {
  readonly root: JsonObject;
  readonly made: { count: number };
}

function generate(given: unknown, name: string, depth: number, context: Context): unknown {
  const schema = resolve(given, context.root);
  context.made.count += 1;
  if (depth > DEEPEST || context.made.count > MOST_VALUES) return null;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return pick(schema.enum, context.random);
  switch (typeOf(schema)) {
    case 'object':
      return generateObject(schema, depth, context);
    case 'array': {
      const least = numberOr(schema.minItems, 0);
      const length = Math.max(
        least,
        Math.min(depth < DEEPEST_OPTIONAL ? 2 : 0, numberOr(schema.maxItems, 2)),
      );
      const leading = listOf(schema.prefixItems);
      return Array.from({ length: Math.min(Math.max(length, leading.length), MOST_ITEMS) }, (_, index) =>
        generate(leading[index] ?? schema.items ?? { type: 'string' }, name, depth + 1, context),
      );
    }
    case 'integer':
      return generateNumber(schema, 1, context);
    case 'number':
      return generateNumber(schema, 0, context);
    case 'boolean':
      return context.random() < 0.5;
    case 'null':
      return null;
    default:
      return generateString(schema, name, context);
  }
}

function generateObject(schema: JsonObject, depth: number, context: Context): JsonObject {
  const required = new Set(listOf(schema.required));
  const properties = Object.entries(objectOf(schema.properties));
  const value: Record<string, unknown> = {};
  for (const [key, property] of properties) {
    if (required.has(key) || depth < DEEPEST_OPTIONAL)
      value[key] = generate(property, key, depth + 1, context);
  }
  for (const key of required) {
    if (typeof key === 'string' && !Object.hasOwn(value, key))
      value[key] = generate({}, key, depth + 1, context);
  }
  return value;
}

function generateNumber(schema: JsonObject, wholeStep: 0 | 1, context: Context): number {
  const step = numberOr(schema.multipleOf, wholeStep);
  const nudge = step === 0 ? 1e-6 : step;
  const least = Math.max(
    numberOr(schema.minimum, Number.NEGATIVE_INFINITY),
    numberOr(schema.exclusiveMinimum, Number.NEGATIVE_INFINITY) + nudge,
  );
  const most = Math.min(
    numberOr(schema.maximum, Number.POSITIVE_INFINITY),
    numberOr(schema.exclusiveMaximum, Number.POSITIVE_INFINITY) - nudge,
  );
  const mentioned = context.numbers.find((number) => number >= least && number <= most);
  const wanted = mentioned ?? Math.min(Math.max(1, least), most);
  if (step === 0) return wanted;
  const down = Math.floor(wanted / step) * step;
  return down >= least ? down : Math.ceil(least / step) * step;
}

function generateString(schema: JsonObject, name: string, context: Context): string {
  const format = FORMATS[textOf(schema.format)];
  if (format !== undefined) return format;
  const word = context.words.length > 0 ? pick(context.words, context.random) : name || 'simulated';
  const least = Math.min(numberOr(schema.minLength, 0), MOST_CHARACTERS);
  const text = word.length >= least ? word : word.padEnd(least, '.');
  return text.slice(0, numberOr(schema.maxLength, 200));
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2025-01-31',
  time: '12:00:00Z',
  'date-time': '2025-01-31T12:00:00Z',
  duration: 'PT1H',
  email: 'simulated@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

/** Follows `$ref`, takes the first alternative, merges `allOf`; at most eight steps, as references may go in circles. */
function resolve(given: unknown, root: JsonObject): JsonObject {
  let schema = objectOf(given);
  for (let step = 0; step < 8; step += 1) {
    const { $ref: reference, anyOf, oneOf, allOf, ...rest } = schema;
    if (typeof reference === 'string') schema = { ...rest, ...lookUp(reference, root) };
    else if (Array.isArray(anyOf)) schema = { ...rest, ...objectOf(anyOf[0]) };
    else if (Array.isArray(oneOf)) schema = { ...rest, ...objectOf(oneOf[0]) };
    else if (Array.isArray(allOf)) schema = allOf.map((part) => resolve(part, root)).reduce(merge, rest);
    else return schema;
  }
  return schema;
}

function merge(first: JsonObject, second: JsonObject): JsonObject {
  return {
    ...first,
    ...second,
    properties: { ...objectOf(first.properties), ...objectOf(second.properties) },
    required: [...listOf(first.required), ...listOf(second.required)],
  };
}

function lookUp(reference: string, root: JsonObject): JsonObject {
  let found: unknown = root;
  for (const step of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    found = objectOf(found)[step.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return objectOf(found);
}

function typeOf(schema: JsonObject): string {
  if (typeof schema.type === 'string') return schema.type;
  if (Array.isArray(schema.type)) return textOf(schema.type.find((type) => type !== 'null') ?? 'null');
  if (isObject(schema.properties)) return 'object';
  if (schema.items !== undefined) return 'array';
  return 'string';
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
