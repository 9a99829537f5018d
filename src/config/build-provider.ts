import { KNOWN_PROVIDERS, type KnownProvider, knownProviderAt, nativeBaseUrl } from './known-providers.ts';
import type { ProviderTable } from './offers.ts';

export type ProviderSettings = ReturnType<typeof buildProvider>;

/**
 * One `[providers.*]` table, ready for use. Secrets are behind functions: a configuration that lands in a log, an
 * error or a debugger's print shows none. `baseUrl` has no slash at its end and is `''` for simulated models, whose
 * server has no address before it runs.
 */
export function buildProvider(
  name: string,
  table: ProviderTable,
  env: Readonly<Record<string, string | undefined>>,
) {
  const { kind, api_key_env: apiKeyEnv } = table;
  const seller = knownProviderAt(name, table);
  const known: KnownProvider | undefined = seller === undefined ? undefined : KNOWN_PROVIDERS[seller];
  // Keys read from files often end in a line break, which no header may hold.
  const secretIn = (variable: string): string => (env[variable] ?? '').trim();
  const apiKey = apiKeyEnv === undefined ? undefined : secretIn(apiKeyEnv);
  const headers: Record<string, string> = { ...table.headers };
  for (const [header, variable] of Object.entries(table.headers_env)) headers[header] = secretIn(variable);
  Object.freeze(headers);
  const awsKeys = awsKeysOf(table, secretIn);
  const baseUrl = table.base_url ?? defaultBaseUrl();
  return {
    name,
    kind,
    baseUrl: kind === 'simulated' ? '' : baseUrl.replace(/\/+$/, ''),
    apiKeyEnv,
    /** For `Authorization: Bearer`; undefined for servers without keys. */
    apiKey: (): string | undefined => apiKey,
    /** Further headers of every request to it. */
    headers: (): Readonly<Record<string, string>> => headers,
    /** Of Bedrock; `''` elsewhere. */
    region: table.region ?? '',
    /** Bedrock's signed requests; undefined where a bearer token is sent. */
    awsKeys: () => awsKeys,
    /** Ask for usage in streams by `stream_options.include_usage`. */
    /** Whether it has the Responses API itself. */
    responses: table.responses ?? known?.responses ?? false,
    streamUsage: table.stream_usage ?? known?.streamUsage ?? true,
    maxConnections: table.max_connections,
  };

  function defaultBaseUrl(): string {
    if (kind === 'openai' || kind === 'simulated') return known?.baseUrl ?? '';
    return nativeBaseUrl(kind, table.region ?? '');
  }
}

function awsKeysOf(table: ProviderTable, secretIn: (variable: string) => string) {
  const {
    access_key_id_env: accessKeyId,
    secret_access_key_env: secretAccessKey,
    session_token_env: sessionToken,
  } = table;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return Object.freeze({
    accessKeyId: secretIn(accessKeyId),
    secretAccessKey: secretIn(secretAccessKey),
    sessionToken: sessionToken === undefined ? undefined : secretIn(sessionToken),
  });
}
