import { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import type { AudioForm } from '../../gateway/request/operations/transcription.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A route that takes a form with one file, of at most so many bytes. */
    formFileBytes?: number;
  }
}

const MAX_FIELDS = 64;
const MAX_FIELD_BYTES = 256 * 1024;
/** What stands around the file: fields and headers of parts. */
const MAX_OTHER_BYTES = 2 * 1024 * 1024;
/** A file that is too large is read on so far and thrown away: a client that still sends would not see the answer. */
const MAX_WASTED_BYTES = 64 * 1024 * 1024;
/** All files together that wait for their answers: they are in memory until then. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;

/** A form with one file, apart from bodies that are JSON. */
export class FormUpload {
  readonly form: AudioForm;

  constructor(form: AudioForm) {
    this.form = form;
  }
}

/** Forms, where a route takes any; elsewhere they are a 415 like all that is no JSON. */
export function registerForms(app: FastifyInstance, maxHeldBytes = MAX_HELD_BYTES): void {
  let heldBytes = 0;
  const requestToHeld = new WeakMap<FastifyRequest, { bytes: number; isOver: boolean }>();
  const hold = (request: FastifyRequest, bytes: number): boolean => {
    const held = requestToHeld.get(request);
    if (held === undefined || held.isOver || heldBytes + bytes > maxHeldBytes) return false;
    heldBytes += bytes;
    held.bytes += bytes;
    return true;
  };
  const releaseInTheEnd: onRequestHookHandler = (request, reply, done) => {
    const held = { bytes: 0, isOver: reply.raw.destroyed };
    requestToHeld.set(request, held);
    // The one event that comes however a request ends: `onResponse` does not when its client is gone.
    reply.raw.once('close', () => {
      held.isOver = true;
      heldBytes -= held.bytes;
      held.bytes = 0;
    });
    done();
  };
  app.addHook('onRoute', (route) => {
    if (route.config?.formFileBytes === undefined) return;
    route.onRequest = [...[route.onRequest ?? []].flat(), releaseInTheEnd];
  });
  app.addContentTypeParser('multipart/form-data', (request, payload, done) => {
    const { formFileBytes } = request.routeOptions.config;
    if (formFileBytes === undefined) {
      wasteForm(payload, () => done(notHere()));
      return;
    }
    readForm(request, payload, formFileBytes, (bytes) => hold(request, bytes)).then(
      (form) => done(null, new FormUpload(form)),
      (error: Error) => done(error),
    );
  });
}

/** Reads a form that nobody wants to its end, within bounds: a client that still sends would see no answer, but a broken pipe. */
function wasteForm(payload: NodeJS.ReadableStream, done: () => void): void {
  let bytes = 0;
  let isOver = false;
  const finish = () => {
    if (!isOver) done();
    isOver = true;
  };
  payload.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MAX_WASTED_BYTES) finish();
  });
  payload.on('end', finish);
  payload.on('error', finish);
}

/** @throws GatewayError 400 malformed, 413 too large, 503 when there is no room for it */
function readForm(
  { headers }: FastifyRequest,
  payload: NodeJS.ReadableStream,
  maxFileBytes: number,
  hold: (bytes: number) => boolean,
): Promise<AudioForm> {
  return new Promise((resolve, reject) => {
    const boundary = /boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(headers['content-type'] ?? '');
    const mark = boundary?.[1] ?? boundary?.[2];
    if (mark === undefined) {
      reject(malformed('it names no boundary'));
      return;
    }
    const source = payload instanceof Readable ? payload : Readable.from(payload);
    if (Number(headers['content-length'] ?? 0) > maxFileBytes + MAX_WASTED_BYTES) {
      reject(tooLarge(maxFileBytes));
      return;
    }
    const fields: { name: string; value: string }[] = [];
    let file: { field: string; name: string; contentType: string } | undefined;
    const pieces: Buffer[] = [];
    let fileBytes = 0;
    let totalBytes = 0;
    let flaw: GatewayError | undefined;
    let isOver = false;
    const busboy = new Busboy({
      headers: { 'content-type': `multipart/form-data; boundary=${mark}` },
      limits: {
        fieldSize: MAX_FIELD_BYTES,
        fields: MAX_FIELDS,
        parts: MAX_FIELDS + 2,
        headerPairs: 32,
        headerSize: 8192,
      },
    });

    const finish = (error: GatewayError | undefined) => {
      if (isOver) return;
      isOver = true;
      source.unpipe(busboy);
      // The rest is of no use to anybody, but it has to come in before an answer is read.
      source.resume();
      if (error !== undefined) reject(error);
      else if (file === undefined) reject(malformed('it has no file'));
      else resolve({ boundary: mark, fields, file: { ...file, pieces, bytes: fileBytes } });
    };
    const spoil = (error: GatewayError) => {
      flaw ??= error;
      pieces.length = 0;
    };

    busboy.on('file', (field, stream, filename, _encoding, contentType) => {
      if (file !== undefined) spoil(malformed('it has more than one file'));
      file = { field, name: filename ?? 'audio', contentType: typeOf(contentType) };
      stream.on('data', (piece: Buffer) => {
        fileBytes += piece.length;
        if (fileBytes > maxFileBytes) spoil(tooLarge(maxFileBytes));
        if (flaw !== undefined) return;
        if (hold(piece.length)) pieces.push(piece);
        else spoil(noRoom());
      });
      stream.on('error', (error: Error) => finish(malformed('it breaks off', error)));
    });
    busboy.on('field', (name, value, isNameCut, isValueCut) => {
      if (isNameCut || isValueCut) spoil(malformed(`a field is larger than ${MAX_FIELD_BYTES} bytes`));
      fields.push({ name, value });
    });
    for (const limit of ['fieldsLimit', 'partsLimit'] as const) {
      busboy.on(limit, () => spoil(malformed(`it has more than ${MAX_FIELDS} fields`)));
    }
    busboy.on('error', (error: unknown) => finish(flaw ?? malformed('it breaks off or is no form', error)));
    busboy.on('finish', () => finish(flaw));
    source.on('data', (piece: Buffer) => {
      totalBytes += piece.length;
      if (totalBytes - fileBytes > MAX_OTHER_BYTES) {
        spoil(malformed(`there are more than ${MAX_OTHER_BYTES} bytes beside the file`));
      }
      if (totalBytes > maxFileBytes + MAX_WASTED_BYTES) finish(flaw ?? tooLarge(maxFileBytes));
    });
    source.on('error', (error: unknown) => finish(malformed('it breaks off', error)));
    source.pipe(busboy);
  });
}

/** A header's value, whatever a client wrote there. */
function typeOf(contentType: string | undefined): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(contentType ?? '') ? String(contentType) : 'application/octet-stream';
}

function malformed(what: string, cause?: unknown): GatewayError {
  return new GatewayError({
    status: 400,
    code: 'invalid_form',
    message: `The body is no form that can be read: ${what}. Send multipart/form-data with a file and the field 'model'.`,
    cause,
  });
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError({
    status: 413,
    code: 'file_too_large',
    param: 'file',
    message: `The file is larger than ${Math.floor(maxBytes / 1024 / 1024)} MB. Cut it, or send it in a format that takes less room.`,
  });
}

function noRoom(): GatewayError {
  return new GatewayError({
    status: 503,
    code: 'uploads_in_use',
    message: 'Too many files are waiting for their answers here. Try again in a moment.',
    retryAfterSeconds: 1,
  });
}

function notHere(): GatewayError {
  return new GatewayError({
    status: 415,
    code: 'unsupported_media_type',
    message: 'Send JSON, with content-type: application/json.',
  });
}

/** The form of a request. @throws GatewayError 400 for a body that is none */
export function presentForm(body: unknown): AudioForm {
  if (body instanceof FormUpload) return body.form;
  throw badRequest(
    "Send multipart/form-data with a file in the field 'file' and the model in 'model'.",
    'file',
    'invalid_form',
  );
}
