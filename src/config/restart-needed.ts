import type { Config } from './build-config.ts';

/**
 * The settings that differ and that a running process cannot take over, as the file spells them.
 *
 * @param old those that the process was started with, whatever was read since.
 */
export function restartNeeded(old: Config, fresh: Config): string[] {
  const pairs: [string, unknown, unknown][] = [
    [
      'api.address',
      `${old.api.address.host}:${old.api.address.port}`,
      `${fresh.api.address.host}:${fresh.api.address.port}`,
    ],
    ['api.enabled', old.api.enabled, fresh.api.enabled],
    ['api.body_limit_bytes', old.api.bodyLimitBytes, fresh.api.bodyLimitBytes],
    ['api.public_models', old.api.publicModels, fresh.api.publicModels],
    ['api.cors_enabled', old.api.corsEnabled, fresh.api.corsEnabled],
    ['api.cors_origins', old.api.corsOrigins.join(), fresh.api.corsOrigins.join()],
    ['api.trusted_proxies', old.api.trustedProxies.join(), fresh.api.trustedProxies.join()],
    ['routing.breaker', JSON.stringify(old.routing.breaker), JSON.stringify(fresh.routing.breaker)],
    ['store.url', old.store.url, fresh.store.url],
    ['store.redis_url', old.store.redisUrl, fresh.store.redisUrl],
  ];
  return pairs.filter(([, before, after]) => before !== after).map(([path]) => path);
}
