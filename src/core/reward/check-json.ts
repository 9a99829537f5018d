import { fitOfSchema } from './json-schema.ts';

/** Characters of an answer that are looked at: what is longer is not judged by its form. */
export const MAX_EXAMINED_CHARACTERS = 65_536;

/**
 * Whether the text is the JSON that `response_format` asked for; undefined when it asked for none, or when the text
 * is too long to judge. A schema that cannot be decided asks for no more than valid JSON: were only its violations
 * counted, every model would look bad at it.
 */
export function isJsonAsAsked(
  responseFormat: unknown,
  text: string,
  isTextWhole: boolean,
): boolean | undefined {
  const format = readMember(responseFormat, 'type');
  if (format !== 'json_object' && format !== 'json_schema') return undefined;
  if (!isTextWhole || text.length > MAX_EXAMINED_CHARACTERS) return undefined;
  const parsed = parseJson(text);
  if (parsed === undefined) return false;
  if (format === 'json_object') return typeof parsed.value === 'object' && parsed.value !== null;
  const schema = readMember(readMember(responseFormat, 'json_schema'), 'schema');
  return schema === undefined || fitOfSchema(schema, parsed.value) !== 'violates';
}

export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

export function readMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name);
}
