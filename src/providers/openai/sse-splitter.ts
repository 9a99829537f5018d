const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const DATA = Buffer.from('data:');
const EMPTY = Buffer.alloc(0);
/** The end of a line and a blank one after it are at most three bytes. */
const BORDER = 3;

/** What becomes of an event's bytes. `stop` ends the stream: nothing after it is looked at. */
export type EventFate = 'forward' | 'withhold' | 'stop';

export interface SseHandlers {
  /**
   * One whole event, as a range of `bytes` that holds its data; `start === end` for an event without data (a comment,
   * a heartbeat). Lines of a multi-line event come joined.
   */
  inspect(bytes: Buffer, start: number, end: number): EventFate;
  /** A run of whole events to pass on, bytes as they came. */
  forward(events: Buffer): void;
}

/**
 * Cuts a byte stream into server-sent events without decoding it (WHATWG HTML, 9.2.6). Whole events that stand
 * together in one chunk go on as one slice of that chunk; only an event cut by the network is copied.
 */
export class SseSplitter {
  /** The beginning of an event that has not ended; whole pieces, joined only when its end may have come. */
  #pieces: Buffer[] = [];
  #pendingBytes = 0;
  #lastBytes: Buffer = EMPTY;
  #isFirst = true;
  #isStopped = false;
  readonly #handlers: SseHandlers;

  constructor(handlers: SseHandlers) {
    this.#handlers = handlers;
  }

  /** Bytes of an event that has not ended yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  push(chunk: Buffer): void {
    if (this.#isStopped) return;
    if (this.#pendingBytes > 0) {
      const mayEnd = this.#mayEndWith(chunk);
      this.#keep(chunk);
      if (!mayEnd) return;
    }
    let bytes = this.#pendingBytes > 0 ? Buffer.concat(this.#pieces) : chunk;
    if (this.#isFirst && bytes.length >= 3) {
      this.#isFirst = false;
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
    }
    this.#split(bytes);
  }

  /**
   * Whether the blank line that ends an event may stand in `chunk`, or across its border. Without this look each piece
   * of a 10 MB event (an image) would be joined with all those before it.
   */
  #mayEndWith(chunk: Buffer): boolean {
    return hasBlankLine(chunk) || hasBlankLine(this.#borderWith(chunk));
  }

  #borderWith(chunk: Buffer): Buffer {
    return Buffer.concat([this.#lastBytes, chunk.subarray(0, BORDER)]);
  }

  /** The stream is over: a last event that misses only its blank line still counts. */
  end(): void {
    if (this.#isStopped || this.#pendingBytes === 0) return;
    this.#split(Buffer.concat([...this.#pieces, Buffer.from('\n\n')]));
  }

  #keep(piece: Buffer): void {
    this.#lastBytes = Buffer.concat([this.#lastBytes, piece.subarray(-BORDER)]).subarray(-BORDER);
    this.#pieces.push(piece);
    this.#pendingBytes += piece.length;
  }

  #split(bytes: Buffer): void {
    const { inspect, forward } = this.#handlers;
    this.#pieces = [];
    this.#pendingBytes = 0;
    this.#lastBytes = EMPTY;
    let runStart = 0;
    let eventStart = 0;
    let lineStart = 0;
    let dataStart = 0;
    let dataEnd = 0;
    let dataLines: Buffer[] | undefined;
    for (;;) {
      const lineFeed = bytes.indexOf(LINE_FEED, lineStart);
      if (lineFeed < 0) break;
      const lineEnd =
        lineFeed > lineStart && bytes[lineFeed - 1] === CARRIAGE_RETURN ? lineFeed - 1 : lineFeed;
      if (lineEnd > lineStart) {
        if (isData(bytes, lineStart, lineEnd)) {
          let valueStart = lineStart + DATA.length;
          if (bytes[valueStart] === SPACE) valueStart++;
          if (dataEnd > 0) {
            dataLines ??= [bytes.subarray(dataStart, dataEnd)];
            dataLines.push(bytes.subarray(valueStart, lineEnd));
          }
          dataStart = valueStart;
          dataEnd = lineEnd;
        }
        lineStart = lineFeed + 1;
        continue;
      }
      lineStart = lineFeed + 1;
      const joined = dataLines === undefined ? undefined : joinLines(dataLines);
      const fate =
        joined === undefined ? inspect(bytes, dataStart, dataEnd) : inspect(joined, 0, joined.length);
      dataStart = 0;
      dataEnd = 0;
      dataLines = undefined;
      if (fate !== 'forward') {
        if (eventStart > runStart) forward(bytes.subarray(runStart, eventStart));
        runStart = lineStart;
      }
      eventStart = lineStart;
      if (fate === 'stop') {
        this.#isStopped = true;
        return;
      }
    }
    if (eventStart > runStart) forward(bytes.subarray(runStart, eventStart));
    if (eventStart < bytes.length) this.#keep(eventStart === 0 ? bytes : bytes.subarray(eventStart));
  }
}

function hasBlankLine(bytes: Buffer): boolean {
  return bytes.includes('\n\n') || bytes.includes('\n\r\n');
}

function isData(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < DATA.length) return false;
  for (let i = 0; i < DATA.length; i++) if (bytes[start + i] !== DATA[i]) return false;
  return true;
}

function joinLines(lines: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  for (const line of lines) parts.push(line, Buffer.from('\n'));
  return Buffer.concat(parts.slice(0, -1));
}
