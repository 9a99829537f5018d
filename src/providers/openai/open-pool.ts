import { Pool } from 'undici';
import type { UpstreamSettings } from '../upstream.ts';

/** The connections to one provider. */
export interface OpenPool {
  readonly pool: Pool;
  /** Whether any connection has stood since then (monotonic milliseconds). */
  readonly wasConnected: (sinceMs: number) => boolean;
}

/** No pipelining, and no timeouts but that of connecting: the others are each call's own, and exact. */
export function openPool(settings: UpstreamSettings, monotonicMs: () => number): OpenPool {
  const pool = new Pool(new URL(settings.baseUrl).origin, {
    connections: settings.maxConnections,
    pipelining: 1,
    connect: { timeout: settings.timeouts.connectMs },
    // Deadlines are ours, per phase and exact; undici's run on a half-second clock.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 32 * 1024,
  });
  let connections = 0;
  let lastLostMs = Number.NEGATIVE_INFINITY;
  pool.on('connect', () => {
    connections += 1;
  });
  pool.on('disconnect', () => {
    connections -= 1;
    lastLostMs = monotonicMs();
  });
  return { pool, wasConnected: (sinceMs) => connections > 0 || lastLostMs >= sinceMs };
}
