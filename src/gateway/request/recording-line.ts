import type { ClientLine } from './job.ts';
import { PassingLine } from './passing-line.ts';

/** A client's line that keeps a copy of what is written to it, up to a bound. */
export class RecordingLine extends PassingLine {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(client: ClientLine, maxBytes: number) {
    super(client);
    this.#maxBytes = maxBytes;
  }

  /** What was written so far; undefined when it was too much. */
  recorded(): Buffer | undefined {
    return this.#length > this.#maxBytes ? undefined : Buffer.concat(this.#pieces);
  }

  override write(bytes: Buffer | string): boolean {
    this.#length += bytes.length;
    if (this.#length > this.#maxBytes) this.#pieces = [];
    else this.#pieces.push(Buffer.from(bytes));
    return this.client.write(bytes);
  }
}
