import { errorCodes } from 'fastify';
import { GatheredPieces } from './gathered-pieces.ts';

/**
 * A body, whole. As fastify reads one, but for pieces of a few bytes: it keeps each of them, and ten megabytes that come a byte
 * at a time take four gigabytes of memory then.
 *
 * @param announced the header `Content-Length`
 * @param done told once: a copy of the bytes, or why there are none
 */
export function readBytes(
  payload: NodeJS.ReadableStream,
  maxBytes: number,
  announced: string | undefined,
  done: (error: Error | null, bytes: Buffer) => void,
): void {
  const announcedBytes = announced === undefined ? undefined : Number(announced);
  if (announcedBytes !== undefined && announcedBytes > maxBytes) {
    done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE(), NOTHING);
    return;
  }
  const gathered = new GatheredPieces();
  let bytes = 0;
  const finish = (error: Error | null) => {
    payload.off('data', take);
    payload.off('end', end);
    payload.off('error', fail);
    done(error, error === null ? Buffer.concat(gathered.pieces, bytes) : NOTHING);
  };
  const take = (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > maxBytes) finish(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
    else gathered.add(piece);
  };
  const end = () => {
    const isWhole = announcedBytes === undefined || bytes === announcedBytes;
    finish(isWhole ? null : new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
  };
  const fail = (error: Error) => finish(Object.assign(error, { statusCode: 400 }));
  payload.on('data', take);
  payload.on('end', end);
  payload.on('error', fail);
  payload.resume();
}

const NOTHING = Buffer.alloc(0);
