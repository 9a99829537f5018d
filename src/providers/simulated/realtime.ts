import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Random } from '../../core/learning/random.ts';
import { simulatedModel } from './catalog.ts';
import { Talk } from './talk.ts';

const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** Lets the simulated models hold sessions: `GET /v1/realtime?model=…` as a WebSocket. @returns what cuts them all */
export function serveRealtime(
  server: Server,
  { random, speed }: { readonly random: Random; readonly speed: number },
): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
  });
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    const model = simulatedModel(url.searchParams.get('model') ?? '');
    if (url.pathname !== '/v1/realtime' || model?.type !== 'realtime') {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const talk = new Talk(model, {
        random,
        speed,
        send: (event) => {
          if (client.readyState === client.OPEN) client.send(JSON.stringify(event));
        },
      });
      client.on('message', (data, isBinary) => talk.hear(isBinary ? '' : data.toString()));
      client.on('error', () => client.terminate());
      client.on('close', () => talk.close());
    });
  });
  return () => {
    for (const client of sockets.clients) client.terminate();
  };
}
