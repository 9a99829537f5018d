import type { FastifyInstance } from 'fastify';
import type { Caller } from '../../gateway/admission/keyring.ts';
import { json } from '../operation-doc.ts';
import type { JsonBody } from '../read-json.ts';
import { checkClientSecretBody, clientSecretBodySchema, clientSecretSchema } from './client-secret-schema.ts';

/** `POST /v1/realtime/client_secrets` */
export function registerClientSecrets(
  app: FastifyInstance,
  createClientSecret: (caller: Caller, wishes: ReturnType<typeof checkClientSecretBody>) => object,
): void {
  app.post<{ Body: JsonBody | undefined }>(
    '/v1/realtime/client_secrets',
    {
      config: {
        access: 'inference',
        // No model works for it; the sessions that it opens count.
        isCounted: false,
        operation: {
          tag: 'inference',
          summary: 'Make a secret for a browser',
          description:
            'For a short time it opens realtime sessions, and nothing else, in the name of the key that asked: what they take counts against the permits, limits and budgets of that key.',
          body: json(clientSecretBodySchema, { session: { type: 'realtime', model: 'auto' } }),
          isBodyOptional: true,
          answers: { 200: { description: 'The secret', content: json(clientSecretSchema) } },
          errors: [404, 413, 415],
        },
      },
    },
    async (request, reply) => {
      const secret = createClientSecret(request.caller, checkClientSecretBody(request.body?.json ?? {}));
      // It opens sessions for whoever has it.
      reply.header('cache-control', 'no-store');
      return secret;
    },
  );
}
