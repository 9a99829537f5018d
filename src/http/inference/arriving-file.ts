import { Readable } from 'node:stream';
import { endedBy, type GatewayError } from '../../core/outcome/gateway-error.ts';
import type { AudioFile } from '../../gateway/request/operations/transcription.ts';
import { GatheredPieces } from '../gathered-pieces.ts';
import { KeptBytes } from './kept-bytes.ts';
import type { UploadRoom } from './upload-room.ts';

type Watch = Parameters<AudioFile['open']>[1];

/** What may wait for a provider that takes it slowly, or for the disk, before the client is held back. */
const WAITING_BYTES = 256 * 1024;
/** What is looked at to tell how long a recording is. */
const BEGINNING_BYTES = 64;

/**
 * The file of a form from its first byte on: held until it is whole, or handed on while it still arrives. A call reads it from
 * its beginning; what one call has not taken yet and what a later one may need is kept.
 */
export class ArrivingFile implements AudioFile {
  readonly field: string;
  readonly name: string;
  readonly contentType: string;
  readonly #expectedBytes: number;
  readonly #flow: { pause(): void; resume(): void };
  readonly #kept: KeptBytes;
  #beginning = Buffer.alloc(0);
  #arrivedBytes = 0;
  /** The last that arrived, which no call has taken yet; only while it is handed on. */
  readonly #window = new GatheredPieces();
  #windowBytes = 0;
  #isHandedOn = false;
  #isWhole = false;
  #isKept = true;
  #isPaused = false;
  #isOver = false;
  #flaw: GatewayError | undefined;
  #reader: FileReader | undefined;

  /**
   * @param about.expectedBytes the most it can have, by what its client announced
   * @param flow holds the client back, and lets it go on
   * @param onLost told when it cannot be held for want of room; not while it is handed on, as it can do without
   */
  constructor(
    about: Pick<AudioFile, 'field' | 'name' | 'contentType'> & { readonly expectedBytes: number },
    room: UploadRoom,
    flow: { pause(): void; resume(): void },
    onLost: (cause?: unknown) => void,
  ) {
    this.field = about.field;
    this.name = about.name;
    this.contentType = about.contentType;
    this.#expectedBytes = about.expectedBytes;
    this.#flow = flow;
    this.#kept = new KeptBytes(
      room,
      () => this.#relieve(),
      (cause) => {
        this.#isKept = false;
        if (!this.#isHandedOn) onLost(cause);
        this.#relieve();
      },
    );
  }

  get beginning(): Buffer {
    return this.#beginning;
  }

  get arrivedBytes(): number {
    return this.#arrivedBytes;
  }

  get bytes(): number {
    return this.#isWhole ? this.#arrivedBytes : this.#expectedBytes;
  }

  get flaw(): GatewayError | undefined {
    return this.#flaw;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  push(piece: Buffer): void {
    if (this.#isOver) return;
    if (this.#beginning.length < BEGINNING_BYTES) {
      this.#beginning = Buffer.concat([this.#beginning, piece.subarray(0, BEGINNING_BYTES)]);
    }
    this.#arrivedBytes += piece.length;
    if (this.#isKept) this.#kept.append(piece);
    if (this.#isHandedOn) {
      this.#window.add(piece);
      this.#windowBytes += piece.length;
      this.#reader?.more();
    }
    // It can be read again: who is slow to take it holds nobody back. Of a client that is not read from nobody hears that it left.
    if (this.#isKept && this.#windowBytes > WAITING_BYTES) {
      this.#window.clear();
      this.#windowBytes = 0;
    }
    this.#relieve();
  }

  /** From now on what is not kept has to be taken before more of it comes. */
  handOn(): void {
    this.#isHandedOn = true;
  }

  /** All of its form has come. */
  complete(): void {
    this.#isWhole = true;
    this.#reader?.more();
  }

  /** It will never be whole. */
  spoil(flaw: GatewayError): void {
    if (this.#isWhole) return;
    this.#flaw ??= flaw;
    this.#reader?.more();
  }

  /** Nobody needs it any more; what still comes is thrown away. */
  discard(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#kept.discard();
    this.#window.clear();
    this.#windowBytes = 0;
    this.spoil(endedBy('client_left', 'The client left.'));
    this.#relieve();
  }

  keepNoMore(): void {
    this.#isKept = false;
    this.#relieve();
  }

  open(around: { readonly before: Buffer; readonly after: () => Buffer }, watch: Watch): Readable {
    this.#reader?.destroy();
    this.#reader = new FileReader(this, around, watch);
    return this.#reader;
  }

  /** What comes next for a call that has the first `at` bytes. Undefined: it has to come yet. */
  next(at: number): Buffer | Promise<Buffer> | GatewayError | 'end' | undefined {
    if (this.#flaw !== undefined) return this.#flaw;
    const windowStart = this.#arrivedBytes - this.#windowBytes;
    if (at < windowStart) {
      try {
        return this.#kept.read(at, windowStart);
      } catch (error) {
        return notKept(error);
      }
    }
    const piece = this.#window.pieces.shift();
    if (piece !== undefined) {
      this.#windowBytes -= piece.length;
      // What was kept before it was known that nobody comes after this call.
      if (!this.#isKept) this.#kept.discard();
      this.#relieve();
      return piece;
    }
    return this.#isWhole ? 'end' : undefined;
  }

  #relieve(): void {
    const isFull = Math.max(this.#windowBytes, this.#kept.queuedBytes) > WAITING_BYTES && !this.#isOver;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#flow.pause();
    else this.#flow.resume();
  }
}

/** The file as one call sends it up, with what stands around it in the form. */
class FileReader extends Readable {
  readonly #file: ArrivingFile;
  readonly #around: { readonly before: Buffer; readonly after: () => Buffer };
  readonly #watch: Watch;
  #at = 0;
  #hasBegun = false;
  #isAsked = false;

  constructor(file: ArrivingFile, around: { before: Buffer; after: () => Buffer }, watch: Watch) {
    super({ highWaterMark: 1 });
    this.#file = file;
    this.#around = around;
    this.#watch = watch;
  }

  override _read(): void {
    this.#isAsked = true;
    this.#watch.took();
    if (this.#hasBegun || this.#file.flaw !== undefined) {
      this.#give();
      return;
    }
    this.#hasBegun = true;
    this.#isAsked = false;
    this.push(this.#around.before);
  }

  /** Something has come, or will never come. */
  more(): void {
    if (this.destroyed) return;
    if (this.#file.flaw !== undefined) this.#fail(this.#file.flaw);
    else if (this.#isAsked) {
      this.#watch.took();
      this.#give();
    }
  }

  #give(): void {
    const next = this.#file.next(this.#at);
    if (next === undefined) {
      this.#watch.waits();
      return;
    }
    this.#isAsked = false;
    if (next === 'end') {
      this.push(this.#around.after());
      this.push(null);
      this.once('end', () => this.#watch.sent());
    } else if (Buffer.isBuffer(next)) this.#send(next);
    else if (next instanceof Promise) {
      next.then(
        (piece) => this.#send(piece),
        (error) => this.#fail(notKept(error)),
      );
    } else this.#fail(next);
  }

  #send(piece: Buffer): void {
    if (this.destroyed) return;
    this.#at += piece.length;
    this.push(piece);
  }

  /** Without an error of its own: whoever reads it has been told. */
  #fail(error: GatewayError): void {
    if (this.destroyed) return;
    this.#watch.failed(error);
    this.destroy();
  }
}

function notKept(cause: unknown): GatewayError {
  return endedBy(
    'local_queue',
    'There was no room to keep the file for another provider. Try again in a moment.',
    {
      code: 'uploads_in_use',
      retryAfterSeconds: 1,
      cause,
    },
  );
}
