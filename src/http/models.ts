import type { FastifyInstance } from 'fastify';

/** `GET /v1/models` and `GET /v1/models/{id}`; ids may hold slashes. */
export function registerModels(
  app: FastifyInstance,
  deps: {
    listModels: (allowedModels: ReadonlySet<string> | undefined) => object;
    describeModel: (id: string, allowedModels: ReadonlySet<string> | undefined) => object;
  },
  options: { isPublic: boolean },
): void {
  const config = { access: options.isPublic ? 'open' : 'inference' } as const;
  app.get('/v1/models', { config }, async (request) => deps.listModels(request.caller?.allowedModels));
  app.get<{ Params: { '*': string } }>('/v1/models/*', { config }, async (request) =>
    deps.describeModel(request.params['*'], request.caller?.allowedModels),
  );
}
