import { z } from 'zod';
import { belongsToConnection, flawOfHeader, flawOfKey } from './sendable.ts';
import { environmentNameSchema, forbidden } from './value-schema.ts';

/** One `[providers.*]` table. */
export function providerSchema(env: Readonly<Record<string, string | undefined>>) {
  return z.strictObject({
    kind: z.enum(['openai', 'simulated'], { error: explainKind }).default('openai'),
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
    stream_usage: z.boolean().optional(),
    max_connections: z.int().min(1).max(10_000).default(128),
  });
}

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name for an HTTP header')
  .refine((name) => !belongsToConnection(name), 'belongs to the connection, which sets it itself');

const KIND_TO_OPENAI_URL: ReadonlyMap<unknown, string> = new Map([
  ['anthropic', 'https://api.anthropic.com/v1'],
  ['google', 'https://generativelanguage.googleapis.com/v1beta/openai'],
  ['bedrock', 'https://bedrock-runtime.REGION.amazonaws.com/openai/v1'],
]);

function explainKind(issue: { input?: unknown }): string {
  const url = KIND_TO_OPENAI_URL.get(issue.input);
  if (url === undefined) return 'must be "openai" (any server that speaks OpenAI\'s API) or "simulated"';
  return `"${String(issue.input)}" is not yet supported; reach it through its OpenAI-compatible address: kind = "openai", base_url = "${url}"`;
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search } = new URL(text);
  const isHttp = protocol === 'http:' || protocol === 'https:';
  return isHttp && [username, password, search].every((part) => part === '');
}

function isSecretHeader(header: string): boolean {
  return /^(authorization|cookie|x-api-key|api-key)$/i.test(header);
}
