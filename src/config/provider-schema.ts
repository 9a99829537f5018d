import { z } from 'zod';
import { type environmentNameSchema, forbidden, isOneLine } from './value-schema.ts';

/** One `[providers.*]` table. */
export function providerSchema(environmentName: ReturnType<typeof environmentNameSchema>) {
  return z.strictObject({
    kind: z.enum(['openai', 'simulated'], { error: explainKind }).default('openai'),
    base_url: z
      .string()
      .refine(isHttpUrl, 'must be an http:// or https:// URL without credentials and query')
      .optional(),
    api_key_env: environmentName.optional(),
    api_key: forbidden(
      'secrets do not stand in this file; put the key into an environment variable and name it in api_key_env',
    ).optional(),
    headers: z
      .record(
        headerName.refine(
          (name) => !isSecretHeader(name),
          'is a secret; name an environment variable in headers_env',
        ),
        z.string().refine(isOneLine, 'holds a line break or control character'),
      )
      .default({}),
    headers_env: z.record(headerName, environmentName).default({}),
    stream_usage: z.boolean().optional(),
    max_connections: z.int().min(1).max(10_000).default(128),
  });
}

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no name for an HTTP header');

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
  return /^(authorization|proxy-authorization|cookie|x-api-key|api-key)$/i.test(header);
}
