import { ConfigError } from './config/config-error.ts';
import { loadConfig } from './config/load-config.ts';
import { printable } from './config/printable.ts';
import { GatewayError } from './core/outcome/gateway-error.ts';
import { SIMULATED_MODELS } from './providers/simulated/catalog.ts';
import type { Store } from './store/contract.ts';
import { openStore } from './store/open.ts';
import { StoreUnusableError } from './store/store-unusable-error.ts';

/** A mistake of the person at the terminal: its message is all they need. */
export class Mistake extends Error {
  constructor(message: string) {
    super(printable(message));
  }
}

type Config = Awaited<ReturnType<typeof loadConfig>>;

/**
 * Runs a command of the terminal on the configured store and closes it. Mistakes are one line on stderr and exit status 2,
 * a configuration or a store that cannot be used 78, storage that is away for the moment 75.
 */
export function withStore(
  options: { readonly config?: string },
  env: NodeJS.ProcessEnv,
  work: (store: Store, config: Config) => Promise<void>,
): Promise<void> {
  return withConfig(options, env, async (config) => {
    const store = await openStore({
      url: config.store.url,
      now: () => Date.now(),
      keySecret: env.OUTRIDER_KEY_SECRET,
    });
    try {
      await work(store, config);
    } finally {
      await store.close();
    }
  });
}

/** As `withStore`, for what is asked of a running gateway: its store is not to be made, or migrated, by who asks. */
export async function withConfig(
  options: { readonly config?: string },
  env: NodeJS.ProcessEnv,
  work: (config: Config) => Promise<void>,
): Promise<void> {
  try {
    await work(await loadConfig({ path: options.config, env, simulatedModels: SIMULATED_MODELS }));
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || !(error instanceof Error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = status;
  }
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof Mistake) return 2;
  if (error instanceof ConfigError || error instanceof StoreUnusableError) return 78;
  return error instanceof GatewayError ? 75 : undefined;
}
