import { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { badRequest, type GatewayError } from '../../core/outcome/gateway-error.ts';
import type { AudioForm } from '../../gateway/request/operations/transcription.ts';
import { ArrivingFile } from './arriving-file.ts';
import { malformed, noRoom, notHere, tooLarge, wrongField } from './form-errors.ts';
import { MEMORY_BYTES } from './kept-bytes.ts';
import { type RoomSettings, UploadRoom } from './upload-room.ts';

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
/** What has come and is not told apart yet, as somebody is slow to take it. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** A file that is too large is read on so far and thrown away: a client that still sends would not see the answer. */
const MAX_WASTED_BYTES = 64 * 1024 * 1024;

/** A form with one file, apart from bodies that are JSON. */
export class FormUpload {
  readonly form: AudioForm;
  /**
   * Told of each field that comes behind a file that was handed on. Set by the route before it gives up its turn: what it throws
   * spoils the file.
   */
  onLateField: ((field: FormField) => void) | undefined;

  constructor(form: AudioForm) {
    this.form = form;
  }
}

type FormField = AudioForm['fields'][number];

/** Of one request, until it is over. */
interface Lease {
  isOver: boolean;
  file: ArrivingFile | undefined;
}

/** Forms, where a route takes any; elsewhere they are a 415 like all that is no JSON. */
export function registerForms(app: FastifyInstance, settings: RoomSettings): void {
  const room = new UploadRoom(settings);
  const requestToLease = new WeakMap<FastifyRequest, Lease>();
  const releaseInTheEnd: onRequestHookHandler = (request, reply, done) => {
    const lease: Lease = { isOver: reply.raw.destroyed, file: undefined };
    requestToLease.set(request, lease);
    // The one event that comes however a request ends: `onResponse` does not when its client is gone.
    reply.raw.once('close', () => {
      lease.isOver = true;
      lease.file?.discard();
    });
    done();
  };
  app.addHook('onRoute', (route) => {
    if (route.config?.formFileBytes === undefined) return;
    route.onRequest = [...[route.onRequest ?? []].flat(), releaseInTheEnd];
  });
  app.addContentTypeParser('multipart/form-data', (request, payload, done) => {
    const { formFileBytes } = request.routeOptions.config;
    const lease = requestToLease.get(request);
    if (formFileBytes === undefined || lease === undefined) {
      wasteForm(payload, () => done(notHere()));
      return;
    }
    readForm(request, payload, formFileBytes, room, lease).then(
      (upload) => done(null, upload),
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

/**
 * Resolves when the form is whole; or, where the field `model` stands before the file, as soon as more of the file has come
 * than is kept in memory: the rest is handed on while it arrives.
 *
 * @throws GatewayError 400 malformed, 413 too large, 503 when there is no room for it
 */
function readForm(
  { headers, raw }: FastifyRequest,
  payload: NodeJS.ReadableStream,
  maxFileBytes: number,
  room: UploadRoom,
  lease: Lease,
): Promise<FormUpload> {
  return new Promise((resolve, reject) => {
    const boundary = /boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(headers['content-type'] ?? '');
    const mark = boundary?.[1] ?? boundary?.[2];
    if (mark === undefined) {
      reject(malformed('it names no boundary'));
      return;
    }
    const source = payload instanceof Readable ? payload : Readable.from(payload);
    const announcedBytes = Number(headers['content-length'] ?? Number.NaN);
    if (announcedBytes > maxFileBytes + MAX_WASTED_BYTES) {
      reject(tooLarge(maxFileBytes));
      return;
    }
    const expectedBytes = Math.min(maxFileBytes, announcedBytes || maxFileBytes);
    const fields: FormField[] = [];
    let file: ArrivingFile | undefined;
    let upload: FormUpload | undefined;
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
      if (error !== undefined) {
        file?.spoil(error);
        reject(error);
        return;
      }
      if (file === undefined) {
        reject(malformed('it has no file'));
        return;
      }
      file.complete();
      resolve(upload ?? new FormUpload({ boundary: mark, fields, file }));
    };
    const spoil = (error: GatewayError) => {
      flaw ??= error;
      // Whoever sends it up is told at once; an answer to one that nobody has heard of waits until its client has sent it all.
      if (upload !== undefined) file?.spoil(flaw);
      else file?.discard();
    };
    const handOn = () => {
      if (file === undefined || flaw !== undefined || !fields.some(({ name }) => name === 'model')) return;
      upload = new FormUpload({ boundary: mark, fields, file });
      file.handOn();
      resolve(upload);
    };

    busboy.on('file', (field, stream, filename, _encoding, contentType) => {
      stream.on('error', (error: Error) => finish(malformed('it breaks off', error)));
      if (file !== undefined) {
        spoil(malformed('it has more than one file'));
        stream.resume();
        return;
      }
      const own = new ArrivingFile(
        { field, name: filename ?? 'audio', contentType: typeOf(contentType), expectedBytes },
        room,
        stream,
        (cause) => spoil(noRoom(cause)),
      );
      file = own;
      lease.file = own;
      if (lease.isOver || flaw !== undefined) own.discard();
      stream.on('data', (piece: Buffer) => {
        own.push(piece);
        if (own.arrivedBytes > maxFileBytes) spoil(tooLarge(maxFileBytes));
        else if (upload === undefined && own.arrivedBytes > MEMORY_BYTES) handOn();
      });
    });
    busboy.on('field', (name, value, isNameCut, isValueCut) => {
      // Busboy's types know no part without a name; clients do.
      if (!name) {
        spoil(malformed('a field has no name'));
        return;
      }
      if (isNameCut || isValueCut) spoil(malformed(`a field is larger than ${MAX_FIELD_BYTES} bytes`));
      try {
        upload?.onLateField?.({ name, value });
      } catch (error) {
        spoil(wrongField(error));
      }
      fields.push({ name, value });
    });
    for (const limit of ['fieldsLimit', 'partsLimit'] as const) {
      busboy.on(limit, () => spoil(malformed(`it has more than ${MAX_FIELDS} fields`)));
    }
    busboy.on('error', (error: unknown) => finish(flaw ?? malformed('it breaks off or is no form', error)));
    busboy.on('finish', () => finish(flaw));
    let totalBytes = 0;
    source.on('data', (piece: Buffer) => {
      totalBytes += piece.length;
      if (totalBytes - (file?.arrivedBytes ?? 0) > MAX_OTHER_BYTES + MAX_UNREAD_BYTES) {
        spoil(malformed(`there are more than ${MAX_OTHER_BYTES} bytes beside the file`));
      }
      if (totalBytes <= maxFileBytes + MAX_WASTED_BYTES) return;
      finish(flaw ?? tooLarge(maxFileBytes));
      // It has been answered, or will be in a moment; there is no end to what it sends.
      if (upload !== undefined) raw.destroy();
    });
    source.on('error', (error: unknown) => {
      if (upload === undefined) finish(malformed('it breaks off', error));
      // The client has left: its reply is closed, which ends everything.
      else raw.destroy();
    });
    source.pipe(busboy);
  });
}

/** A header's value, whatever a client wrote there. */
function typeOf(contentType: string | undefined): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(contentType ?? '') ? String(contentType) : 'application/octet-stream';
}

/** The form of a request. @throws GatewayError 400 for a body that is none */
export function presentForm(body: unknown): FormUpload {
  if (body instanceof FormUpload) return body;
  throw badRequest(
    "Send multipart/form-data with a file in the field 'file' and the model in 'model'.",
    'file',
    'invalid_form',
  );
}
