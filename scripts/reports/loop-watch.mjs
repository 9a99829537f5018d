// Loaded into the gateway that is measured (`node --import`): how long its event loop stood still, and what CPU it took.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The histogram holds the time between two of its timers, this included. */
const RESOLUTION_MS = 1;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let cpu = process.cpuUsage();

/**
 * CPU of the thread with the loop between two turns of a timer: what a block takes where nothing else wants the processor.
 * The compiler's and the collector's own threads keep nobody waiting.
 */
let longestTurnMs = 0;
let turnMs = loopCpuMs();
setInterval(() => {
  const nowMs = loopCpuMs();
  longestTurnMs = Math.max(longestTurnMs, nowMs - turnMs);
  turnMs = nowMs;
}, RESOLUTION_MS).unref();

/** By Linux' own books, to the nanosecond; elsewhere of all threads. */
function loopCpuMs() {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  }
}

process.on('message', (message) => {
  if (message === 'reset') {
    delay.reset();
    cpu = process.cpuUsage();
    turnMs = loopCpuMs();
    longestTurnMs = 0;
    process.send?.({ reset: true });
  }
  if (message === 'read') {
    const { user, system } = process.cpuUsage(cpu);
    process.send?.({
      longestBlockMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
      longestTurnMs,
      cpuMs: (user + system) / 1_000,
    });
  }
});
// The channel alone is to keep nothing alive.
process.channel?.unref();
