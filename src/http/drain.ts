import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** How often connections that ask nothing are swept while draining. */
const SWEEP_MS = 100;
/** What an aborted call's client gets to read its last event. */
const LAST_WORDS_MS = 2_000;

export interface Connections {
  /** From now on each answer says that its connection will be closed: clients send their next request elsewhere. */
  keepNone(): void;
  /** Cuts all on which no request is under way. */
  closeIdle(): void;
}

/**
 * Counts the requests under way on each connection. To be called before the server listens.
 *
 * Node's `closeIdleConnections` takes neither a connection that never sent a request (browsers open such ones ahead)
 * nor one with half a header for idle: either would hold a shutdown to its limit.
 */
export function watchConnections(server: Server): Connections {
  const socketToRequests = new Map<Socket, number>();
  let isKept = true;
  server.on('connection', (socket) => {
    socketToRequests.set(socket, 0);
    socket.once('close', () => socketToRequests.delete(socket));
  });
  // Ahead of those who answer, as their head may be on its way already behind them.
  server.prependListener('request', ({ socket }, response) => {
    if (!isKept) response.shouldKeepAlive = false;
    const add = (count: number) => {
      const requests = socketToRequests.get(socket);
      if (requests !== undefined) socketToRequests.set(socket, requests + count);
    };
    add(1);
    response.once('close', () => add(-1));
  });
  // A WebSocket is under way for as long as it is open.
  server.prependListener('upgrade', (_request: IncomingMessage, socket: Socket) => {
    const requests = socketToRequests.get(socket);
    if (requests !== undefined) socketToRequests.set(socket, requests + 1);
  });
  return {
    keepNone() {
      isKept = false;
    },
    closeIdle() {
      for (const [socket, requests] of socketToRequests) if (requests === 0) socket.destroy();
    },
  };
}

/** Stops taking connections and waits for the answers that are under way; at the limit `cut` ends those that live. */
export async function drain(
  server: Server,
  connections: Connections,
  limitMs: number,
  cut: () => void,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
  connections.closeIdle();
  const sweep = setInterval(connections.closeIdle, SWEEP_MS);
  const limit = setTimeout(cut, limitMs);
  const force = setTimeout(() => server.closeAllConnections(), limitMs + LAST_WORDS_MS);
  await stopped;
  clearInterval(sweep);
  clearTimeout(limit);
  clearTimeout(force);
}
