import { z } from 'zod';
import { type FlawOf, flawOfLine } from './sendable.ts';

export const count = z.int().min(1);
/** `"none"` for no limit. */
export const limit = z.union([count, z.literal('none')], {
  error: 'must be a whole number of at least 1, or "none"',
});
export const milliseconds = z.int().min(1).max(3_600_000);

/** An IP address or a CIDR block. */
export const addressRange = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'must be an IP address or a block such as "10.0.0.0/8"',
});

/** The name of an environment variable that is set, and in whose value `flawOf` finds nothing. Never prints the value. */
export function environmentNameSchema(
  env: Readonly<Record<string, string | undefined>>,
  flawOf: FlawOf = flawOfLine,
) {
  const valueIn = (name: unknown) => (env[String(name)] ?? '').trim();
  return z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, {
      // Upper case only, and no further check after this one: the next would print a key pasted here by mistake.
      error: 'must be the name of an environment variable in capitals, not its value',
      abort: true,
    })
    .refine((name) => valueIn(name) !== '', {
      error: (issue) => `the environment variable ${String(issue.input)} is not set`,
    })
    .refine((name) => flawOf(valueIn(name)) === undefined, {
      error: (issue) => `the environment variable ${String(issue.input)} ${flawOf(valueIn(issue.input))}`,
    });
}

/** A key that belongs to other programs' files: present at all, it is a mistake with an explanation. */
export function forbidden(explanation: string) {
  return z.never({ error: explanation });
}
