import type { FastifyReply } from 'fastify';
import type { JobResult } from '../../gateway/request/job.ts';

/** Sends what a request came to. A stream has gone out by then. */
export async function sendResult(
  reply: FastifyReply,
  call: { readonly requestId: string },
  pending: Promise<JobResult>,
  clientMs: () => number,
): Promise<void> {
  const result = await pending.catch((error: unknown) => {
    // The id may have been replaced on the way, and the client is to ask about its own request.
    reply.header('x-request-id', call.requestId);
    throw error;
  });
  if (result.body === undefined) {
    if (!reply.sent) reply.hijack();
    return;
  }
  reply.type('application/json').headers(result.headers).send(result.body);
  // What the kernel did not take at once waits for a client that may never take it.
  if (reply.raw.socket?.writableLength !== 0) reply.raw.setTimeout(clientMs());
}
