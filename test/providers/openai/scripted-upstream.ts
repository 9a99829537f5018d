import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that says what the test tells it to, packet by packet. */
export interface ScriptedUpstream {
  readonly baseUrl: string;
  /** The next request is answered with these packets and this end. */
  next(
    packets: readonly string[],
    end?: 'end' | 'keep open' | 'reset',
    head?: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> },
  ): void;
  /** Answers whose connection still stands and that are not finished. */
  openAnswers(): number;
  close(): Promise<void>;
}

/** Long enough for a packet to arrive by itself. */
const PACKET_MS = 20;

export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const scripts: ((response: ServerResponse) => Promise<void>)[] = [];
  const unfinished = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    unfinished.add(response);
    response.once('close', () => unfinished.delete(response));
    request.resume().once('end', () => void scripts.shift()?.(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    next(packets, end = 'end', head = {}) {
      scripts.push(async (response) => {
        response.writeHead(head.status ?? 200, { 'content-type': 'text/event-stream', ...head.headers });
        for (const packet of packets) {
          response.write(packet);
          await new Promise((resolve) => setTimeout(resolve, PACKET_MS));
        }
        if (end === 'end') response.end();
        if (end === 'reset') response.socket?.resetAndDestroy();
      });
    },
    openAnswers: () => unfinished.size,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
