import { z } from 'zod';
import { badRequest } from '../../core/outcome/gateway-error.ts';
import type { TranscriptionBody } from '../../gateway/request/operations/transcription.ts';
import { explain } from './chat-schema.ts';
import type { FormUpload } from './read-form.ts';
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
  model: z.string().meta({
    examples: ['auto'],
    description: 'Before the file, so that a large one goes up as it comes',
  }),
  response_format: z.enum(FORMATS).optional(),
  stream: z.boolean().optional(),
  route: z.string().optional().meta({ description: 'Routing wishes as JSON' }),
});

export const transcriptSchema = z
  .looseObject({ text: z.string(), usage: z.looseObject({}).optional() })
  .meta({ id: 'Transcript' });

/**
 * What comes behind a file that is on its way already is read as it comes; what would have decided where it goes is too late then.
 *
 * @throws GatewayError 400
 */
export function checkTranscriptionForm(upload: FormUpload): TranscriptionBody {
  const { form } = upload;
  if (form.file.field !== 'file') {
    throw badRequest("The recording has to be in the field 'file'.", 'file', 'invalid_form');
  }
  if (form.file.bytes === 0) throw badRequest('The file is empty.', 'file', 'invalid_form');
  const given: Record<string, unknown> = {};
  const take = ({ name, value }: { readonly name: string; readonly value: string }) => {
    if (Object.hasOwn(given, name) && !name.endsWith('[]')) {
      throw badRequest(`The field '${name.slice(0, 64)}' stands twice in the form.`, name.slice(0, 64));
    }
    given[name] = value;
  };
  for (const field of form.fields) take(field);
  if (typeof given.route === 'string') given.route = routeOf(given.route);
  const read = fieldsSchema.safeParse(given);
  if (!read.success) throw explain(read.error);
  const { model, response_format, stream, route } = read.data;
  const body: TranscriptionBody = {
    model,
    response_format,
    stream: stream === 'true',
    isStreamedLate: false,
    route,
    form,
  };
  upload.onLateField = (field) => {
    take(field);
    if (field.name === 'route') {
      throw badRequest(
        "'route' has to stand before the file where 'model' does: the file is on its way already. Or put both behind it.",
        'route',
      );
    }
    const late = fieldsSchema.safeParse({ model, [field.name]: field.value });
    if (!late.success) throw explain(late.error);
    if (late.data.stream === 'true') body.isStreamedLate = true;
    body.response_format ??= late.data.response_format;
  };
  return body;
}

function routeOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("'route' has to be JSON in a form.", 'route');
  }
}
