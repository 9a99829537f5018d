import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** Asks a server for JSON: GET, or POST when there is a body. Undefined when it does not answer with some in time. Never rejects. */
export type Probe = (url: string, body?: unknown) => Promise<unknown>;

const TIMEOUT_MS = 300;
/** The longest model list seen from a local server is some 50 KB. */
const MAX_ANSWER_BYTES = 2_000_000;

export const probeServer: Probe = (url, body) =>
  new Promise((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const giveUp = () => resolve(undefined);
    const request = send(
      url,
      {
        method: body === undefined ? 'GET' : 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        agent: false,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES) request.destroy();
          else chunks.push(chunk);
        });
        response.on('error', giveUp);
        response.on('close', giveUp);
        response.on('end', () => resolve(response.statusCode === 200 ? parsed(chunks) : undefined));
      },
    );
    request.on('error', giveUp);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });

function parsed(chunks: readonly Buffer[]): unknown {
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
