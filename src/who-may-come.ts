import type { Config } from './config/build-config.ts';
import { ConfigError } from './config/config-error.ts';
import type { Store } from './store/contract.ts';

/** For the line at the start. */
export function whoMayCome({ api }: Config, hasKeys: boolean): string {
  const { address, requireAuth } = api;
  if (requireAuth) return hasKeys ? '' : ' (open to this machine: no key exists yet)';
  const who = address.isLoopback ? 'this machine' : 'everybody who can reach it';
  return ` (open to ${who}: api.require_auth is false)`;
}

/** For the log, when a reload changed it. */
export function whoMayComeNow({ api }: Config): string {
  const who = api.requireAuth
    ? 'clients need a key again, once one exists'
    : 'everybody who reaches this address may come';
  return `api.require_auth was changed: within five seconds ${who}`;
}

/** @throws ConfigError when others can reach the address and would all be let in until the first key exists. */
export async function refuseOpenToTheWorld(config: Config, store: Pick<Store, 'hasKeys'>): Promise<void> {
  const { address, requireAuth } = config.api;
  if (address.isLoopback || !requireAuth || (await store.hasKeys())) return;
  throw new ConfigError(config.source ?? 'api.address', [
    {
      path: 'api.address',
      message: `${address.host} can be reached from other machines and no key exists yet. Make one with 'outrider keys create', or listen on 127.0.0.1.`,
    },
  ]);
}
