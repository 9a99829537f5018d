import { z } from 'zod';
import { closestName } from './closest-name.ts';
import type { Mistake } from './config-error.ts';
import { fileSchema, type Surroundings } from './file-schema.ts';
import { formatKeyPath, type KeyPath } from './key-path.ts';

type Issue = z.core.$ZodIssue;

/** What the schema found wrong, in words for the operator. One issue about three unknown keys gives three mistakes. */
export function explainIssues(
  issues: readonly Issue[],
  raw: unknown,
  surroundings: Surroundings,
  lineOf: (path: KeyPath) => number | undefined,
): Mistake[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    const at = (place: KeyPath, message: string): Mistake => ({
      path: formatKeyPath(place),
      line: lineOf(place),
      message,
    });
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeysAt(path, surroundings);
      return issue.keys.map((key) => at([...path, key], explainUnknownKey(key, known)));
    }
    if (issue.code === 'invalid_key') return [at(path, issue.issues[0]?.message ?? issue.message)];
    const value = valueAt(raw, path);
    if (issue.code === 'invalid_value' && issue.message.startsWith('Invalid option')) {
      return [at(path, explainChoice(value, issue.values.map(String)))];
    }
    if (issue.code === 'invalid_type' && value === undefined) return [at(path, 'is missing')];
    return [at(path, issue.message.replace(/^Invalid input: /, '').replace(/^Too (small|big): /, ''))];
  });
}

function explainUnknownKey(key: string, known: readonly string[]): string {
  const meant = closestName(key, known);
  if (meant !== undefined) return `unknown key; did you mean ${meant}?`;
  return `unknown key; known here: ${known.join(', ')}`;
}

function explainChoice(value: unknown, choices: readonly string[]): string {
  const meant = typeof value === 'string' ? closestName(value, choices) : undefined;
  const list = `must be one of ${choices.map((choice) => `"${choice}"`).join(', ')}`;
  return meant === undefined ? list : `${list}; did you mean "${meant}"?`;
}

interface JsonSchemaNode {
  properties?: Record<string, JsonSchemaNode>;
  additionalProperties?: JsonSchemaNode | boolean;
  items?: JsonSchemaNode;
  not?: unknown;
}

/** The keys that may stand in the table at `path`, read from the schema itself; those that only explain a mistake left out. */
function knownKeysAt(path: KeyPath, surroundings: Surroundings): string[] {
  const schema = z.toJSONSchema(fileSchema(surroundings), {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  });
  let node = schema as JsonSchemaNode | undefined;
  for (const part of path) {
    const more = node?.additionalProperties;
    node =
      typeof part === 'number'
        ? node?.items
        : (node?.properties?.[part] ?? (typeof more === 'object' ? more : undefined));
  }
  return Object.entries(node?.properties ?? {})
    .filter(([, property]) => property.not === undefined)
    .map(([key]) => key);
}

function valueAt(raw: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    raw,
  );
}
