import type { z } from 'zod';

const KIND_TO_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/**
 * What zod found wrong, as one says it to a client: what the value has to be. Messages that a schema has of its own stay
 * as they are.
 */
export function issueWords({ message }: z.core.$ZodIssue): string {
  const [, kind = '', received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (received === 'undefined') return 'is missing';
  if (received !== undefined) return `must be ${KIND_TO_WORDS[kind] ?? kind}`;
  const [, bound = '', unit] =
    /^Too (?:small|big): expected .+ (?:to be|to have) ([<>]=?-?[\d.e+]+)(?: (\w+))?$/.exec(message) ?? [];
  if (bound === '') return message.replace(/\.$/, '').replace(/^Invalid option: expected/, 'must be');
  if (unit !== undefined && bound === '>=1') return 'must not be empty';
  const range = bound
    .replace('>=', 'at least ')
    .replace('<=', 'at most ')
    .replace('>', 'more than ')
    .replace('<', 'less than ');
  return unit === undefined ? `must be ${range}` : `must have ${range} ${unit}`;
}
