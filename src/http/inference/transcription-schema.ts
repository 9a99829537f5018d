import { z } from 'zod';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { AudioForm, TranscriptionBody } from '../../gateway/request/operations/transcription.ts';
import { explain } from './chat-schema.ts';
import { routeSchema } from './wishes-schema.ts';

const FORMATS = ['json', 'text', 'srt', 'verbose_json', 'vtt', 'diarized_json'] as const;

/** The fields of the form that are read here; whatever else it holds passes through. */
const fieldsSchema = z.looseObject({
  model: z.string({ error: 'is missing' }).min(1).max(256),
  response_format: z.enum(FORMATS).optional(),
  stream: z.enum(['true', 'false']).optional(),
  temperature: z.coerce.number().min(0).max(2).optional(),
  route: routeSchema.optional(),
});

/** As it goes over the wire, for the document of the API. */
export const transcriptionFormSchema = z.looseObject({
  file: z.string().meta({ format: 'binary', description: 'The recording, of at most 25 MB' }),
  model: z.string().meta({ examples: ['auto'] }),
  response_format: z.enum(FORMATS).optional(),
  stream: z.boolean().optional(),
  route: z.string().optional().meta({ description: 'Routing wishes as JSON' }),
});

export const transcriptSchema = z
  .looseObject({ text: z.string(), usage: z.looseObject({}).optional() })
  .meta({ id: 'Transcript' });

/** @throws GatewayError 400 */
export function checkTranscriptionForm(form: AudioForm): TranscriptionBody {
  if (form.file.field !== 'file') {
    throw badRequest("The recording has to be in the field 'file'.", 'file', 'invalid_form');
  }
  if (form.file.bytes === 0) throw badRequest('The file is empty.', 'file', 'invalid_form');
  const given: Record<string, unknown> = {};
  for (const { name, value } of form.fields) {
    if (Object.hasOwn(given, name) && !name.endsWith('[]')) {
      throw badRequest(`The field '${name.slice(0, 64)}' stands twice in the form.`, name.slice(0, 64));
    }
    given[name] = value;
  }
  if (typeof given.route === 'string') given.route = routeOf(given.route);
  const read = fieldsSchema.safeParse(given);
  if (!read.success) throw explain(read.error);
  const { model, response_format, stream, route } = read.data;
  return { model, response_format, stream: stream === 'true', route, form };
}

function routeOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("'route' has to be JSON in a form.", 'route');
  }
}
