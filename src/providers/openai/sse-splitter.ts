const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const DATA = Buffer.from('data:');
const EMPTY = Buffer.alloc(0);
/** The end of a line and a blank one after it are at most three bytes. */
const BORDER = 3;

/** What becomes of an event's bytes; others may go in their place. `stop` ends the stream: nothing after it is looked at. */
export type EventFate = 'forward' | 'withhold' | 'stop' | Buffer;

export interface SseHandlers {
  /**
   * One whole event, as a range of `bytes` that holds its data; `start === end` for an event without data (a comment,
   * a heartbeat). Lines of a multi-line event come joined.
   *
   * @param eventStart where in `bytes` its first line begins; -1 for joined lines
   */
  inspect(bytes: Buffer, start: number, end: number, eventStart: number): EventFate;
  /** A run of whole events to pass on, bytes as they came. */
  forward(events: Buffer): void;
}

/**
 * Cuts a byte stream into server-sent events without decoding it (WHATWG HTML, 9.2.6): lines end in LF, CRLF or CR.
 * Whole events that stand together in one chunk go on as one slice of that chunk; only an event cut by the network is
 * copied.
 */
export class SseSplitter {
  /** The beginning of an event that has not ended; whole pieces, joined only when its end may have come. */
  #pieces: Buffer[] = [];
  #pendingBytes = 0;
  #lastBytes: Buffer = EMPTY;
  #isFirst = true;
  #isStopped = false;
  /** What becomes of a line feed that comes next: it belongs to the CR that ended an event with the chunk before. */
  #lineFeedFate: EventFate | undefined;
  readonly #handlers: SseHandlers;

  constructor(handlers: SseHandlers) {
    this.#handlers = handlers;
  }

  /** Bytes of an event that has not ended yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  push(arrived: Buffer): void {
    if (this.#isStopped || arrived.length === 0) return;
    const chunk = this.#lineFeedFate === undefined ? arrived : this.#withoutLineFeed(arrived);
    if (chunk.length === 0) return;
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

  #withoutLineFeed(chunk: Buffer): Buffer {
    const fate = this.#lineFeedFate;
    this.#lineFeedFate = undefined;
    if (chunk[0] !== LINE_FEED) return chunk;
    if (fate === 'forward') this.#handlers.forward(chunk.subarray(0, 1));
    return chunk.subarray(1);
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
    let hasReturnBefore = false;
    // The next of each: a search for each line of a chunk that has none would read the chunk to its end each time.
    let lineFeed = bytes.indexOf(LINE_FEED);
    let carriageReturn = bytes.indexOf(CARRIAGE_RETURN);
    for (;;) {
      if (lineFeed >= 0 && lineFeed < lineStart) lineFeed = bytes.indexOf(LINE_FEED, lineStart);
      if (carriageReturn >= 0 && carriageReturn < lineStart) {
        carriageReturn = bytes.indexOf(CARRIAGE_RETURN, lineStart);
      }
      const isReturn = carriageReturn >= 0 && (lineFeed < 0 || carriageReturn < lineFeed);
      const lineEnd = isReturn ? carriageReturn : lineFeed;
      if (lineEnd < 0) break;
      const isLast = lineEnd + 1 === bytes.length;
      // A line feed may still come. Who ended the line before in CR ends this one so, and is not kept waiting.
      if (isReturn && isLast && !(hasReturnBefore && lineEnd === lineStart)) break;
      const nextLine = lineEnd + (isReturn && bytes[lineEnd + 1] === LINE_FEED ? 2 : 1);
      hasReturnBefore = isReturn && nextLine === lineEnd + 1;
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
        lineStart = nextLine;
        continue;
      }
      lineStart = nextLine;
      const joined = dataLines === undefined ? undefined : joinLines(dataLines);
      const fate =
        joined === undefined
          ? inspect(bytes, dataStart, dataEnd, eventStart)
          : inspect(joined, 0, joined.length, -1);
      dataStart = 0;
      dataEnd = 0;
      dataLines = undefined;
      if (fate !== 'forward') {
        if (eventStart > runStart) forward(bytes.subarray(runStart, eventStart));
        runStart = lineStart;
        if (typeof fate !== 'string') forward(fate);
      }
      eventStart = lineStart;
      if (isReturn && isLast) this.#lineFeedFate = fate;
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
  return bytes.includes('\n\n') || bytes.includes('\n\r') || bytes.includes('\r\r');
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
