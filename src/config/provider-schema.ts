import { z } from 'zod';
import { TONGUES } from '../core/catalog/model.ts';
import { belongsToConnection, flawOfHeader, flawOfKey } from './sendable.ts';
import { environmentNameSchema, forbidden } from './value-schema.ts';

/** How a provider is spoken to: `openai` is any server with OpenAI's API, the last is answered by this process. */
export const PROVIDER_KINDS = ['openai', ...TONGUES, 'simulated'] as const;

/** One `[providers.*]` table. */
export function providerSchema(env: Readonly<Record<string, string | undefined>>) {
  return z.strictObject({
    kind: z.enum(PROVIDER_KINDS).default('openai'),
    base_url: z
      .string()
      .refine(isHttpUrl, 'must be an http:// or https:// URL without credentials and query')
      .optional(),
    api_key_env: environmentNameSchema(env, flawOfKey).optional(),
    api_key: forbidden(
      'secrets do not stand in this file; put the key into an environment variable and name it in api_key_env',
    ).optional(),
    headers: z
      .record(
        headerName.refine(
          (name) => !isSecretHeader(name),
          'is a secret; name an environment variable in headers_env',
        ),
        z.string().refine((text) => flawOfHeader(text) === undefined, {
          error: (issue) => flawOfHeader(String(issue.input)),
        }),
      )
      .default({}),
    headers_env: z.record(headerName, environmentNameSchema(env, flawOfHeader)).default({}),
    region: z
      .string()
      .regex(/^[a-z]{2,5}(-[a-z]+)+-\d$/, 'must be an AWS region, such as "us-east-1"')
      .optional(),
    access_key_id_env: environmentNameSchema(env, flawOfKey).optional(),
    secret_access_key_env: environmentNameSchema(env, flawOfKey).optional(),
    session_token_env: environmentNameSchema(env, flawOfKey).optional(),
    stream_usage: z.boolean().optional(),
    responses: z.boolean().optional(),
    max_connections: z.int().min(1).max(10_000).default(128),
  });
}

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name for an HTTP header')
  .refine((name) => !belongsToConnection(name), 'belongs to the connection, which sets it itself');

export function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search } = new URL(text);
  const isHttp = protocol === 'http:' || protocol === 'https:';
  return isHttp && [username, password, search].every((part) => part === '');
}

function isSecretHeader(header: string): boolean {
  return /^(authorization|cookie|x-api-key|api-key)$/i.test(header);
}
