import { z } from 'zod';
import { ON_EXHAUSTED } from '../core/money/budget.ts';
import { type FlawOf, flawOfLine } from './sendable.ts';
import { environmentNameSchema } from './value-schema.ts';

/** A thousandth of what whole micro-USD are exact to. */
const MAX_USD = 1_000_000_000;
const usd = z.number().min(0).max(MAX_USD);

/** `[budgets]`: what all requests together may cost. */
export function budgetsSchema(env: Readonly<Record<string, string | undefined>>) {
  return z.strictObject({
    usd_per_day: usd.optional(),
    usd_per_month: usd.optional(),
    on_exhausted: z.enum(ON_EXHAUSTED).default('stop'),
    warn_at: z
      .array(z.number().gt(0).max(1), { error: 'must be a list of shares, such as [0.8, 0.9]' })
      .max(10)
      .refine((shares) => new Set(shares).size === shares.length, 'names a share twice')
      .default([0.8, 0.9, 0.95]),
    webhook_url: z
      .string()
      .refine((text) => flawOfAddress(text) === undefined, {
        error: (issue) => flawOfAddress(String(issue.input)),
      })
      .optional(),
    webhook_url_env: environmentNameSchema(env, flawOfAddress).optional(),
  });
}

const flawOfAddress: FlawOf = (text) =>
  flawOfLine(text) ??
  (isHttpUrl(text) ? undefined : 'must be an http:// or https:// URL without credentials');

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}
