import { describe, expect, it } from 'vitest';
import { createEndpointWatch } from '../../../src/core/health/endpoint-watch.ts';

const MINUTE = 60_000;

describe('createEndpointWatch', () => {
  it('gives percentiles within two per cent and counts by ending', () => {
    const watch = createEndpointWatch(() => 1_000_000_000);
    for (let ms = 1; ms <= 1000; ms++)
      watch.record('e', { ending: 'completed', latencyMs: ms, ttftMs: ms / 10 });
    watch.record('e', { ending: 'timeout', latencyMs: 9000, ttftMs: 0 });
    watch.record('e', { ending: 'client_left', latencyMs: 5, ttftMs: 0 });
    const window = watch.read('e', 5 * MINUTE);
    expect(window.attempts).toBe(1001);
    expect(window.completed).toBe(1000);
    expect(window.endingToCount).toEqual({ completed: 1000, timeout: 1, client_left: 1 });
    expect(Math.abs((window.latencyMs?.p50 ?? 0) / 500 - 1)).toBeLessThan(0.03);
    expect(Math.abs((window.latencyMs?.p99 ?? 0) / 990 - 1)).toBeLessThan(0.03);
    expect(Math.abs((window.ttftMs?.p90 ?? 0) / 90 - 1)).toBeLessThan(0.03);
  });

  it('forgets what is older than the window', () => {
    let now = 1_000_000_000;
    const watch = createEndpointWatch(() => now);
    const success = { ending: 'completed', latencyMs: 10, ttftMs: 1 } as const;
    watch.record('e', success);
    now += 10 * MINUTE;
    watch.record('e', success);
    expect(watch.read('e', 5 * MINUTE).completed).toBe(1);
    expect(watch.read('e', 30 * MINUTE).completed).toBe(2);
    now += 60 * MINUTE;
    expect(watch.read('e', 30 * MINUTE).completed).toBe(0);
    expect(watch.read('e', 24 * 60 * MINUTE).completed).toBe(2);
    now += 30 * 24 * 60 * MINUTE;
    expect(watch.read('e', 24 * 60 * MINUTE)).toMatchObject({ completed: 0, latencyMs: undefined });
  });

  it('knows nothing of an endpoint it never saw, and survives a clock that jumps back', () => {
    let now = 1_000_000_000;
    const watch = createEndpointWatch(() => now);
    expect(watch.read('nobody', MINUTE)).toMatchObject({ attempts: 0, ttftMs: undefined });
    watch.record('e', { ending: 'completed', latencyMs: 10, ttftMs: 1 });
    now -= 60 * MINUTE;
    watch.record('e', { ending: 'completed', latencyMs: 10, ttftMs: 1 });
    expect(watch.read('e', MINUTE).completed).toBe(1);
  });
});
