import type { ClientLine } from './job.ts';

/** A client's line that keeps a copy of what is written to it, up to a bound. */
export class RecordingLine implements ClientLine {
  readonly #client: ClientLine;
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(client: ClientLine, maxBytes: number) {
    this.#client = client;
    this.#maxBytes = maxBytes;
  }

  /** What was written so far; undefined when it was too much. */
  recorded(): Buffer | undefined {
    return this.#length > this.#maxBytes ? undefined : Buffer.concat(this.#pieces);
  }

  get hasLeft(): boolean {
    return this.#client.hasLeft;
  }

  onLeft(callback: () => void): void {
    this.#client.onLeft(callback);
  }

  startStream(headers: Readonly<Record<string, string>>): void {
    this.#client.startStream(headers);
  }

  write(bytes: Buffer | string): boolean {
    this.#length += bytes.length;
    if (this.#length > this.#maxBytes) this.#pieces = [];
    else this.#pieces.push(Buffer.from(bytes));
    return this.#client.write(bytes);
  }

  onceDrained(callback: () => void): void {
    this.#client.onceDrained(callback);
  }

  end(): void {
    this.#client.end();
  }

  cut(): void {
    this.#client.cut();
  }
}
