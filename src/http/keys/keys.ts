import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { Caller } from '../../gateway/admission/keyring.ts';
import { explain } from '../inference/chat-schema.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { type JsonBody, presentBody } from '../read-json.ts';
import { readQuery } from '../read-query.ts';
import {
  createdKeySchema,
  keyChangesSchema,
  keyListQuerySchema,
  keyListSchema,
  keySchema,
  newKeySchema,
} from './key-schema.ts';

const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;

const pathParameters = z.object({ id: z.string().meta({ description: 'Its id, not the key itself' }) });

const CREATING: OperationDoc = {
  tag: 'keys',
  summary: 'Make a key',
  description:
    'Its text is in this answer and never again. Until the first key exists everybody on this machine may make it; it needs the scope `admin`, and closes the gateway to all who have none.',
  body: json(newKeySchema, { name: 'laptop', scopes: ['inference', 'feedback'], plan: 'pro' }),
  answers: { 200: { description: 'The key, with its text', content: json(createdKeySchema) } },
};
const LISTING: OperationDoc = {
  tag: 'keys',
  summary: 'List the keys',
  description: 'The oldest first, those that are revoked or expired included.',
  query: keyListQuerySchema,
  answers: { 200: { description: 'A page of them', content: json(keyListSchema) } },
};
const SHOWING: OperationDoc = {
  tag: 'keys',
  summary: 'Show a key',
  pathParameters,
  answers: { 200: { description: 'The key', content: json(keySchema) } },
  errors: [404],
};
const CHANGING: OperationDoc = {
  tag: 'keys',
  summary: 'Change a key',
  description:
    'All but its text. What is named changes, and holds within five seconds; null takes a setting away.',
  pathParameters,
  body: json(keyChangesSchema, { plan: 'team', budget_usd_per_month: 100, expires_at: null }),
  answers: { 200: { description: 'The key as it is now', content: json(keySchema) } },
  errors: [404, 409],
};
const REVOKING: OperationDoc = {
  tag: 'keys',
  summary: 'Revoke a key',
  description: 'Within five seconds it opens nothing any more. It stays in the list; this cannot be undone.',
  pathParameters,
  answers: { 200: { description: 'The key as it is now', content: json(keySchema) } },
  errors: [404],
};

/** `POST` and `GET /v1/keys`, `GET`, `PATCH` and `DELETE /v1/keys/{id}` */
export function registerKeys(
  app: FastifyInstance,
  deps: {
    createKey: (caller: Caller, wishes: z.infer<typeof newKeySchema>) => Promise<object>;
    listKeys: (caller: Caller, page: { after: string | undefined; limit: number }) => Promise<object>;
    showKey: (caller: Caller, id: string) => Promise<object>;
    changeKey: (caller: Caller, id: string, wishes: z.infer<typeof keyChangesSchema>) => Promise<object>;
    revokeKey: (caller: Caller, id: string) => Promise<object>;
  },
): void {
  type WithBody = { Body: JsonBody | undefined };
  type WithId = { Params: { id: string } };
  app.post<WithBody>(
    '/v1/keys',
    { config: { access: 'admin', operation: CREATING } },
    async (request, reply) => {
      const read = newKeySchema.safeParse(presentBody(request.body).json);
      if (!read.success) throw explain(read.error, Object.keys(newKeySchema.shape));
      // The one answer that holds a key.
      reply.header('cache-control', 'no-store');
      return deps.createKey(request.caller, read.data);
    },
  );
  app.get('/v1/keys', { config: { access: 'admin', operation: LISTING } }, async (request) => {
    const { limit, after } = readQuery(request.query, ['limit', 'after']);
    return deps.listKeys(request.caller, { after, limit: pageSizeOf(limit) });
  });
  app.get<WithId>('/v1/keys/:id', { config: { access: 'admin', operation: SHOWING } }, async (request) =>
    deps.showKey(request.caller, request.params.id),
  );
  app.patch<WithBody & WithId>(
    '/v1/keys/:id',
    { config: { access: 'admin', operation: CHANGING } },
    async (request) => {
      const read = keyChangesSchema.safeParse(presentBody(request.body).json);
      if (!read.success) throw explain(read.error, Object.keys(keyChangesSchema.shape));
      return deps.changeKey(request.caller, request.params.id, read.data);
    },
  );
  app.delete<WithId>('/v1/keys/:id', { config: { access: 'admin', operation: REVOKING } }, async (request) =>
    deps.revokeKey(request.caller, request.params.id),
  );
}

/** @throws GatewayError 400 */
function pageSizeOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PAGE;
  const size = Number(text);
  if (/^\d+$/.test(text) && size >= 1 && size <= MAX_PAGE) return size;
  throw badRequest(`limit: must be a whole number from 1 to ${MAX_PAGE}.`, 'limit', 'invalid_value');
}
