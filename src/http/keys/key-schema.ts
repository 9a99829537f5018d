import { z } from 'zod';
import type { KeyScope } from '../../gateway/admission/keyring.ts';

const SCOPES = ['inference', 'feedback', 'intelligence', 'admin'] as const satisfies readonly KeyScope[];
/** Beyond this micro-USD are no longer whole numbers. */
const MAX_USD = 1_000_000_000;
const LAST_MS = Date.UTC(9999, 11, 31);

/** Lists show a key's name on its line: one that breaks lines could pass for another key. */
const ONE_LINE = /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u;

const names = z
  .array(z.string().min(1).max(256), { error: 'must be a list of names' })
  .min(1, 'must name at least one; null allows all')
  .max(1000);
const perMinute = z
  .int({ error: 'must be a whole number' })
  .min(1, 'must be at least 1; null leaves it to the plan');
const usd = z
  .number({ error: 'must be a number of USD' })
  .min(0.000001, 'must be more than 0; null takes the budget away')
  .max(MAX_USD);

const name = z
  .string({ error: 'must be a text' })
  .trim()
  .min(1, 'must be 1 to 200 characters on one line')
  .max(200, 'must be 1 to 200 characters on one line')
  .regex(ONE_LINE, 'must be 1 to 200 characters on one line')
  .meta({ description: 'Whose key it is.', examples: ['laptop'] });

const scopes = z
  .array(z.enum(SCOPES, { error: `must be one of ${SCOPES.join(', ')}` }), {
    error: 'must be a list of scopes',
  })
  .min(1, 'must name at least one scope')
  .meta({
    description: 'What it opens; `admin` includes the others.',
    examples: [['inference', 'feedback']],
  });

const settings = {
  allowed_models: names
    .nullish()
    .meta({ description: 'Models it may use; null for all.', examples: [['llama-3.3-70b']] }),
  allowed_providers: names
    .nullish()
    .meta({ description: 'Providers that may serve it; null for all.', examples: [['groq']] }),
  allowed_addresses: z
    .array(
      z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
        error: 'must be an IP address or a block such as 10.0.0.0/8',
      }),
      {
        error: 'must be a list of IP addresses and blocks',
      },
    )
    .min(1, 'must name at least one; null allows all')
    .max(1000)
    .nullish()
    .meta({
      description: 'IP addresses and CIDR blocks, IPv4 and IPv6, that it may come from; null for all.',
      examples: [['192.0.2.7', '2001:db8::/32']],
    }),
  plan: z
    .string({ error: 'must be the name of a plan' })
    .min(1, 'must be the name of a plan; null for none')
    .max(256)
    .nullish()
    .meta({ description: 'Name of a plan whose limits hold for it; null for none.', examples: ['pro'] }),
  requests_per_minute: perMinute
    .nullish()
    .meta({ description: 'Its own limit, in place of its plan’s.', examples: [60] }),
  tokens_per_minute: perMinute.nullish().meta({
    description: 'Its own limit on tokens, prompt and answer together, in place of its plan’s.',
    examples: [100_000],
  }),
  budget_usd_per_day: usd
    .nullish()
    .meta({ description: 'What it may spend in a UTC day; null for no such budget.', examples: [5] }),
  budget_usd_per_month: usd.nullish().meta({
    description: 'What it may spend in a UTC calendar month; null for no such budget.',
    examples: [100],
  }),
  on_exhausted: z
    .enum(['stop', 'downgrade'], { error: 'must be stop or downgrade' })
    .optional()
    .meta({
      description: 'Once a budget is used up: refuse (402), or go on with what still fits.',
      examples: ['stop'],
    }),
  hold_back: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .meta({
      description:
        'Its streams go out only once they are whole, so that even a death in the middle fails over; `route.hold_back` of a request overrules it.',
      examples: [false],
    }),
  expires_at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' })
    .refine((text) => Date.parse(text) < LAST_MS, 'must be a time that there is')
    .nullish()
    .meta({ description: 'When it ends; null for never.', examples: ['2027-01-31T00:00:00Z'] }),
};

/** `POST /v1/keys`. Strict: a misspelt limit would be no limit. */
export const newKeySchema = z
  .strictObject({ name, scopes: scopes.default(['inference', 'feedback']), ...settings })
  .meta({ id: 'NewKey' });

/** `PATCH /v1/keys/{id}`: what is named changes, all else stays. */
export const keyChangesSchema = z
  .strictObject({ name: name.optional(), scopes: scopes.optional(), ...settings })
  .refine((changes) => Object.keys(changes).length > 0, 'names nothing to change')
  .meta({ id: 'KeyChanges', description: 'What is named changes; null takes a setting away.' });

export const keyListQuerySchema = z.object({
  limit: z
    .string()
    .optional()
    .meta({ description: 'Keys of a page, 1 to 100; 20 unless said', examples: ['20'] }),
  after: z
    .string()
    .optional()
    .meta({ description: '`last_id` of the page before', examples: ['key_0123456789abcdef'] }),
});

const time = z.iso.datetime();
const key = {
  object: z.literal('key'),
  id: z.string().meta({ examples: ['key_0123456789abcdef'] }),
  name: z.string(),
  prefix: z
    .string()
    .meta({ description: 'What it begins with, to recognise it by', examples: ['or-3kF9aZq'] }),
  state: z.enum(['active', 'expired', 'revoked']),
  scopes: z.array(z.enum(SCOPES)),
  allowed_models: z.array(z.string()).nullable(),
  allowed_providers: z.array(z.string()).nullable(),
  allowed_addresses: z.array(z.string()).nullable(),
  plan: z.string().nullable(),
  requests_per_minute: z.int().nullable(),
  tokens_per_minute: z.int().nullable(),
  limits: z
    .object({ requests_per_minute: z.int().nullable(), tokens_per_minute: z.int().nullable() })
    .meta({ description: 'Those that hold, by the key itself or by its plan; null for none' }),
  budget_usd_per_day: z.number().nullable(),
  budget_usd_per_month: z.number().nullable(),
  on_exhausted: z.enum(['stop', 'downgrade']),
  hold_back: z.boolean(),
  created_at: time,
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
};

export const keySchema = z.object(key).meta({ id: 'Key' });

export const createdKeySchema = z
  .object({ ...key, key: z.string().meta({ description: 'The key itself, shown this once' }) })
  .meta({ id: 'CreatedKey' });

export const keyListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(keySchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({ id: 'KeyList' });
