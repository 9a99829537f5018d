import type { z } from 'zod';
import { explain } from './chat-schema.ts';
import { withModelNamed } from './wishes-schema.ts';

/**
 * Reads bodies by a schema.
 *
 * @param schema of what is checked; whatever else a body holds passes through untouched
 * @returns a function that throws a GatewayError 400 naming the first thing that is wrong
 */
export function checkedBy<Schema extends z.ZodType>(
  schema: Schema,
): (json: Readonly<Record<string, unknown>>) => z.output<Schema> {
  return (json) => {
    const result = schema.safeParse(withModelNamed(json));
    if (result.success) return result.data;
    throw explain(result.error);
  };
}
