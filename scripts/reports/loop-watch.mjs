// Loaded into the gateway that is measured (`node --import`): how long its event loop stood still, and what CPU it took.
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The histogram holds the time between two of its timers, this included. */
const RESOLUTION_MS = 1;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let cpu = process.cpuUsage();

/** CPU between two turns of a timer: what a block takes where nothing else wants the processor. */
let longestTurnMs = 0;
let turn = process.cpuUsage();
setInterval(() => {
  const now = process.cpuUsage();
  longestTurnMs = Math.max(longestTurnMs, (now.user + now.system - turn.user - turn.system) / 1_000);
  turn = now;
}, RESOLUTION_MS).unref();

process.on('message', (message) => {
  if (message === 'reset') {
    delay.reset();
    cpu = process.cpuUsage();
    turn = cpu;
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
