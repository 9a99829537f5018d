import type { Config } from '../../src/config/build-config.ts';
import { ConfigError, type Mistake } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { SIMULATED_MODELS } from './simulated-models.ts';

type Env = Record<string, string | undefined>;

/** Loads `toml` as if it were ./outrider.toml; no file at all when it is undefined. Nothing is probed. */
export function loadText(toml: string | undefined, env: Env = {}): Promise<Config> {
  return loadConfig({
    env,
    simulatedModels: SIMULATED_MODELS,
    probe: async () => undefined,
    nowMs: Date.UTC(2026, 10, 1),
    readFile: async () => {
      if (toml === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return toml;
    },
  });
}

/** The mistakes of a text that must not load. */
export async function mistakesOf(toml: string, env: Env = {}): Promise<readonly Mistake[]> {
  try {
    await loadText(toml, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  throw new Error('This was to be refused, and was taken');
}
