import { GatewayError } from '../../core/outcome/gateway-error.ts';

/** Said of another key's request as well: as if it did not exist. */
export function requestNotFound(requestId: string): GatewayError {
  return new GatewayError({
    status: 404,
    code: 'request_not_found',
    param: 'request_id',
    message: `There is no request '${requestId.slice(0, 64)}'. Its id came in the 'x-request-id' header of the answer (of /v1/responses and /v1/messages the answer's own id does as well).`,
  });
}
