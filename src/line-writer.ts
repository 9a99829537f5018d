import { write } from 'node:fs';

/** Kept for a reader that is slow, or a disk that is full; what comes beyond is lost, and how much is said. */
const MAX_HELD_BYTES = 16 * 1024 ** 2;
const RETRY_MS = 100;

export interface LineWriter {
  /** Whole lines. Never throws and never waits. */
  write(lines: string): void;
  /** Resolves once all is written, or after `limitMs`: who does not read does not hold up the end. */
  end(limitMs: number): Promise<void>;
}

/**
 * Lines to a file descriptor, without blocking and whatever becomes of it: a full disk, a terminal that is gone and a
 * reader that left take lines away and nothing else. (sonic-boom, which pino brings, repeats a failed write for ever at
 * the end, with the whole process waiting, and lets one in the middle end the process.)
 */
export function createLineWriter(
  fd: number,
  options: {
    /** A log line that says that `bytes` of others were lost. */
    readonly lossLine: (bytes: number) => string;
    readonly maxHeldBytes?: number;
  },
): LineWriter {
  const { lossLine, maxHeldBytes = MAX_HELD_BYTES } = options;
  let held: string[] = [];
  let heldBytes = 0;
  let lostBytes = 0;
  let isWriting = false;
  let onIdle: (() => void) | undefined;

  const next = () => {
    if (held.length === 0) {
      isWriting = false;
      onIdle?.();
      return;
    }
    isWriting = true;
    if (lostBytes > 0) held.unshift(lossLine(lostBytes));
    lostBytes = 0;
    const bytes = Buffer.from(held.join(''));
    held = [];
    heldBytes = 0;
    send(bytes);
  };
  const send = (bytes: Buffer) =>
    write(fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(send, RETRY_MS, bytes);
      else if (error) {
        lostBytes += bytes.length;
        next();
      } else if (written < bytes.length) send(bytes.subarray(written));
      else next();
    });

  return {
    write(lines) {
      if (heldBytes + lines.length > maxHeldBytes) {
        lostBytes += Buffer.byteLength(lines);
        return;
      }
      held.push(lines);
      heldBytes += lines.length;
      if (!isWriting) next();
    },
    end(limitMs) {
      if (!isWriting) return Promise.resolve();
      return new Promise((resolve) => {
        const limit = setTimeout(resolve, limitMs);
        onIdle = () => {
          clearTimeout(limit);
          resolve();
        };
      });
    },
  };
}
