import { CAPABILITIES, type Capability } from '../core/catalog/model.ts';
import { isLoopbackHost } from './address.ts';
import { ASSUMED_CONTEXT_LENGTH } from './build-models.ts';
import { type ModelTable, mergeOffers, type Offers, providerTable } from './offers.ts';
import type { Probe } from './probe-server.ts';
import { isReservedModelId } from './reserved-names.ts';

interface LocalServer {
  readonly name: string;
  /** Ends in `/v1` or what the operator wrote. */
  readonly baseUrl: string;
}

/** More models than this from one server are a catalogue, not a local server. */
const MAX_MODELS_PER_SERVER = 50;

/**
 * Model servers on this machine, and those that OLLAMA_HOST or OUTRIDER_LOCAL_SERVERS name. Asked all at once; one
 * that is silent or answers nonsense is not there. Their models cost nothing per token.
 */
export async function detectLocalServers({
  env,
  probe,
  ownPort,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly probe: Probe;
  readonly ownPort: number | undefined;
}): Promise<Offers> {
  const servers = placesToLook(env).filter(({ baseUrl }) => !isOurselves(baseUrl, ownPort));
  const found = await Promise.all(servers.map((server) => offersOf(server, env, probe)));
  return found.reduce(mergeOffers, { providers: {}, models: {} });
}

function placesToLook(env: Readonly<Record<string, string | undefined>>): LocalServer[] {
  const named = (env.OUTRIDER_LOCAL_SERVERS ?? '').split(',').filter((entry) => entry.trim() !== '');
  const places = [
    { name: 'ollama', address: env.OLLAMA_HOST || '127.0.0.1:11434', defaultPort: '11434' },
    { name: 'vllm', address: '127.0.0.1:8000' },
    { name: 'llamacpp', address: '127.0.0.1:8080' },
    { name: 'lmstudio', address: '127.0.0.1:1234' },
    ...named.map((address, index) => ({ name: `local${index + 1}`, address })),
  ];
  const seen = new Set<string>();
  return places.flatMap(({ name, address, ...rest }) => {
    const baseUrl = baseUrlOf(address.trim(), 'defaultPort' in rest ? rest.defaultPort : undefined);
    if (baseUrl === undefined || seen.has(baseUrl)) return [];
    seen.add(baseUrl);
    return { name, baseUrl };
  });
}

/** `host`, `host:port` or a URL → `http://host:port/v1`; undefined when it cannot be read. */
export function baseUrlOf(address: string, defaultPort?: string): string | undefined {
  const text = address.includes('://') ? address : `http://${address}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  // A server told to listen everywhere says so in OLLAMA_HOST; as a destination that is this machine.
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.port === '' && defaultPort !== undefined && url.protocol === 'http:') url.port = defaultPort;
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${path === '' ? '/v1' : path}`;
}

function isOurselves(baseUrl: string, ownPort: number | undefined): boolean {
  const url = new URL(baseUrl);
  return isLoopbackHost(url.hostname) && Number(url.port) === ownPort;
}

async function offersOf(
  { name, baseUrl }: LocalServer,
  env: Readonly<Record<string, string | undefined>>,
  probe: Probe,
): Promise<Offers> {
  const list = (await probe(`${baseUrl}/models`)) as { data?: unknown } | null | undefined;
  const entries = Array.isArray(list?.data) ? list.data.slice(0, MAX_MODELS_PER_SERVER) : [];
  const described = await Promise.all(
    entries.map(async (entry: unknown) => {
      const upstreamModel = fieldOf(entry, 'id');
      if (typeof upstreamModel !== 'string') return [];
      const id = modelIdOf(upstreamModel);
      if (!/^[^\s\p{Cc}]{1,200}$/u.test(id) || isReservedModelId(id)) return [];
      const shown =
        name === 'ollama'
          ? await probe(`${new URL(baseUrl).origin}/api/show`, { model: upstreamModel })
          : undefined;
      return [[id, tableOf(name, upstreamModel, entry, shown, env)] as const];
    }),
  );
  const models = Object.fromEntries(described.flat());
  if (Object.keys(models).length === 0) return { providers: {}, models: {} };
  return { providers: { [name]: providerTable({ base_url: baseUrl }) }, models };
}

/** llama.cpp names a model by its file: `/models/qwen3-8b.gguf` is `qwen3-8b` to clients. */
function modelIdOf(upstreamModel: string): string {
  const isFile = upstreamModel.startsWith('/') || upstreamModel.endsWith('.gguf');
  return isFile ? (upstreamModel.split('/').at(-1) ?? '').replace(/\.gguf$/, '') : upstreamModel;
}

function tableOf(
  provider: string,
  upstreamModel: string,
  entry: unknown,
  shown: unknown,
  env: Readonly<Record<string, string | undefined>>,
): ModelTable {
  const told = fieldOf(shown, 'capabilities');
  const names = Array.isArray(told) ? told.map(String) : undefined;
  const isEmbedding = names === undefined ? /embed/i.test(upstreamModel) : names.includes('embedding');
  return {
    type: isEmbedding ? 'embedding' : 'chat',
    context_length: contextLengthOf(entry, shown, env),
    capabilities: isEmbedding ? [] : capabilitiesOf(names),
    endpoints: [{ provider, model: upstreamModel, input_usd_per_million: 0, output_usd_per_million: 0 }],
  };
}

/**
 * Local servers constrain their sampling to JSON whatever the model. Tools are claimed only where the server says
 * so: the others answer 400 to a request that offers some.
 */
function capabilitiesOf(told: readonly string[] | undefined): Capability[] {
  const renamed = (told ?? []).map((name) => (name === 'thinking' ? 'reasoning' : name));
  return CAPABILITIES.filter((capability) => capability === 'json' || renamed.includes(capability));
}

/** Tokens: what vLLM (`max_model_len`) or llama.cpp (`meta.n_ctx`) say, or for Ollama the smaller of model and server. */
function contextLengthOf(
  entry: unknown,
  shown: unknown,
  env: Readonly<Record<string, string | undefined>>,
): number {
  const info = fieldOf(shown, 'model_info');
  if (typeof info === 'object' && info !== null) {
    const [, ofModel] = Object.entries(info).find(([key]) => key.endsWith('.context_length')) ?? [];
    // Ollama cuts a longer prompt without a word, whatever the model could read.
    const ofServer = Number(env.OLLAMA_CONTEXT_LENGTH) || ASSUMED_CONTEXT_LENGTH;
    return Math.min(positive(ofModel) ?? ofServer, ofServer);
  }
  const meta = fieldOf(entry, 'meta');
  return (
    positive(fieldOf(entry, 'max_model_len')) ?? positive(fieldOf(meta, 'n_ctx')) ?? ASSUMED_CONTEXT_LENGTH
  );
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
