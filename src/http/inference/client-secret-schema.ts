import { z } from 'zod';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import { explain } from './chat-schema.ts';

export const clientSecretBodySchema = z
  .strictObject({
    expires_after: z
      .strictObject({
        anchor: z.literal('created_at').optional(),
        seconds: z.int().min(10).max(7200).optional().meta({ description: 'Unless said, 600' }),
      })
      .optional(),
    session: z
      .looseObject({
        type: z.literal('realtime', { error: "must be 'realtime'" }).optional(),
        model: z
          .string()
          .min(1)
          .max(256)
          .optional()
          .meta({
            description: 'The one model that it opens sessions with; `auto` for all that its key may use',
            examples: ['auto'],
          }),
      })
      .optional(),
  })
  .meta({ id: 'ClientSecretWishes' });

export const clientSecretSchema = z
  .object({
    value: z.string().meta({ description: 'The secret, for the subprotocol or the header `Authorization`' }),
    expires_at: z.int().meta({ description: 'Epoch seconds: sessions that are open by then go on' }),
    session: z.object({
      type: z.literal('realtime'),
      object: z.literal('realtime.session'),
      id: z.string(),
      model: z.string(),
      expires_at: z.int(),
    }),
  })
  .meta({ id: 'ClientSecret' });

const SESSION_MEMBERS = new Set(['type', 'model']);

/** @throws GatewayError 400 also for what a session is to begin with: nothing of a secret is kept here */
export function checkClientSecretBody(json: Readonly<Record<string, unknown>>): {
  readonly model: string | undefined;
  readonly seconds: number | undefined;
} {
  const read = clientSecretBodySchema.safeParse(json);
  if (!read.success) throw explain(read.error);
  const { session = {}, expires_after: expiry = {} } = read.data;
  for (const name of Object.keys(session)) {
    if (SESSION_MEMBERS.has(name)) continue;
    throw badRequest(
      `session.${name.slice(0, 64)}: a client secret holds a model and a time here, and nothing that a session begins with. Send it as 'session.update' when the session is open.`,
      `session.${name.slice(0, 64)}`,
      'unsupported_parameter',
    );
  }
  return { model: session.model, seconds: expiry.seconds };
}
