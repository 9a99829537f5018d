import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { badRequest, GatewayError } from '../core/outcome/gateway-error.ts';
import { countPairs, type JsonMember, scanJson } from '../core/wire/json-members.ts';
import { readBytes } from './read-bytes.ts';

/** Deepest nesting taken. Deeper texts parse, and then break whoever serialises them. */
const MAX_DEPTH = 64;

/** A JSON object with its own bytes: `json` to read, `bytes` to pass on. */
export interface JsonBody {
  readonly json: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  readonly members: readonly JsonMember[];
}

/** JSON is the one kind of body taken here; any other is a 415. */
export function registerJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const { headers, method } = request;
    readBytes(payload, request.routeOptions.bodyLimit, headers['content-length'], (failure, bytes) => {
      if (failure !== null) {
        done(failure);
        return;
      }
      // Some clients name a type for the body that a DELETE does not have.
      if (bytes.length === 0 && method === 'DELETE') {
        done(null);
        return;
      }
      try {
        const encoding = headers['content-encoding'] ?? 'identity';
        if (encoding !== 'identity') throw unsupportedEncoding();
        done(null, readJsonObject(bytes));
      } catch (error) {
        done(error as Error);
      }
    });
  });
}

/**
 * The body of a request that cannot do without one: fastify leaves it undefined where no header announced any.
 *
 * @throws GatewayError 400
 */
export function presentBody(body: JsonBody | undefined): JsonBody {
  if (body === undefined) throw emptyBody();
  return body;
}

/**
 * A request body as a JSON object, parsed once.
 *
 * @throws GatewayError 400 when it is empty, not UTF-8, not JSON, not an object, nested too deeply or names a member
 *   twice: with two values for one name, what is checked here and what a provider reads could differ.
 */
function readJsonObject(bytes: Buffer): JsonBody {
  if (bytes.length === 0) throw emptyBody();
  if (!isUtf8(bytes)) throw badRequest('The body is not valid UTF-8.', null, 'invalid_json');
  const scan = scanJson(bytes, MAX_DEPTH);
  if (scan.depth > MAX_DEPTH) {
    throw badRequest(`The body is nested more than ${MAX_DEPTH} levels deep.`, null, 'too_deep');
  }
  const json = parse(bytes);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw badRequest('The body must be a JSON object.', null, 'invalid_json');
  }
  if (scan.pairCount !== countPairs(json)) {
    const seen = new Set<string>();
    const twice = scan.members.find(({ name }) => seen.size === seen.add(name).size)?.name;
    const where = twice === undefined ? 'inside the body' : `'${twice.slice(0, 64)}'`;
    throw badRequest(`A name stands twice in one JSON object: ${where}.`, twice ?? null, 'duplicate_key');
  }
  return { json: json as Record<string, unknown>, bytes, members: scan.members };
}

function emptyBody(): GatewayError {
  return badRequest('The body is empty. Send a JSON object.', null, 'invalid_json');
}

function unsupportedEncoding(): GatewayError {
  return new GatewayError({
    status: 415,
    code: 'unsupported_encoding',
    message: 'Send the body as it is, without a Content-Encoding.',
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    // V8 repeats a piece of the text after the first comma or quote; the place is enough.
    const place = error instanceof Error ? /position \d+/.exec(error.message)?.[0] : undefined;
    throw badRequest(`The body is not valid JSON${place ? ` (at ${place})` : ''}.`, null, 'invalid_json');
  }
}
