import { endedBy, GatewayError } from '../../core/outcome/gateway-error.ts';

/** What is wrong with a form. Of one that goes up already it is how the attempt ends. */
export function malformed(what: string, cause?: unknown): GatewayError {
  return endedBy(
    'client_fault',
    `The body is no form that can be read: ${what}. Send multipart/form-data with a file and the field 'model'.`,
    { status: 400, code: 'invalid_form', cause },
  );
}

export function tooLarge(maxBytes: number): GatewayError {
  return endedBy(
    'client_fault',
    `The file is larger than ${Math.floor(maxBytes / 1024 / 1024)} MB. Cut it, or send it in a format that takes less room.`,
    { status: 413, code: 'file_too_large', param: 'file' },
  );
}

/** A field behind a file that is on its way, as the end of the attempt that sends it. */
export function wrongField(error: unknown): GatewayError {
  if (!(error instanceof GatewayError)) return malformed('a field cannot be read', error);
  const { status, code, param, message } = error;
  return endedBy('client_fault', message, { status, code, param });
}

export function noRoom(cause?: unknown): GatewayError {
  return new GatewayError({
    status: 503,
    code: 'uploads_in_use',
    message: 'Too many files are waiting for their answers here. Try again in a moment.',
    retryAfterSeconds: 1,
    cause,
  });
}

export function notHere(): GatewayError {
  return new GatewayError({
    status: 415,
    code: 'unsupported_media_type',
    message: 'Send JSON, with content-type: application/json.',
  });
}
