import closeWithGrace from 'close-with-grace';
import { ConfigError } from './config/config-error.ts';
import { type ServeOptions, type Serving, serve } from './serve.ts';
import { StoreUnusableError } from './store/store-unusable-error.ts';

/** EX_CONFIG of sysexits.h: starting again without a change is of no use. */
const EXIT_CONFIG = 78;

/** The process: serves until a signal, reads the configuration again on SIGHUP, and says in one line why it cannot start. */
export async function main(options: ServeOptions): Promise<void> {
  let serving: Serving;
  try {
    serving = await serve(options);
  } catch (error) {
    const reason = reasonNotToStart(error);
    if (reason === undefined) throw error;
    process.stderr.write(`${reason.line}\n`);
    process.exit(reason.code);
  }
  process.on('SIGHUP', () => void serving.reload());
  // The drain has its own limit: this one is for what hangs beyond it.
  closeWithGrace({ delay: serving.drainMs + 30_000, logger: false, skip: ['SIGHUP'] }, async ({ err }) => {
    if (err) process.stderr.write(`${err.stack ?? err.message}\n`);
    await serving.close().catch((error: unknown) => {
      // What stands behind the words for a client: here nobody is asking.
      const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      process.stderr.write(
        `Not closed cleanly: ${reason instanceof Error ? reason.message : String(reason)}\n`,
      );
      throw error;
    });
  });
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
