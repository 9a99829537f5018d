const BLOCK_BYTES = 16 * 1024;
const NO_BLOCK = Buffer.alloc(0);

/**
 * Bytes in the order they came, piece by piece. Small pieces are copied into blocks: a client may send a byte at a time, and
 * walking along, shifting or writing a million pieces of one byte would keep everybody else waiting.
 */
export class GatheredPieces {
  /** To be walked along; a piece at its end may be replaced by a longer one that begins with the same bytes. */
  readonly pieces: Buffer[] = [];
  #block: Buffer = NO_BLOCK;
  #blockBytes = 0;
  /** The part of the block that is used, as it stands at the end of `pieces`. */
  #tail: Buffer | undefined;

  /** @param held so many pieces at the beginning stay as they are, for somebody works with them */
  add(piece: Buffer, held = 0): void {
    const { pieces } = this;
    const last = pieces.at(-1);
    const canGrow = last !== undefined && last === this.#tail && pieces.length > held;
    if (canGrow && this.#blockBytes + piece.length <= this.#block.length) {
      pieces[pieces.length - 1] = this.#fill(piece);
      return;
    }
    if (last === undefined || piece.length >= BLOCK_BYTES) {
      pieces.push(piece);
      return;
    }
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#blockBytes = 0;
    pieces.push(this.#fill(piece));
  }

  clear(): void {
    this.pieces.length = 0;
    this.#block = NO_BLOCK;
    this.#tail = undefined;
  }

  #fill(piece: Buffer): Buffer {
    piece.copy(this.#block, this.#blockBytes);
    this.#blockBytes += piece.length;
    this.#tail = this.#block.subarray(0, this.#blockBytes);
    return this.#tail;
  }
}
