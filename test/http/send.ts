import { request } from 'node:http';
import { connect } from 'node:net';

/** An answer as it came, its body read to the end. */
export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  /** The body parsed; undefined when it is not JSON. */
  readonly json: unknown;
}

export interface SendOptions {
  /** POST when there is a body, else GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Objects are sent as JSON; text and bytes as they are. */
  readonly body?: unknown;
  /** Sent as `Authorization: Bearer …`. */
  readonly key?: string;
}

/** One request by node's own client, which sends whatever it is told to. */
export function send(url: string, options: SendOptions = {}): Promise<Answer> {
  const { body, key, method = body === undefined ? 'GET' : 'POST' } = options;
  const bytes =
    body === undefined
      ? undefined
      : typeof body === 'string' || Buffer.isBuffer(body)
        ? body
        : JSON.stringify(body);
  const headers = {
    ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece) => pieces.push(piece));
      incoming.once('error', reject);
      incoming.once('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          ...textAndJson(Buffer.concat(pieces)),
        }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end(bytes);
  });
}

/** Bytes on a bare socket, for what no client would send; resolves with all that came back until it was closed. */
export function sendBytes(url: string, bytes: string | Buffer): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    socket.on('data', (piece) => pieces.push(piece));
    socket.once('error', reject);
    socket.once('close', () => resolve(parseAnswer(Buffer.concat(pieces))));
  });
}

function parseAnswer(bytes: Buffer): Answer {
  const split = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, Math.max(split, 0)).toString('latin1').split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers,
    ...textAndJson(split < 0 ? Buffer.alloc(0) : bytes.subarray(split + 4)),
  };
}

function textAndJson(bytes: Buffer): { text: string; json: unknown } {
  const text = bytes.toString();
  try {
    return { text, json: JSON.parse(text) };
  } catch {
    return { text, json: undefined };
  }
}
