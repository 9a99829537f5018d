import { Agent } from 'undici';
import { dataOf } from '../fixtures/event-data.ts';
import { readBody } from '../fixtures/read-body.ts';

/** What a client saw of one answer, read to its end. */
export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: AnswerBody | undefined;
  /** The `data:` payloads of a stream, in order. */
  readonly events: readonly string[];
  /** Milliseconds until the end. */
  readonly tookMs: number;
  /** Of the socket, when the answer broke off. */
  readonly error: string;
}

/** What tests read of a JSON body. */
export interface AnswerBody {
  readonly error?: {
    readonly message: string;
    readonly type: string;
    readonly param: unknown;
    readonly code: string;
  };
  readonly choices?: readonly {
    readonly message?: { readonly content: string };
    readonly delta?: { content?: string };
  }[];
  readonly usage?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

/** One agent for a test file, so that sockets are reused as a real client does. */
const agent = new Agent({ connections: 64, headersTimeout: 20_000, bodyTimeout: 20_000 });

/** `POST /v1/chat/completions` with a message of its own. */
export async function ask(
  gateway: { readonly url: string },
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  return request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Say hello.' }], ...body }),
    headers,
  });
}

export async function get(gateway: { readonly url: string }, path: string): Promise<Seen> {
  return request(gateway.url + path, { method: 'GET' });
}

async function request(
  url: string,
  options: { method: string; body?: string; headers?: Readonly<Record<string, string>> },
): Promise<Seen> {
  const beganMs = performance.now();
  const { origin, pathname, search } = new URL(url);
  const answer = await agent.request({
    origin,
    path: pathname + search,
    method: options.method as 'GET',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: options.body ?? null,
  });
  const { bytes, error } = await readBody(answer.body);
  const text = bytes.toString();
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    json: parsed(text),
    events: String(answer.headers['content-type']).startsWith('text/event-stream') ? dataOf(text) : [],
    tookMs: performance.now() - beganMs,
    error,
  };
}

function parsed(text: string): AnswerBody | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
