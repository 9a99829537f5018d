import type { FastifyInstance, RouteOptions } from 'fastify';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { errorSchema } from './error-schema.ts';
import { type Content, ERRORS, json, type OperationDoc, TAGS } from './operation-doc.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Several where the end of a path that holds slashes says which. */
    operation?: OperationDoc | readonly OperationDoc[];
  }
}

interface DocumentedRoute {
  readonly method: string;
  readonly url: string;
  readonly access: string;
  readonly operation: OperationDoc;
  readonly hasEtag: boolean;
}

/**
 * `GET /openapi.json`: the whole surface in OpenAPI 3.1, made of the schemas that requests are checked by. Has to be
 * registered before the routes that it is to tell of.
 */
export function registerOpenApi(app: FastifyInstance, version: string): void {
  const routes: DocumentedRoute[] = [];
  app.addHook('onRoute', ({ method, url, config }: RouteOptions) => {
    const { operation, access = 'admin', hasEtag = false } = config ?? {};
    if (operation === undefined) return;
    for (const one of Array.isArray(method) ? method : [method]) {
      if (one === 'HEAD') continue;
      for (const each of [operation].flat() as readonly OperationDoc[]) {
        routes.push({ method: one.toLowerCase(), url, access, operation: each, hasEtag });
      }
    }
  });
  let text: string | undefined;
  app.get('/openapi.json', { config: { access: 'open' } }, async (_request, reply) => {
    text ??= JSON.stringify(documentOf(routes, version));
    return reply.type('application/json').send(text);
  });
}

function documentOf(routes: readonly DocumentedRoute[], version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = route.operation.path ?? route.url.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operationOf(route, path) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Outrider',
      version,
      description:
        'A router for LLMs that learns from your own outcomes which model to use. Speaks the API of OpenAI.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'This gateway' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'Made by `outrider keys create`' },
      },
    },
    paths,
  });
}

const REVALIDATING = z.object({
  'if-none-match': z
    .string()
    .optional()
    .meta({ description: '`ETag` of an answer that is there already; then a 304 if it still holds' }),
});

function operationOf(
  { method, access, operation, hasEtag }: DocumentedRoute,
  path: string,
): ZodOpenApiOperationObject {
  const { pathParameters, query, body } = operation;
  const headers = operation.headers ?? (hasEtag ? REVALIDATING : undefined);
  const errors = [
    ...(access === 'open' ? [] : ([400, 401, 403, 429, 503] as const)),
    ...(operation.errors ?? []),
  ];
  const responses: ZodOpenApiOperationObject['responses'] = {};
  for (const [status, answer] of Object.entries(operation.answers)) {
    responses[status as `${200}`] = {
      description: answer.description,
      ...(answer.content ? { content: contentOf(answer.content) } : {}),
      ...(answer.headers ? { headers: answer.headers } : {}),
    };
  }
  if (hasEtag) responses['304'] = { description: 'The same as the one of that `ETag`: without a body' };
  for (const status of [...new Set(errors)].sort()) {
    responses[`${status}`] = {
      description: ERRORS[status],
      content: contentOf(operation.errorContent ?? json(errorSchema)),
    };
  }
  const needs = access === 'open' ? 'Needs no key.' : `Needs a key of the scope \`${access}\`.`;
  return {
    operationId: operationIdOf(method, path),
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description === undefined ? needs : `${operation.description}\n\n${needs}`,
    ...(access === 'open' ? { security: [] } : { security: [{ key: [] }] }),
    ...(pathParameters || query || headers
      ? {
          requestParams: {
            ...(pathParameters && { path: pathParameters }),
            ...(query && { query }),
            ...(headers && { header: headers }),
          },
        }
      : {}),
    ...(body
      ? { requestBody: { required: operation.isBodyOptional !== true, content: contentOf(body) } }
      : {}),
    responses,
  };
}

function contentOf(content: Content) {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, example }]) => [
      type,
      { schema, ...(example === undefined ? {} : { example }) },
    ]),
  );
}

/** `post /v1/chat/completions` → `post_chat_completions`. */
function operationIdOf(method: string, path: string): string {
  const words = path.replace(/^\/v1\//, '/').match(/[A-Za-z0-9_]+/g) ?? [];
  return [method, ...words].join('_');
}
