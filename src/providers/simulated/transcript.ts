import { audioSeconds } from '../../core/money/audio-seconds.ts';
import { ApiError } from './api-error.ts';
import type { SimulatedModelFacts } from './catalog.ts';
import { modelOfType } from './model-of-type.ts';
import { SAID } from './speech.ts';

/** A form as it came over the wire. */
export interface RecordingForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: Buffer | undefined;
}

export interface Transcript {
  readonly model: SimulatedModelFacts;
  /** JSON, or text where that was asked for. */
  readonly body: Readonly<Record<string, unknown>> | string;
  readonly events: readonly string[] | undefined;
}

/** @throws ApiError 400 what is no form */
export async function readForm(contentType: string | undefined, body: Buffer): Promise<RecordingForm> {
  const headers = { 'content-type': contentType ?? '' };
  const data = await new Response(new Uint8Array(body), { headers }).formData().catch(() => {
    throw new ApiError(400, 'The body is no form.');
  });
  const fields: Record<string, string> = {};
  let file: Buffer | undefined;
  for (const [name, value] of data.entries()) {
    if (typeof value === 'string') fields[name] = value;
    else if (name === 'file') file = Buffer.from(await value.arrayBuffer());
  }
  return { fields, file };
}

/** Hears what a simulated voice has said; of other recordings nothing but how long they are. @throws ApiError */
export function hear({ fields, file }: RecordingForm): Transcript {
  const model = modelOfType(fields, 'transcription');
  if (file === undefined || file.length === 0) throw new ApiError(400, "'file' is missing.", 'file');
  const seconds = Math.round(audioSeconds(file, file.length) * 100) / 100;
  const text = heardBy(model, file) ?? `(A simulated transcript of ${seconds} seconds by ${model.id}.)`;
  const usage = { type: 'duration', seconds: Math.ceil(seconds) };
  const events = fields.stream === 'true' ? eventsOf(text, seconds) : undefined;
  return { model, body: bodyOf(fields.response_format ?? 'json', text, seconds, usage), events };
}

function heardBy(model: SimulatedModelFacts, file: Buffer): string | undefined {
  const at = file.indexOf(SAID);
  if (at < 0) return undefined;
  const end = file.indexOf(0, at);
  const said = file.toString('utf8', at + SAID.length, end < 0 ? undefined : end);
  if (model.id === 'sim-ear-large') return said;
  return said
    .split(' ')
    .map((word, index) => (index % 4 === 3 ? 'hm' : word))
    .join(' ');
}

function bodyOf(format: string, text: string, seconds: number, usage: object): Transcript['body'] {
  switch (format) {
    case 'json':
      return { text, usage };
    case 'verbose_json':
      return { task: 'transcribe', language: 'english', duration: seconds, text, segments: [], usage };
    case 'text':
      return `${text}\n`;
    case 'srt':
      return `1\n00:00:00,000 --> ${clock(seconds, ',')}\n${text}\n`;
    case 'vtt':
      return `WEBVTT\n\n00:00:00.000 --> ${clock(seconds, '.')}\n${text}\n`;
    default:
      throw new ApiError(
        400,
        'Simulated ears know json, verbose_json, text, srt and vtt.',
        'response_format',
      );
  }
}

function clock(seconds: number, point: string): string {
  return new Date(Math.min(seconds, 86_399) * 1000).toISOString().slice(11, 23).replace('.', point);
}

/** Streams are of the newer models, which count tokens: ten for a second. */
function eventsOf(text: string, seconds: number): string[] {
  const words = text.match(/\s*\S+/g) ?? [];
  const input = Math.ceil(seconds * 10);
  const usage = {
    type: 'tokens',
    input_tokens: input,
    output_tokens: words.length,
    total_tokens: input + words.length,
  };
  const events = [
    ...words.map((delta) => ({ type: 'transcript.text.delta', delta })),
    { type: 'transcript.text.done', text, usage },
  ];
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
}
