import { connect, createServer, type Socket } from 'node:net';

/**
 * A TCP proxy to a local port that, when told to, passes on the next message containing a word, waits until the
 * server has answered it, swallows the answer and cuts the connection: the work is done and nobody was told.
 */
export async function cuttingProxy(targetPort: number) {
  let word: string | undefined;
  let cuts = 0;
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    let isDoomed = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (word !== undefined && bytes.includes(word)) {
        word = undefined;
        isDoomed = true;
        cuts += 1;
      }
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (isDoomed) client.destroy();
      else client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    port: address.port,
    cutAfter(text: string) {
      word = text;
    },
    cuts: () => cuts,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
