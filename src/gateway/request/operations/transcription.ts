import type { OperationName } from '../../../core/catalog/operation.ts';
import { audioSeconds } from '../../../core/money/audio-seconds.ts';
import { readUsage, type Usage } from '../../../core/money/usage.ts';
import type { AnswerFacts } from '../../../core/outcome/answer-facts.ts';
import { PASSED } from '../../../core/reward/check-answer.ts';
import type { OperationTask } from '../../../core/task/operation-task.ts';
import { isObject } from '../../../core/wire/json-value.ts';
import type { EventGrammar, FormBody, ReadAnswer } from '../../../providers/upstream.ts';
import { usageWithCost } from '../answer-body.ts';
import type { Job, RequestBody } from '../job.ts';
import type { MeteredAttempt, Operation } from '../operation.ts';
import { jsonOperation, jsonWithAdditions } from './json-operation.ts';
import { wasServed } from './meter-input.ts';
import { NO_NEEDS } from './no-needs.ts';
import { pricedEvent } from './priced-event.ts';
import { NO_FACTS, readJsonAnswer } from './read-json-answer.ts';

/** A form with one file: whole, or handed on while the last of it still arrives. */
export interface AudioForm {
  /** Stands nowhere in the parts: its client chose it so. */
  readonly boundary: string;
  /** Those that have come by now. */
  readonly fields: readonly FormField[];
  readonly file: AudioFile;
}

interface FormField {
  readonly name: string;
  readonly value: string;
}

export interface AudioFile {
  readonly field: string;
  readonly name: string;
  readonly contentType: string;
  /** At least as much of it as a WAV header has, if it has that much. */
  readonly beginning: Buffer;
  /** Its length; of one that still arrives, the most that it can have. */
  readonly bytes: number;
  /** Whether all of the form has come. */
  readonly isWhole: boolean;
  /** What goes up in one call, from its beginning, with what stands around the file in the form. */
  open(
    around: { readonly before: Buffer; readonly after: () => Buffer },
    watch: Parameters<FormBody['open']>[0],
  ): ReturnType<FormBody['open']>;
  /** The call that opens it next is the last: nobody will read it from its beginning again. */
  keepNoMore(): void;
}

export interface TranscriptionBody extends RequestBody {
  /** May be told behind the file. */
  response_format?: string;
  /** A stream was asked for behind a file that was on its way to the provider: the answer comes whole, and becomes events. */
  isStreamedLate: boolean;
  readonly form: AudioForm;
}

/** `POST /v1/audio/transcriptions` */
export const TRANSCRIPTION = audioOperation('transcription', 'transcription', '/audio/transcriptions');
/** `POST /v1/audio/translations` */
export const TRANSLATION = audioOperation('translation', 'speech_translation', '/audio/translations');

function audioOperation(
  name: OperationName,
  task: OperationTask,
  upstreamPath: string,
): Operation<TranscriptionBody> {
  return jsonOperation<TranscriptionBody>({
    name,
    type: 'transcription',
    upstreamPath,
    isStream: ({ body }) => body.stream === true,
    profile: ({ body: { form } }) => ({
      task,
      confidence: 1,
      complexity: 0,
      language: 'und',
      needs: NO_NEEDS,
      inputTokens: 0,
      contextTokens: 0,
      choices: 1,
      units: secondsOf(form),
      answerTokens: 0,
      isTimedWhole: true,
    }),
    encode: (job, { endpoint }) => encodeForm(job, endpoint.upstreamModel),
    answerForm: ({ body }) => ({
      read: (answer, type) => readTranscript(answer, type, body),
      stream: grammar(),
    }),
    // Silence has no words.
    check: (_job, { facts }) => (facts.text.trim() === '' ? undefined : PASSED),
    meter: meterSeconds,
    lastEvents: pricedEvent,
    answerBody: (answer, _end, said, additions, { body: { isStreamedLate } }) =>
      isStreamedLate
        ? Buffer.from(eventsOf(answer.facts, said && usageWithCost(said, additions.costMicroUsd)))
        : answer.json === undefined
          ? answer.body
          : jsonWithAdditions(answer, said, additions),
    answerType: ({ body }) => (body.isStreamedLate ? 'text/event-stream; charset=utf-8' : undefined),
    onLastAttempt: ({ body }) => body.form.file.keepNoMore(),
  });
}

/** What is for this gateway and not for a provider. */
const OURS = new Set(['route', 'session_id', 'conversation_id']);

/** The fields before the file are those that have come by now, whatever their order was; the others follow it. */
function encodeForm({ body }: Job<TranscriptionBody>, upstreamModel: string): FormBody {
  const { boundary, fields, file } = body.form;
  const count = fields.length;
  const partsOf = (some: readonly FormField[]) =>
    some
      .filter(
        ({ name }) => name !== 'model' && !OURS.has(name) && !(name === 'stream' && body.isStreamedLate),
      )
      .map((field) => partOf(boundary, field))
      .join('');
  const before = Buffer.from(
    `${partOf(boundary, { name: 'model', value: upstreamModel })}${partsOf(fields)}--${boundary}\r\ncontent-disposition: form-data; name="${quoted(file.field)}"; filename="${quoted(file.name)}"\r\ncontent-type: ${file.contentType}\r\n\r\n`,
  );
  const after = () => Buffer.from(`\r\n${partsOf(fields.slice(count))}--${boundary}--\r\n`);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: file.isWhole ? before.length + file.bytes + after().length : undefined,
    open: (watch) => file.open({ before, after }, watch),
  };
}

function partOf(boundary: string, { name, value }: FormField): string {
  return `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`;
}

/** About how long the recording is; while it arrives, at most. */
function secondsOf({ file }: AudioForm): number {
  return audioSeconds(file.beginning, file.bytes);
}

/** As browsers write names in a form (WHATWG HTML, 4.10.21.8). */
function quoted(name: string): string {
  return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}

const TEXT_FORMATS = new Set(['text', 'srt', 'vtt']);

function readTranscript(
  body: Buffer,
  contentType: string,
  { response_format: format = 'json' }: TranscriptionBody,
): ReadAnswer | string {
  if (TEXT_FORMATS.has(format)) {
    if (contentType.startsWith('text/html')) return 'a web page';
    // Some servers answer with JSON whatever is asked for: better than nothing, but not what was asked for.
    if (contentType.startsWith('application/json') && body[0] === 0x7b)
      return 'JSON where text was asked for';
    return { json: undefined, usage: undefined, facts: factsOf(body.toString('utf8')) };
  }
  const json = readJsonAnswer(body);
  if (typeof json === 'string') return json;
  if (typeof json.text !== 'string') return 'no text';
  const { duration, usage } = json;
  return {
    json,
    // Of `verbose_json`; newer models say it in `usage`.
    usage: usage ?? (typeof duration === 'number' ? { type: 'duration', seconds: duration } : undefined),
    facts: factsOf(json.text),
  };
}

function factsOf(text: string): AnswerFacts {
  return { ...NO_FACTS, text };
}

/** `transcript.text.delta`, then `transcript.text.done`. */
function grammar(): EventGrammar {
  let text = '';
  return {
    read({ type, delta, text: whole, usage }) {
      if (type === 'error') return { isError: true };
      if (type === 'transcript.text.done') {
        if (typeof whole === 'string') text = whole;
        return { isEnd: true, isWithheld: true, usage };
      }
      if (typeof delta === 'string') text += delta;
      return { isToken: type === 'transcript.text.delta' || type === 'transcript.text.segment' };
    },
    facts: () => factsOf(text),
    // Older models know no streams, and answer as if none had been asked for.
    eventsOf: ({ facts, usage }) => eventsOf(facts, usage),
  };
}

/** A whole answer as a stream of two events. */
function eventsOf({ text }: AnswerFacts, usage: unknown): string {
  const events = [
    { type: 'transcript.text.delta', delta: text },
    // Of seconds these events know nothing.
    { type: 'transcript.text.done', text, ...(readUsage(usage) === undefined ? {} : { usage }) },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

/** By the seconds that the provider says, else by our own guess; tokens besides where it counts them. */
function meterSeconds(attempt: MeteredAttempt<TranscriptionBody>): Usage | undefined {
  if (!wasServed(attempt)) return undefined;
  const { job, progress, price } = attempt;
  const tokens = readUsage(progress.usage);
  const said = isObject(progress.usage) ? progress.usage.seconds : undefined;
  const seconds = typeof said === 'number' && said >= 0 && said < 1e6 ? said : undefined;
  return {
    inputTokens: tokens?.inputTokens ?? 0,
    outputTokens: tokens?.outputTokens ?? 0,
    cachedInputTokens: tokens?.cachedInputTokens ?? 0,
    // Now that it has come the guess is nearer.
    units: seconds ?? secondsOf(job.body.form),
    isEstimated: price.unitUsd === undefined ? tokens === undefined : seconds === undefined,
  };
}
