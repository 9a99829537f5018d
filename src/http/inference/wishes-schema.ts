import { z } from 'zod';
import { SOLD_UNITS } from '../../core/catalog/sold-unit.ts';

const share = z.number().min(0).max(1);
const names = z.array(z.string().min(1)).min(1).max(200);

/** Strict, unlike the rest: a misspelt wish that was silently dropped would route the request elsewhere. */
export const routeSchema = z
  .strictObject({
    strategy: z
      .string()
      .min(1)
      .optional()
      .meta({ examples: ['price'] }),
    models: names.optional().meta({ description: 'Only these models may answer.' }),
    provider_allow: names.optional().meta({ description: 'Only these providers may answer.' }),
    provider_deny: names.optional().meta({ description: 'These providers may not answer.' }),
    max_cost_usd: z
      .number()
      .positive()
      .optional()
      .meta({ description: 'Ceiling on the expected cost of each attempt, USD.' }),
    max_latency_ms: z.number().positive().optional(),
    min_quality: share.optional(),
    allow_fallback: z
      .boolean()
      .optional()
      .meta({ description: 'false: the first choice answers or nobody does.' }),
    hold_back: z
      .boolean()
      .optional()
      .meta({ description: 'A stream goes out only once it is known to be whole.' }),
    explore: z.boolean().optional().meta({ description: 'false: only the best by what is known.' }),
    decision_id: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .meta({ description: 'Carries out what POST /v1/route decided for this very request.' }),
  })
  .meta({
    description: "This gateway's routing wishes. Unknown options are refused.",
    examples: [{ strategy: 'price', provider_deny: ['groq'], max_cost_usd: 0.01 }],
  });

const SORTS = ['price', 'throughput', 'latency'] as const;

/** A number, also as the text that OpenRouter takes. */
const USD = { error: 'must be USD, a number of at least 0' };
const usd = z.union([z.number().min(0, USD), z.string().regex(/^\d+(\.\d+)?$/, USD)], USD);

/** What this gateway does not know of the providers it was given. Ignored, such a wish would be broken in silence. */
const unknowable = (value: string) =>
  `cannot be granted: this gateway does not know it of its providers. Leave it out, or name providers you trust in 'provider.only' (only ${value} is taken here)`;

/** OpenRouter's `provider` object, strict as `route` is. */
export const providerPreferencesSchema = z
  .strictObject({
    order: names.optional().meta({ description: 'Providers to try first, in this order.' }),
    only: names.optional().meta({ description: 'Only these providers may answer.' }),
    ignore: names.optional().meta({ description: 'These providers may not answer.' }),
    sort: z
      .union(
        [
          z.enum(SORTS),
          z.strictObject({ by: z.enum(SORTS), partition: z.enum(['model', 'none']).optional() }),
        ],
        {
          error: `must be one of ${SORTS.join(', ')}, or {"by": one of them, "partition": "model" or "none"}`,
        },
      )
      .optional(),
    allow_fallbacks: z
      .boolean()
      .optional()
      .meta({ description: "false: only the providers of 'order'; without it, one attempt." }),
    require_parameters: z
      .boolean()
      .optional()
      .meta({ description: 'true: leave out endpoints that do not take a parameter of this request.' }),
    max_price: z
      .strictObject({
        prompt: usd.optional(),
        completion: usd.optional(),
        image: usd.optional(),
        second: usd.optional(),
        character: usd.optional(),
        search: usd.optional(),
      })
      .optional()
      .meta({
        description:
          'Ceilings on list prices: USD per million tokens, and for one image, second, character or search where that is what a model is sold by.',
      }),
    data_collection: z.literal('allow', { error: unknowable('"allow"') }).optional(),
    zdr: z.literal(false, { error: unknowable('false') }).optional(),
    enforce_distillable_text: z.literal(false, { error: unknowable('false') }).optional(),
    quantizations: z
      .array(z.never(), { error: unknowable('an empty list') })
      .max(0, unknowable('an empty list'))
      .optional(),
  })
  .meta({
    description: "OpenRouter's provider preferences. Unknown options are refused.",
    examples: [
      { order: ['groq', 'together'], allow_fallbacks: false, max_price: { prompt: 1, completion: 2 } },
    ],
  });

/** The members of a request's body that are meant for this gateway; they never go upstream. */
export const wishesShape = {
  route: routeSchema.nullish(),
  models: names
    .max(20)
    .nullish()
    .meta({
      description: 'OpenRouter: models to try in this order, behind `model` if that is given too.',
      examples: [['llama-3.3-70b', 'gpt-4.1-mini']],
    }),
  provider: providerPreferencesSchema.nullish(),
  preset: z
    .string()
    .min(1)
    .max(128)
    .nullish()
    .meta({ description: 'A preset of the configuration; also `@preset/name` as the model.' }),
};

/** What may stand at a place of the wishes, for the error about something that may not; undefined elsewhere. */
export function knownOptionsAt(path: readonly PropertyKey[]): readonly string[] | undefined {
  switch (path.join('.')) {
    case 'route':
      return Object.keys(routeSchema.shape);
    case 'provider':
      return Object.keys(providerPreferencesSchema.shape);
    case 'provider.max_price':
      return ['prompt', 'completion', ...SOLD_UNITS];
    default:
      return undefined;
  }
}

/**
 * The body with what older clients of OpenRouter say in other words: `route: "fallback"` is what `models` means here, and
 * `models` or `preset` alone name the model, too.
 */
export function withModelNamed(json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { model, models, preset, route } = json;
  const first = Array.isArray(models) ? models[0] : undefined;
  const named = typeof preset === 'string' && preset !== '' ? presetName(preset) : undefined;
  if (route !== 'fallback' && (model != null || (first ?? named) === undefined)) return json;
  return {
    ...json,
    ...(model == null ? { model: named ?? first } : {}),
    ...(route === 'fallback' ? { route: undefined } : {}),
  };
}

function presetName(preset: string): string {
  return preset.startsWith('@preset/') ? preset : `@preset/${preset}`;
}
