import type { FileHandle } from 'node:fs/promises';
import { GatheredPieces } from '../gathered-pieces.ts';
import { openNamelessFile } from './nameless-file.ts';
import type { UploadRoom } from './upload-room.ts';

/** So much of each recording is kept in memory; what follows goes to a file. */
export const MEMORY_BYTES = 1024 * 1024;
const READ_BYTES = 256 * 1024;

/**
 * The bytes of one recording as far as they have come, to be read from any place: the first in memory, the others in a
 * nameless file, or in memory as well where no file can be made.
 */
export class KeptBytes {
  readonly #room: UploadRoom;
  readonly #onEased: () => void;
  readonly #onLost: (cause?: unknown) => void;
  readonly #memory = new GatheredPieces();
  #memoryBytes = 0;
  #handle: FileHandle | undefined;
  #fileBytes = 0;
  /** On their way to the file; each stays here until it is written. */
  readonly #queue = new GatheredPieces();
  #queuedBytes = 0;
  #takenDiskBytes = 0;
  #isFile = false;
  #isWriting = false;
  #isOver = false;

  /**
   * @param onEased called when something was written: `queuedBytes` has become less
   * @param onLost  called once when there is no room for more; nothing is kept any longer then
   */
  constructor(room: UploadRoom, onEased: () => void, onLost: (cause?: unknown) => void) {
    this.#room = room;
    this.#onEased = onEased;
    this.#onLost = onLost;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  append(piece: Buffer): void {
    if (this.#isOver) return;
    if (!this.#isFile) {
      const isSmall = this.#memoryBytes + piece.length <= MEMORY_BYTES;
      if ((isSmall || this.#room.folder === undefined) && this.#toMemory(piece)) return;
      if (this.#room.folder === undefined) {
        this.#lose();
        return;
      }
      this.#isFile = true;
    }
    // The first is being written.
    this.#queue.add(piece, 1);
    this.#queuedBytes += piece.length;
    if (!this.#isWriting) void this.#write();
  }

  /** Some of the bytes from `at` on, fewer than `before`; a promise where they have to be fetched from the file. */
  read(at: number, before: number): Buffer | Promise<Buffer> {
    let start = 0;
    for (const piece of this.#memory.pieces) {
      if (at < start + piece.length) return piece.subarray(at - start, before - start);
      start += piece.length;
    }
    const written = this.#memoryBytes + this.#fileBytes;
    if (at < written) return this.#fromFile(at - this.#memoryBytes, Math.min(before, written) - at);
    start = written;
    for (const piece of this.#queue.pieces) {
      if (at < start + piece.length) return piece.subarray(at - start, before - start);
      start += piece.length;
    }
    throw new RangeError('nothing is kept there');
  }

  /** Frees everything. */
  discard(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#room.giveBack({ memoryBytes: this.#memoryBytes, diskBytes: this.#takenDiskBytes });
    this.#memory.clear();
    this.#queue.clear();
    this.#queuedBytes = 0;
    if (!this.#isWriting) this.#close();
  }

  #toMemory(piece: Buffer): boolean {
    if (!this.#room.takeMemory(piece.length)) return false;
    this.#memory.add(piece);
    this.#memoryBytes += piece.length;
    return true;
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      if (this.#handle === undefined && !(await this.#open())) return;
      const { pieces } = this.#queue;
      for (let piece = pieces[0]; piece !== undefined && !this.#isOver; piece = pieces[0]) {
        if (!this.#room.takeDisk(piece.length)) {
          this.#lose();
          return;
        }
        this.#takenDiskBytes += piece.length;
        await this.#handle?.appendFile(piece);
        if (this.#isOver) return;
        pieces.shift();
        this.#queuedBytes -= piece.length;
        this.#fileBytes += piece.length;
        this.#onEased();
      }
    } catch (error) {
      this.#lose(error);
    } finally {
      this.#isWriting = false;
      if (this.#isOver) this.#close();
    }
  }

  /** Where no file can be made what was meant for it stays in memory, as far as there is room. */
  async #open(): Promise<boolean> {
    const { folder } = this.#room;
    try {
      if (folder === undefined) throw new Error('there is no folder');
      this.#handle = await openNamelessFile(folder);
      return true;
    } catch (error) {
      this.#room.loseFolder();
      this.#isFile = false;
      const waiting = [...this.#queue.pieces];
      this.#queue.clear();
      this.#queuedBytes = 0;
      if (this.#isOver) return false;
      if (!waiting.every((piece) => this.#toMemory(piece))) this.#lose(error);
      this.#onEased();
      return false;
    }
  }

  async #fromFile(at: number, bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.min(bytes, READ_BYTES));
    const { bytesRead } = (await this.#handle?.read(buffer, 0, buffer.length, at)) ?? { bytesRead: 0 };
    if (bytesRead === 0) throw new Error('the file is shorter than what was written');
    return buffer.subarray(0, bytesRead);
  }

  #lose(cause?: unknown): void {
    if (this.#isOver) return;
    this.discard();
    this.#onLost(cause);
  }

  #close(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    handle?.close().catch(() => undefined);
  }
}
