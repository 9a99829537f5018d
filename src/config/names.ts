import type { Config } from './build-config.ts';

/** The names of what a key may be limited to. */
export function namesIn(config: Config) {
  return {
    models: config.models.map(({ id }) => id),
    providers: Object.keys(config.providers),
    plans: Object.keys(config.plans),
  };
}
