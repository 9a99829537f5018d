import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Trouble } from './scene.ts';

/** A server that fails in the way that its path begins with, on a free port of loopback. */
export async function startTroubleServer(): Promise<{
  baseUrlOf(trouble: Trouble): string;
  close(): Promise<void>;
}> {
  const server = createServer((request, response) => {
    const trouble = request.url?.split('/')[1];
    request.resume();
    request.on('end', () => {
      if (trouble === 'reset') {
        request.socket.destroy();
        return;
      }
      const [status, message] =
        trouble === 'rate_limited'
          ? [429, 'Rate limit reached for requests.']
          : trouble === 'unavailable'
            ? [503, 'The service is unavailable.']
            : [500, 'The server had an error while processing your request.'];
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(status === 429 ? { 'retry-after': '20' } : {}),
      });
      response.end(JSON.stringify({ error: { message, type: 'server_error', param: null, code: null } }));
    });
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrlOf: (trouble) => `http://127.0.0.1:${port}/${trouble}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
