import { z } from 'zod';

export const count = z.int().min(1);
export const milliseconds = z.int().min(1).max(3_600_000);

/** The name of an environment variable that is set. */
export function environmentNameSchema(env: Readonly<Record<string, string | undefined>>) {
  return z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, {
      // Upper case only, and no further check after this one: the next would print a key pasted here by mistake.
      error: 'must be the name of an environment variable in capitals, not its value',
      abort: true,
    })
    .refine((name) => (env[name] ?? '').trim() !== '', {
      error: (issue) => `the environment variable ${String(issue.input)} is not set`,
    })
    .refine((name) => isOneLine((env[name] ?? '').trim()), {
      error: (issue) =>
        `the environment variable ${String(issue.input)} holds a line break or control character`,
    });
}

/** Without this a header with a line break would fail every request, long after the start. */
export function isOneLine(text: string): boolean {
  return !/\p{Cc}/u.test(text);
}

/** A key that belongs to other programs' files: present at all, it is a mistake with an explanation. */
export function forbidden(explanation: string) {
  return z.never({ error: explanation });
}
