/** Memory and disk that recordings on their way may take, all together. */
export interface RoomSettings {
  /** Where those go that are too large for memory; `''`: nowhere. */
  readonly folder: string;
  readonly maxMemoryBytes: number;
  readonly maxDiskBytes: number;
}

export class UploadRoom {
  readonly #settings: RoomSettings;
  #memoryBytes = 0;
  #diskBytes = 0;
  #hasFolder: boolean;

  constructor(settings: RoomSettings) {
    this.#settings = settings;
    this.#hasFolder = settings.folder !== '';
  }

  /** Undefined where no file can be made: then everything is kept in memory. */
  get folder(): string | undefined {
    return this.#hasFolder ? this.#settings.folder : undefined;
  }

  /** A file could not be made in it, as on a disk that is mounted read-only. */
  loseFolder(): void {
    this.#hasFolder = false;
  }

  /** Whether there was room for so many bytes, which are taken then. */
  takeMemory(bytes: number): boolean {
    if (this.#memoryBytes + bytes > this.#settings.maxMemoryBytes) return false;
    this.#memoryBytes += bytes;
    return true;
  }

  takeDisk(bytes: number): boolean {
    if (this.#diskBytes + bytes > this.#settings.maxDiskBytes) return false;
    this.#diskBytes += bytes;
    return true;
  }

  giveBack(taken: { readonly memoryBytes: number; readonly diskBytes: number }): void {
    this.#memoryBytes -= taken.memoryBytes;
    this.#diskBytes -= taken.diskBytes;
  }
}
