import { KNOWN_PROVIDERS, type KnownProvider, type KnownProviderName } from './known-providers.ts';
import { detectLocalServers } from './local-servers.ts';
import { knownOffers, mergeOffers, type Offers, type ProviderTable, providerTable } from './offers.ts';
import type { Probe } from './probe-server.ts';

/**
 * What can be used without a word of configuration: hosted providers whose key is in the environment, and local
 * servers that answer. OUTRIDER_DETECT=keys leaves the local servers out, =none everything.
 */
export async function detectProviders({
  env,
  probe,
  ownPort,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly probe: Probe;
  /** Where this very server is going to listen: never taken for a local model server. */
  readonly ownPort: number | undefined;
}): Promise<Offers> {
  const scope = env.OUTRIDER_DETECT || 'all';
  if (scope === 'none') return { providers: {}, models: {} };
  const hosted = detectHosted(env);
  return scope === 'keys' ? hosted : mergeOffers(hosted, await detectLocalServers({ env, probe, ownPort }));
}

function detectHosted(env: Readonly<Record<string, string | undefined>>): Offers {
  const providers: Record<string, ProviderTable> = {};
  let offers: Offers = { providers, models: {} };
  for (const name of Object.keys(KNOWN_PROVIDERS) as KnownProviderName[]) {
    const known: KnownProvider = KNOWN_PROVIDERS[name];
    const keyName = known.keyNames.find((candidate) => (env[candidate] ?? '').trim() !== '');
    if (keyName === undefined) continue;
    // OPENAI_BASE_URL is not read: on a developer's machine it often points at this very router.
    providers[name] = providerTable({
      kind: known.tongue ?? 'openai',
      base_url: known.baseUrl,
      api_key_env: keyName,
    });
    offers = mergeOffers(offers, { providers, models: knownOffers(name, name) });
  }
  return offers;
}
