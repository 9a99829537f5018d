import { z } from 'zod';

export const liveSchema = z.object({ status: z.literal('ok') });

export const notReadySchema = z.object({ status: z.literal('degraded'), reasons: z.array(z.string()) });
