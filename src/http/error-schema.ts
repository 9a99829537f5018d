import { z } from 'zod';

/** OpenAI's shape, for everything that goes wrong. */
export const errorSchema = z
  .object({
    error: z.object({
      message: z.string().meta({ description: 'What is wrong, and what to do about it' }),
      type: z.string().meta({ example: 'invalid_request_error' }),
      param: z.string().nullable().meta({ description: 'The path of the value that is wrong, where one is' }),
      code: z.string().meta({ example: 'unknown_option' }),
    }),
  })
  .meta({ id: 'Error' });
