/**
 * `violates` is certain. `undecided`: nothing seen violates the schema, but it uses keywords not judged here, or is
 * too large or too deep to be followed to its end.
 */
export type SchemaFit = 'fits' | 'violates' | 'undecided';

/** 3 to 20 ms at worst, measured on a busy machine. A schema of 2 KB can otherwise ask for 2³⁰ steps (docs/decisions/0007). */
const MAX_STEPS = 10_000;
const MAX_DEPTH = 128;
const MAX_POINTER_CHARACTERS = 512;

/** Assertions that are left out: regular expressions from strangers, and what nearly no schema uses. */
const NOT_JUDGED = [
  'pattern',
  'patternProperties',
  'propertyNames',
  'contains',
  'if',
  'dependentSchemas',
  'dependentRequired',
  'dependencies',
  'unevaluatedProperties',
  'unevaluatedItems',
  '$dynamicRef',
  '$recursiveRef',
] as const;

/** True, false, or undefined for unknown: a keyword left out must not turn into a violation under `not` or `oneOf`. */
type Truth = boolean | undefined;
type Json = Readonly<Record<string, unknown>>;

/**
 * Whether a JSON value fits a JSON Schema (drafts 7 to 2020-12), in bounded time and stack whatever schema and value
 * are: `type`, `enum`, `const`, number, string, array and object bounds, `properties`, `required`,
 * `additionalProperties`, `items`, `prefixItems`, `allOf`, `anyOf`, `oneOf`, `not`, local `$ref`.
 * `format` is an annotation, as the standard has it. Never throws.
 */
export function fitOfSchema(schema: unknown, value: unknown): SchemaFit {
  const truth = createJudge(schema)(schema, value, 0);
  if (truth === undefined) return 'undecided';
  return truth ? 'fits' : 'violates';
}

function createJudge(root: unknown): (schema: unknown, value: unknown, depth: number) => Truth {
  let steps = MAX_STEPS;
  const referenceToTarget = new Map<string, unknown>();

  function spend(cost: number): boolean {
    steps -= cost;
    return steps >= 0;
  }

  function judge(schema: unknown, value: unknown, depth: number): Truth {
    if (typeof schema === 'boolean') return schema;
    if (!isObject(schema) || depth > MAX_DEPTH || !spend(1)) return undefined;
    if (value === null && schema.nullable === true) return true;
    const ofValue = both(judgeKind(schema, value), () => judgeContent(schema, value, depth));
    return both(ofValue, () => judgeCombined(schema, value, depth));
  }

  function judgeKind(schema: Json, value: unknown): Truth {
    if (schema.type !== undefined) {
      const kinds = Array.isArray(schema.type) ? schema.type : [schema.type];
      if (!spend(kinds.length)) return undefined;
      if (!kinds.some((kind) => isOfKind(value, kind))) return false;
    }
    if (schema.const !== undefined && !isEqual(schema.const, value, 0)) return steps >= 0 ? false : undefined;
    if (Array.isArray(schema.enum)) {
      const isListed = schema.enum.some((listed) => steps >= 0 && isEqual(listed, value, 0));
      if (!isListed) return steps >= 0 ? false : undefined;
    }
    for (const keyword of NOT_JUDGED) if (schema[keyword] !== undefined) return undefined;
    return true;
  }

  function judgeContent(schema: Json, value: unknown, depth: number): Truth {
    if (typeof value === 'number') return isNumberWithin(schema, value);
    if (typeof value === 'string') return judgeString(schema, value);
    if (Array.isArray(value)) return judgeArray(schema, value, depth);
    return isObject(value) ? judgeObject(schema, value, depth) : true;
  }

  function judgeString(schema: Json, value: string): Truth {
    const { minLength, maxLength } = schema;
    if (typeof minLength !== 'number' && typeof maxLength !== 'number') return true;
    if (!spend(value.length >> 4)) return undefined;
    let characters = 0;
    for (const _ of value) characters += 1;
    return isWithin(characters, minLength, maxLength);
  }

  function judgeArray(schema: Json, value: readonly unknown[], depth: number): Truth {
    if (!isWithin(value.length, schema.minItems, schema.maxItems)) return false;
    if (!spend(value.length)) return undefined;
    let truth: Truth = true;
    if (schema.uniqueItems === true) {
      truth = value.some((item) => typeof item === 'object' && item !== null) ? undefined : true;
      if (new Set(value).size < value.length && truth) return false;
    }
    const isTuple = Array.isArray(schema.items);
    const first = isTuple ? schema.items : schema.prefixItems;
    const prefix: readonly unknown[] = Array.isArray(first) ? first : [];
    const rest = isTuple ? schema.additionalItems : schema.items;
    for (const [index, item] of value.entries()) {
      const itemSchema = index < prefix.length ? prefix[index] : rest;
      if (itemSchema === undefined) continue;
      truth = both(truth, () => judge(itemSchema, item, depth + 1));
      if (truth === false || steps < 0) return truth;
    }
    return truth;
  }

  function judgeObject(schema: Json, value: Json, depth: number): Truth {
    const names = Object.keys(value);
    if (!isWithin(names.length, schema.minProperties, schema.maxProperties)) return false;
    const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
    if (!spend(names.length + required.length)) return undefined;
    if (required.some((name) => typeof name === 'string' && !Object.hasOwn(value, name))) return false;
    const properties = isObject(schema.properties) ? schema.properties : {};
    let truth: Truth = true;
    for (const name of names) {
      const isNamed = Object.hasOwn(properties, name);
      if (!isNamed && isObject(schema.patternProperties)) truth = both(truth, () => undefined);
      else {
        const property = isNamed ? properties[name] : schema.additionalProperties;
        if (property !== undefined) truth = both(truth, () => judge(property, value[name], depth + 1));
      }
      if (truth === false || steps < 0) return truth;
    }
    return truth;
  }

  function judgeCombined(schema: Json, value: unknown, depth: number): Truth {
    let truth: Truth = true;
    if (typeof schema.$ref === 'string') {
      truth = judge(targetOf(schema.$ref), value, depth + 1);
    }
    if (Array.isArray(schema.allOf)) {
      for (const part of schema.allOf) {
        if (truth === false || steps < 0) return truth;
        truth = both(truth, () => judge(part, value, depth + 1));
      }
    }
    for (const [parts, isExclusive] of [
      [schema.anyOf, false],
      [schema.oneOf, true],
    ] as const) {
      if (Array.isArray(parts))
        truth = both(truth, () => judgeAlternatives(parts, isExclusive, value, depth));
    }
    const { not } = schema;
    if (not === undefined) return truth;
    return both(truth, () => inverse(judge(not, value, depth + 1)));
  }

  /** Undefined, which is judged as unknown, for what leads nowhere. */
  function targetOf(reference: string): unknown {
    const known = referenceToTarget.get(reference);
    if (known !== undefined || !spend(reference.length >> 3)) return known;
    const target = resolvePointer(root, reference);
    referenceToTarget.set(reference, target);
    return target;
  }

  function judgeAlternatives(
    parts: readonly unknown[],
    isExclusive: boolean,
    value: unknown,
    depth: number,
  ): Truth {
    let fitting = 0;
    let unknown = 0;
    for (const part of parts) {
      if (steps < 0) return undefined;
      const truth = judge(part, value, depth + 1);
      if (truth === undefined) unknown += 1;
      else if (truth) fitting += 1;
      if (fitting > 0 && !isExclusive) return true;
      if (fitting > 1) return false;
    }
    return unknown > 0 ? undefined : fitting === 1;
  }

  /** JSON equality; false when steps run out (or depth, which ends them), as every caller looks at. */
  function isEqual(one: unknown, other: unknown, depth: number): boolean {
    const isText = typeof one === 'string' && typeof other === 'string' && one.length === other.length;
    if (!spend(isText ? 1 + (one.length >> 6) : 1)) return false;
    if (one === other) return true;
    if (typeof one !== 'object' || typeof other !== 'object') return false;
    if (depth > MAX_DEPTH) steps = -1;
    if (Array.isArray(one) && Array.isArray(other)) {
      return (
        one.length === other.length && one.every((item, index) => isEqual(item, other[index], depth + 1))
      );
    }
    if (!isObject(one) || !isObject(other)) return false;
    const names = Object.keys(one);
    return (
      names.length === Object.keys(other).length &&
      names.every((name) => Object.hasOwn(other, name) && isEqual(one[name], other[name], depth + 1))
    );
  }

  return judge;
}

function both(truth: Truth, next: () => Truth): Truth {
  if (truth === false) return false;
  const then = next();
  return then === false ? false : truth && then;
}

function inverse(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

function isNumberWithin(schema: Json, value: number): boolean {
  if (!isWithin(value, schema.minimum, schema.maximum)) return false;
  if (typeof schema.exclusiveMinimum === 'number' && value <= schema.exclusiveMinimum) return false;
  if (typeof schema.exclusiveMaximum === 'number' && value >= schema.exclusiveMaximum) return false;
  if (typeof schema.multipleOf !== 'number' || schema.multipleOf <= 0) return true;
  const quotient = value / schema.multipleOf;
  // 0.3 is a multiple of 0.1, though not in floating point.
  return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient));
}

function isWithin(value: number, least: unknown, most: unknown): boolean {
  return !(typeof least === 'number' && value < least) && !(typeof most === 'number' && value > most);
}

function isOfKind(value: unknown, kind: unknown): boolean {
  if (kind === 'integer') return Number.isInteger(value);
  if (kind === 'null') return value === null;
  if (kind === 'array') return Array.isArray(value);
  if (kind === 'object') return isObject(value);
  return typeof value === kind;
}

/** A local `$ref` by JSON pointer; undefined for any other, and for one that leads nowhere. */
function resolvePointer(root: unknown, reference: string): unknown {
  if (!reference.startsWith('#') || reference.length > MAX_POINTER_CHARACTERS) return undefined;
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  let target: unknown = root;
  for (const part of reference.slice(2).split('/')) {
    const name = decodePart(part);
    const isStep = typeof target === 'object' && target !== null && Object.hasOwn(target, name);
    if (!isStep) return undefined;
    target = Reflect.get(Object(target), name);
  }
  return target;
}

function decodePart(part: string): string {
  const isEncoded = /^(?:[^%]|%[0-9A-Fa-f]{2})*$/.test(part) && part.includes('%');
  let decoded = part;
  if (isEncoded) {
    try {
      decoded = decodeURIComponent(part);
    } catch {
      // Not UTF-8: then it is meant as it stands.
    }
  }
  return decoded.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
