import { createServer, type Socket } from 'node:net';
import { createFraming } from './framing.ts';
import { EVENTS_PER_STREAM, streamResponse, unaryResponse } from './payloads.ts';

/** A provider on loopback that answers every request at once with the same bytes. */
export interface BenchUpstream {
  readonly port: number;
  close(): void;
}

/**
 * Bodies that hold `"stream":true` get a stream, each event in a write of its own.
 *
 * @param options.paceMs pause between the events of a stream; 0 sends them as fast as they are taken.
 */
export async function startUpstream(options: { bytes: number; paceMs: number }): Promise<BenchUpstream> {
  const answer = unaryResponse(options.bytes);
  const { head, event, tail } = streamResponse();
  const sockets = new Set<Socket>();
  const streams = new Map<Socket, number>();
  let isRunning = false;

  const sendEvents = () => {
    for (const [socket, sent] of streams) {
      if (socket.writableNeedDrain) continue;
      if (sent === EVENTS_PER_STREAM) {
        streams.delete(socket);
        socket.write(tail);
      } else {
        socket.write(event);
        streams.set(socket, sent + 1);
      }
    }
    isRunning = streams.size > 0;
    if (isRunning) next();
  };
  const next = () => (options.paceMs > 0 ? setTimeout(sendEvents, options.paceMs) : setImmediate(sendEvents));

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const framing = createFraming(({ body }) => {
      if (!body.includes('"stream":true')) {
        socket.write(answer);
        return;
      }
      socket.write(head);
      streams.set(socket, 0);
      if (!isRunning) next();
      isRunning = true;
    });
    socket.on('data', framing);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      streams.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the upstream has no port');
  return {
    port: address.port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
