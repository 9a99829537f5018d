import { type RateLimiterAbstract, RateLimiterMemory } from 'rate-limiter-flexible';

/**
 * Counts by name, in windows of a minute that begin with the first thing counted: the part of `rate-limiter-flexible`
 * that limits need. Each of its limiters is one. Here it is the one in memory; what replicas would share is a
 * `RateLimiterRedis` with a `RateLimiterMemory` as its `insuranceLimiter`, in the place of this one.
 *
 * `penalty` and not `consume`: a name's limit differs by key and changes while it is counted, and one limiter knows one
 * limit only. Who asks holds what is counted against the limit in force.
 */
export type MinuteCounters = Pick<RateLimiterAbstract, 'penalty' | 'reward' | 'msDuration'>;

/** A new process begins with nothing counted. */
export function createMinuteCounters(): MinuteCounters {
  return new RateLimiterMemory({ points: 0, duration: 60, keyPrefix: '' });
}
