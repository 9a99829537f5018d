const BEDROCK_ONLY = ['region', 'access_key_id_env', 'secret_access_key_env', 'session_token_env'];

/**
 * What does not go together in one `[providers.*]` table, by its kind. Reads the table unchecked; what is wrong with
 * a single value is found elsewhere.
 */
export function mistakesOfKind(table: Readonly<Record<string, unknown>>): { key: string; message: string }[] {
  const { kind } = table;
  const isNative = kind === 'anthropic' || kind === 'google' || kind === 'bedrock';
  const found: { key: string; message: string }[] = [];
  if (kind !== 'bedrock') {
    for (const key of BEDROCK_ONLY) {
      if (table[key] !== undefined) found.push({ key, message: 'belongs to kind = "bedrock" only' });
    }
  }
  if (isNative && table.stream_usage !== undefined)
    found.push({ key: 'stream_usage', message: 'belongs to kind = "openai" only' });
  if (kind !== undefined && kind !== 'openai' && table.responses === true)
    found.push({ key: 'responses', message: 'belongs to kind = "openai" only' });
  return kind === 'bedrock' ? [...found, ...mistakesOfBedrock(table)] : found;
}

function mistakesOfBedrock(table: Readonly<Record<string, unknown>>): { key: string; message: string }[] {
  const {
    region,
    api_key_env: token,
    access_key_id_env: id,
    secret_access_key_env: secret,
    session_token_env: session,
  } = table;
  const found: { key: string; message: string }[] = [];
  if (region === undefined)
    found.push({ key: 'region', message: 'is missing; for example region = "us-east-1"' });
  const hasKeys = id !== undefined || secret !== undefined || session !== undefined;
  if (token !== undefined && hasKeys) {
    found.push({
      key: 'api_key_env',
      message:
        'is a bearer token and excludes access_key_id_env, secret_access_key_env and session_token_env',
    });
  } else if (token === undefined && !hasKeys) {
    found.push({
      key: 'api_key_env',
      message:
        'is missing; name the variable of a bearer token, or those of a key pair in access_key_id_env and secret_access_key_env',
    });
  } else if (token === undefined) {
    if (id === undefined) found.push({ key: 'access_key_id_env', message: 'is missing' });
    if (secret === undefined) found.push({ key: 'secret_access_key_env', message: 'is missing' });
  }
  return found;
}
