import type { FastifyInstance } from 'fastify';

/** How often idle keep-alive sockets are swept while draining. */
const SWEEP_MS = 100;
/** What an aborted call's client gets to read its last event. */
const LAST_WORDS_MS = 2_000;

/**
 * Stops taking connections and waits for the answers that are under way; at the limit `cut` ends those that live.
 *
 * Node keeps the socket of a hijacked reply open and idle, and closing the server would wait for it: hence the sweep.
 */
export async function drain(app: FastifyInstance, limitMs: number, cut: () => void): Promise<void> {
  const { server } = app;
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const limit = setTimeout(cut, limitMs);
  const force = setTimeout(() => server.closeAllConnections(), limitMs + LAST_WORDS_MS);
  await stopped;
  clearInterval(sweep);
  clearTimeout(limit);
  clearTimeout(force);
}
