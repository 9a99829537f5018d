import pino, { type Logger } from 'pino';
import type { AttemptLog } from './gateway/deps.ts';
import { createLineWriter } from './line-writer.ts';
import type { AttemptEnd, AttemptStart } from './store/contract.ts';

const LINES_PER_WRITE = 128;
/** For the last lines, to a reader who is slow. */
const LAST_LINES_MS = 1_000;

/**
 * Lines as JSON to stdout, a hundred at a time: handed to the stream one by one they cost twice as much.
 *
 * The line of an attempt is put together here, in pino's shape: by pino it was 6 µs and 3 kB of garbage. What may hold
 * objects of strangers goes to `logger`, which searches each line for secrets, on a copy of it.
 */
export function openLog(env: NodeJS.ProcessEnv): {
  logger: Logger;
  attempt: AttemptLog['attempt'];
  close: () => Promise<void>;
} {
  const destination = createLineWriter(1, {
    lossLine: (bytes) =>
      `{"level":40,"time":${Date.now()},"lost_bytes":${bytes},"msg":"lines of this log were lost"}\n`,
  });
  let lines: string[] = [];
  const flush = () => {
    if (lines.length > 0) destination.write(lines.join(''));
    lines = [];
  };
  const bunch = {
    write(line: string) {
      if (lines.push(line) >= LINES_PER_WRITE) flush();
    },
  };
  const flushing = setInterval(flush, 500).unref();
  const options = { level: env.OUTRIDER_LOG_LEVEL || 'info', base: null };
  const logger = pino({ ...options, redact: ['authorization', '*.authorization'] }, bunch);
  const isHeard = logger.isLevelEnabled('info');
  return {
    logger,
    attempt(start, end, reason) {
      if (isHeard) bunch.write(attemptLine(Date.now(), start, end, reason));
    },
    close() {
      clearInterval(flushing);
      flush();
      return destination.end(LAST_LINES_MS);
    },
  };
}

/** Request ids, tasks, reasons and endings have no characters that JSON escapes. */
function attemptLine(atMs: number, start: AttemptStart, end: AttemptEnd, reason: string): string {
  return `{"level":30,"time":${atMs},"request_id":"${end.requestId}","attempt":${end.number},"endpoint":${JSON.stringify(
    start.endpointId,
  )},"task":"${start.task}","reason":"${reason}","ending":"${end.ending}","status":${end.httpStatus},"latency_ms":${
    end.latencyMs
  },"ttft_ms":${end.ttftMs},"input_tokens":${end.inputTokens},"output_tokens":${end.outputTokens},"cost_micro_usd":${
    end.costMicroUsd
  },"msg":"attempt"}\n`;
}
