import { isatty } from 'node:tty';
import closeWithGrace from 'close-with-grace';
import { ConfigError } from './config/config-error.ts';
import { type ServeOptions, type Serving, serve } from './serve.ts';
import { StoreUnusableError } from './store/store-unusable-error.ts';

/** EX_CONFIG of sysexits.h: starting again without a change is of no use. */
const EXIT_CONFIG = 78;
/** Beyond what a shutdown may take by its own settings: then something hangs. */
const HANGING_MS = 30_000;
/** SIGHUP has another meaning here; the others are crashes: caught, the instruction that failed is run again for ever. */
const NOT_TO_CATCH: closeWithGrace.Signals[] = [
  'SIGHUP',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGSEGV',
];

/**
 * The process: serves until a signal or until its terminal is closed, reads the configuration again on SIGHUP, and says
 * in one line why it cannot start.
 */
export async function main(options: ServeOptions): Promise<void> {
  let serving: Serving | undefined;
  let isReloadDue = false;
  const hasTerminal = isatty(0);
  const shutDown = async () => {
    if (serving === undefined) return;
    setTimeout(() => process.exit(1), serving.longestDrainMs() + HANGING_MS).unref();
    await serving.close().catch((error: unknown) => {
      // What stands behind the words for a client: here nobody is asking.
      const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      process.stderr.write(
        `Not closed cleanly: ${reason instanceof Error ? reason.message : String(reason)}\n`,
      );
      throw error;
    });
  };
  // Before anything is opened: who reads that it listens may send a signal in the same instant.
  const closing = closeWithGrace({ delay: false, logger: false, skip: NOT_TO_CATCH }, async ({ err }) => {
    if (err) process.stderr.write(`${err.stack ?? err.message}\n`);
    await shutDown();
  });
  /** Nobody would see the process any more, and it would keep the port and the database. */
  const endWithTerminal = async () => {
    closing.uninstall();
    await shutDown().catch(() => undefined);
    // Like any program; `process.exit` would set the terminal back that is gone, and crash over it.
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  };
  process.on('SIGHUP', () => {
    if (hasTerminal && !isatty(0)) void endWithTerminal();
    else if (serving === undefined) isReloadDue = true;
    else void serving.reload();
  });
  try {
    serving = await serve(options);
  } catch (error) {
    const reason = reasonNotToStart(error);
    if (reason === undefined) throw error;
    process.stderr.write(`${reason.line}\n`);
    process.exit(reason.code);
  }
  options.print(`Process ${process.pid}: SIGHUP reads the settings again, SIGTERM ends it.`);
  if (isReloadDue) void serving.reload();
}

/** A failure to start that one line explains, with the code to exit with; undefined for a bug. */
function reasonNotToStart(error: unknown): { line: string; code: number } | undefined {
  if (error instanceof ConfigError || error instanceof StoreUnusableError) {
    return { line: error.message, code: EXIT_CONFIG };
  }
  const isListening = error instanceof Error && 'syscall' in error && error.syscall === 'listen';
  if (!isListening) return undefined;
  return {
    line: `The address cannot be listened on (${error.message}). Change api.address, or end who has it.`,
    code: 1,
  };
}
