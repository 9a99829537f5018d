import { z } from 'zod';
import { count } from './value-schema.ts';

const names = z.array(z.string().min(1)).min(1).max(200);
const providers = (providerNames: readonly string[]) =>
  z
    .array(
      z.string().refine((name) => providerNames.length === 0 || providerNames.includes(name), {
        error: (issue) =>
          `there is no provider ${String(issue.input)}; there are ${providerNames.join(', ')}`,
      }),
    )
    .min(1);

/** Members of a request's body that a preset may not set: they are the request itself, or have a place of their own. */
const NOT_PARAMETERS: ReadonlySet<string> = new Set([
  'model',
  'models',
  'messages',
  'prompt',
  'input',
  'stream',
  'stream_options',
  'route',
  'provider',
  'preset',
  'session_id',
  'conversation_id',
]);

/** One `[presets.*]` table: the defaults of what clients ask for by `@preset/name`. */
export function presetSchema(surroundings: {
  readonly providerNames: readonly string[];
  readonly strategyNames: readonly string[];
}) {
  const known = providers(surroundings.providerNames);
  return z
    .strictObject({
      model: z.string().min(1).optional(),
      models: names.optional(),
      strategy: z.enum(surroundings.strategyNames).optional(),
      system_prompt: z.string().min(1).max(100_000).optional(),
      route: z
        .strictObject({
          models: names.optional(),
          provider_allow: known.optional(),
          provider_deny: known.optional(),
          max_cost_usd: z.number().positive().optional(),
          max_latency_ms: z.number().positive().optional(),
          min_quality: z.number().min(0).max(1).optional(),
          allow_fallback: z.boolean().optional(),
          hold_back: z.boolean().optional(),
          explore: z.boolean().optional(),
        })
        .optional(),
      provider: z
        .strictObject({
          order: known.optional(),
          allow_fallbacks: z.boolean().optional(),
          require_parameters: z.boolean().optional(),
          max_price: z
            .strictObject({
              prompt: z.number().min(0).optional(),
              completion: z.number().min(0).optional(),
            })
            .optional(),
        })
        .optional(),
      parameters: z
        .looseObject({
          temperature: z.number().min(0).max(2).optional(),
          top_p: z.number().min(0).max(1).optional(),
          max_tokens: count.optional(),
        })
        .refine((table) => Object.keys(table).every((name) => !NOT_PARAMETERS.has(name)), {
          error: (issue) =>
            `may not set ${Object.keys(issue.input as object)
              .filter((name) => NOT_PARAMETERS.has(name))
              .join(', ')}`,
        })
        .default({}),
    })
    .refine(({ model, models }) => (model === undefined) !== (models === undefined), {
      error: 'needs a model, or models to try in this order, and not both',
    });
}
