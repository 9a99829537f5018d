/** What is told of one HTTP message whose last byte has arrived. */
export interface Message {
  /** The first line and the headers. */
  readonly head: string;
  /** The body where it came with its length; empty for a chunked one, whose bytes are only counted. */
  readonly body: Buffer;
  readonly pieces: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Finds the ends of HTTP/1.1 messages on a connection without pipelining, and nothing else: a real parser would cost
 * the far side of the benchmark as much as the server under test.
 *
 * @returns takes the pieces of one connection as they come
 */
export function createFraming(onMessage: (message: Message) => void): (piece: Buffer) => void {
  let pending = EMPTY;
  let head = '';
  let bodyStart = 0;
  /** −1 before the head is known, −2 for a chunked body. */
  let bodyLength = -1;
  let pieces = 0;

  return (piece) => {
    pieces += 1;
    pending = pending.length === 0 ? piece : joined(pending, piece);
    if (bodyLength === -1) {
      const headEnd = pending.indexOf(HEAD_END);
      if (headEnd < 0) return;
      head = pending.toString('latin1', 0, headEnd);
      bodyStart = headEnd + HEAD_END.length;
      bodyLength = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? -2);
    }
    const isWhole =
      bodyLength >= 0
        ? pending.length >= bodyStart + bodyLength
        : pending.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
    if (!isWhole) return;
    const body = bodyLength > 0 ? pending.subarray(bodyStart, bodyStart + bodyLength) : EMPTY;
    const message = { head, body, pieces };
    pending = EMPTY;
    bodyLength = -1;
    pieces = 0;
    onMessage(message);
  };

  /** Of a chunked body only the end matters, and keeping it all would copy a stream once per piece. */
  function joined(before: Buffer, piece: Buffer): Buffer {
    if (bodyLength !== -2) return Buffer.concat([before, piece]);
    return piece.length >= LAST_CHUNK.length ? piece : Buffer.concat([before.subarray(-8), piece]);
  }
}
