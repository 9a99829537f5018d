import { readFile as readFileFromDisk } from 'node:fs/promises';
import { parseAddress } from './address.ts';
import { buildConfig, type Config } from './build-config.ts';
import { mistakesOfEnvironment, mistakesOfFoundKeys } from './check-environment.ts';
import { mistakesOfPresets } from './check-presets.ts';
import { closestName } from './closest-name.ts';
import { ConfigError } from './config-error.ts';
import { deepFreeze } from './deep-freeze.ts';
import { detectProviders } from './detect-providers.ts';
import { findKeyLines } from './key-lines.ts';
import { knownProviderAt } from './known-providers.ts';
import { knownOffers, mergeOffers, type Offers, providerTable, simulatedOffers } from './offers.ts';
import { ownOffers } from './own-offers.ts';
import { parseFile } from './parse-file.ts';
import { type Probe, probeServer } from './probe-server.ts';
import type { SimulatedModel } from './simulated-model.ts';

export interface LoadOptions {
  /** `--config`. Without it OUTRIDER_CONFIG, else ./outrider.toml where there is one, else the defaults. */
  readonly path?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Offered when nothing else is found, and by providers of kind `simulated`. */
  readonly simulatedModels: readonly SimulatedModel[];
  /** Rejects with an `ENOENT` error when there is no such file. */
  readonly readFile?: (path: string) => Promise<string>;
  readonly probe?: Probe;
  /** Epoch milliseconds: list prices change on given days. */
  readonly nowMs?: number;
}

/**
 * Reads and checks the configuration, changing nothing: call it again to reload, and keep what you have when it throws.
 *
 * @throws ConfigError with every mistake at once.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { env, simulatedModels } = options;
  const { path, text } = await readConfigText(options);
  const { file, mistakes } = parseFile(text, { env, simulatedModels });
  mistakes.push(...mistakesOfEnvironment(env));
  if (file === undefined || mistakes.length > 0) throw new ConfigError(path ?? 'environment', mistakes);

  const own = ownOffers(file);
  const isDetected = Object.keys(own.providers).length === 0;
  const offers = isDetected
    ? await detectOr(simulatedModels, {
        env,
        probe: options.probe ?? probeServer,
        ownPort: parseAddress(file.api.address)?.port,
      })
    : withOffersOfSilentProviders(own, simulatedModels);
  const unsendable = isDetected ? mistakesOfFoundKeys(offers.providers, env) : [];
  if (unsendable.length > 0) throw new ConfigError('environment', unsendable);
  const config = buildConfig({
    file,
    offers,
    source: path,
    isDetected,
    env,
    simulatedModels,
    nowMs: options.nowMs ?? Date.now(),
  });
  const judgeless = mistakeOfJudge(config);
  if (judgeless !== undefined) {
    const line = findKeyLines(text)(['judge', 'model']);
    throw new ConfigError(path ?? 'environment', [{ path: 'judge.model', line, message: judgeless }]);
  }
  refuseUnknownBaseline(config, text);
  const unknown = mistakesOfPresets(config, findKeyLines(text));
  if (unknown.length > 0) throw new ConfigError(path ?? 'environment', unknown);
  return deepFreeze(config);
}

/** Which models there are is known only once they are found, so this comes after all other mistakes. */
function mistakeOfJudge({ judge, models }: ReturnType<typeof buildConfig>): string | undefined {
  const chat = models.filter(({ type }) => type === 'chat').map(({ id }) => id);
  if (!judge.enabled || chat.includes(judge.model)) return undefined;
  const named = judge.model === '' ? 'names no model' : `names '${judge.model}', which is no chat model here`;
  return `${named}; there are ${chat.join(', ')}`;
}

/** Only now are the models known: a provider may offer its own, or all be detected. */
function refuseUnknownBaseline(config: ReturnType<typeof buildConfig>, text: string): void {
  const { baseline } = config.routing;
  const names = config.models.filter(({ type }) => type === 'chat').map(({ id }) => id);
  if (baseline === undefined || names.includes(baseline)) return;
  const closest = closestName(baseline, names);
  const hint = closest === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean ${closest}?`;
  throw new ConfigError(config.source ?? 'environment', [
    {
      path: 'routing.baseline',
      line: findKeyLines(text)(['routing', 'baseline']),
      message: `there is no chat model of this name; ${hint}`,
    },
  ]);
}

const DEFAULT_PATH = './outrider.toml';

async function readConfigText(options: LoadOptions): Promise<{ path: string | undefined; text: string }> {
  const named = options.path ?? (options.env.OUTRIDER_CONFIG || undefined);
  const path = named ?? DEFAULT_PATH;
  const read = options.readFile ?? ((file: string) => readFileFromDisk(file, 'utf8'));
  try {
    return { path, text: await read(path) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' && named === undefined) return { path: undefined, text: '' };
    const who = options.path === undefined ? 'OUTRIDER_CONFIG names it' : '--config names it';
    const message =
      code === 'ENOENT'
        ? `there is no such file, though ${who}`
        : `cannot be read (${code || String(error)})`;
    throw new ConfigError(path, [{ path: '', message }]);
  }
}

async function detectOr(
  simulatedModels: readonly SimulatedModel[],
  where: Parameters<typeof detectProviders>[0],
): Promise<Offers> {
  const found = await detectProviders(where);
  if (Object.keys(found.models).length > 0 || simulatedModels.length === 0) return found;
  return {
    providers: { simulated: providerTable({ kind: 'simulated' }) },
    models: simulatedOffers(simulatedModels, 'simulated'),
  };
}

/** A provider that no model of the file names offers what we know it to have; else it would be there for nothing. */
function withOffersOfSilentProviders(own: Offers, simulatedModels: readonly SimulatedModel[]): Offers {
  const named = new Set(
    Object.values(own.models).flatMap((model) => model.endpoints.map((endpoint) => endpoint.provider)),
  );
  let offers = own;
  for (const [name, table] of Object.entries(own.providers)) {
    if (named.has(name)) continue;
    const known = knownProviderAt(name, table);
    const models =
      table.kind === 'simulated'
        ? simulatedOffers(simulatedModels, name)
        : known === undefined
          ? {}
          : knownOffers(known, name);
    offers = mergeOffers(offers, { providers: {}, models });
  }
  return offers;
}
