import { z } from 'zod';
import { CAPABILITIES, MODEL_TYPES } from '../core/catalog/model.ts';
import { isHttpUrl } from './provider-schema.ts';
import { isReservedModelId } from './reserved-names.ts';
import { isOneLine } from './sendable.ts';
import { foreignPricesOf, UNIT_PRICES } from './unit-price.ts';
import { count, forbidden } from './value-schema.ts';

export const modelIdSchema = z
  .string()
  .regex(/^[^\s\p{Cc}]{1,200}$/u, 'a model id is 1 to 200 characters without spaces')
  .refine((id) => !isReservedModelId(id), 'clients use this name to ask for routing; choose another');

/** What the API sends in any case, or what `capabilities` tells of. */
const NOT_DROPPABLE: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'prompt',
  'input',
  'stream',
  'tools',
  'response_format',
]);
const parameters = z
  .array(
    z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,63}$/, 'is no name of a parameter')
      .refine((name) => !NOT_DROPPABLE.has(name), {
        error: 'cannot be left out; what a model cannot do stands in capabilities',
      }),
  )
  .optional();

const usdPerMillion = z.number().min(0).max(1_000_000);
const usdPerUnit = z.number().min(0).max(10_000);

/** One `[api.models.*]` table; its endpoints must name one of `providerNames`. */
export function modelSchema(providerNames: readonly string[]) {
  const endpoint = z.strictObject({
    provider: z.string().refine((text) => providerNames.includes(text), {
      error: (issue) => unknownProvider(String(issue.input), providerNames),
    }),
    model: z.string().min(1).refine(isOneLine, 'holds a line break or control character'),
    input_usd_per_million: usdPerMillion.optional(),
    output_usd_per_million: usdPerMillion.optional(),
    cached_input_usd_per_million: usdPerMillion.optional(),
    cache_write_usd_per_million: usdPerMillion.optional(),
    audio_input_usd_per_million: usdPerMillion.optional(),
    audio_output_usd_per_million: usdPerMillion.optional(),
    unsupported_parameters: parameters,
    usd_per_image: usdPerUnit.optional(),
    usd_per_minute: usdPerUnit.optional(),
    input_usd_per_million_characters: usdPerMillion.optional(),
    usd_per_1k_searches: usdPerUnit.optional(),
  });
  const model = z.strictObject({
    type: z.enum(MODEL_TYPES).default('chat'),
    name: z.string().min(1).optional(),
    context_length: count.optional(),
    max_output_tokens: count.optional(),
    capabilities: z.array(z.enum(CAPABILITIES)).optional(),
    default_temperature: z.number().min(0).max(2).optional(),
    dimensions: count.optional(),
    supported_parameters: parameters,
    unsupported_parameters: parameters,
    address: z
      .string()
      .refine(
        isServerAddress,
        'must be host:port or an http:// or https:// URL without credentials and query',
      )
      .optional(),
    endpoints: z.array(endpoint).min(1, 'a model needs at least one endpoint').optional(),
    path: forbidden(
      'model files are not run here; serve them with a local server and name its address',
    ).optional(),
  });
  return model.superRefine(({ type, address, endpoints }, context) => {
    if ((address === undefined) === (endpoints === undefined)) {
      context.addIssue({
        code: 'custom',
        path: ['endpoints'],
        message:
          address === undefined
            ? 'is missing; or name the address of the server that has it'
            : 'and address are two answers to one question; leave one out',
      });
    }
    for (const [index, table] of (endpoints ?? []).entries()) {
      for (const key of foreignPricesOf(type, table)) {
        context.addIssue({
          code: 'custom',
          path: ['endpoints', index, key],
          message: `is the price of a model of type "${UNIT_PRICES[key].type}", and this one is of type "${type}"`,
        });
      }
    }
  });
}

function isServerAddress(text: string): boolean {
  const url = text.includes('://') ? text : `http://${text}`;
  return !/\s/.test(text) && URL.canParse(url) && isHttpUrl(url);
}

function unknownProvider(text: string, providerNames: readonly string[]): string {
  return providerNames.length === 0
    ? `there is no [providers.${text}]; this file has no providers at all`
    : `there is no [providers.${text}]; there are ${providerNames.join(', ')}`;
}
