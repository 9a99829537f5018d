import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError } from '../core/outcome/gateway-error.ts';

/** What node answers by itself, and without a word: an expectation it does not know, a wish for a tunnel. */
export function answerInOurWords(server: Server, newRequestId: () => string): void {
  // Nobody has to meet it (RFC 9110, 10.1.1): the request is answered as if it did not stand there.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    answerClientError(new Error('a tunnel was asked for'), socket, newRequestId);
  });
}

/**
 * Answers bytes that are no HTTP request. They reach no route and no hook, and node's own words are not OpenAI's
 * shape: this is the one answer that is written by hand.
 */
export function answerClientError(
  error: Error & { readonly code?: string },
  socket: Socket,
  newRequestId: () => string,
): void {
  const { _httpMessage: answering } = socket as { _httpMessage?: ServerResponse | null };
  // In the middle of another answer on this connection it would look like a part of that.
  if (error.code === 'ECONNRESET' || !socket.writable || answering?.headersSent) {
    socket.destroy(error);
    return;
  }
  const { status, reason, code, message } = explain(error.code);
  const body = JSON.stringify(new GatewayError({ status, code, message }).toBody());
  socket.end(
    [
      `HTTP/1.1 ${status} ${reason}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${newRequestId()}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function explain(nodeCode: string | undefined) {
  if (nodeCode === 'HPE_HEADER_OVERFLOW') {
    return {
      status: 431,
      reason: 'Request Header Fields Too Large',
      code: 'headers_too_large',
      message: 'The headers are larger than this gateway takes.',
    };
  }
  if (nodeCode === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return {
      status: 408,
      reason: 'Request Timeout',
      code: 'request_timeout',
      message: 'The request did not arrive in time.',
    };
  }
  return {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_request',
    message: 'This is not an HTTP request that can be understood.',
  };
}
