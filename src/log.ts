import pino, { type Logger } from 'pino';
import { createLineWriter } from './line-writer.ts';

const LINES_PER_WRITE = 128;
/** For the last lines, to a reader who is slow. */
const LAST_LINES_MS = 1_000;

/**
 * Lines as JSON to stdout, a hundred at a time: handed to the stream one by one they cost twice as much.
 *
 * `attempts` takes lines that the gateway puts together itself, field by field. What may hold objects of strangers
 * goes to `logger`, which searches each line for secrets, on a copy of it, for another 3 µs.
 */
export function openLog(env: NodeJS.ProcessEnv): {
  logger: Logger;
  attempts: Logger;
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
  return {
    logger: pino({ ...options, redact: ['authorization', '*.authorization'] }, bunch),
    attempts: pino(options, bunch),
    close() {
      clearInterval(flushing);
      flush();
      return destination.end(LAST_LINES_MS);
    },
  };
}
