import type { OperationName } from '../../../core/catalog/operation.ts';
import { audioSeconds } from '../../../core/money/audio-seconds.ts';
import { readUsage, type Usage } from '../../../core/money/usage.ts';
import type { AnswerFacts } from '../../../core/outcome/answer-facts.ts';
import { PASSED } from '../../../core/reward/check-answer.ts';
import type { OperationTask } from '../../../core/task/operation-task.ts';
import { isObject } from '../../../core/wire/json-value.ts';
import type { EventGrammar, FormBody, ReadAnswer } from '../../../providers/upstream.ts';
import type { Job, RequestBody } from '../job.ts';
import type { MeteredAttempt, Operation } from '../operation.ts';
import { jsonOperation, jsonWithAdditions } from './json-operation.ts';
import { wasServed } from './meter-input.ts';
import { NO_NEEDS } from './no-needs.ts';
import { pricedEvent } from './priced-event.ts';
import { NO_FACTS, readJsonAnswer } from './read-json-answer.ts';

/** A form with one file, as it came: its pieces are held until the request is over, so that another endpoint can take it. */
export interface AudioForm {
  /** Stands nowhere in the parts: its client chose it so. */
  readonly boundary: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly file: {
    readonly field: string;
    readonly name: string;
    readonly contentType: string;
    readonly pieces: readonly Buffer[];
    readonly bytes: number;
  };
}

export interface TranscriptionBody extends RequestBody {
  readonly response_format?: string;
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
      units: audioSeconds(form.file.pieces[0] ?? Buffer.alloc(0), form.file.bytes),
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
    answerBody: (answer, _end, said, additions) =>
      answer.json === undefined ? answer.body : jsonWithAdditions(answer, said, additions),
  });
}

/** What is for this gateway and not for a provider. */
const OURS = new Set(['route', 'session_id', 'conversation_id']);

function encodeForm({ body: { form } }: Job<TranscriptionBody>, upstreamModel: string): FormBody {
  const { boundary, fields, file } = form;
  const theirs = fields.filter(({ name }) => name !== 'model' && !OURS.has(name));
  const lines = [{ name: 'model', value: upstreamModel }, ...theirs].map(
    ({ name, value }) =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
  );
  lines.push(
    `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(file.field)}"; filename="${quoted(file.name)}"\r\ncontent-type: ${file.contentType}\r\n\r\n`,
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    pieces: [Buffer.from(lines.join('')), ...file.pieces, Buffer.from(`\r\n--${boundary}--\r\n`)],
  };
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
    eventsOf({ facts, usage }) {
      const events = [
        { type: 'transcript.text.delta', delta: facts.text },
        // Of seconds these events know nothing.
        {
          type: 'transcript.text.done',
          text: facts.text,
          ...(readUsage(usage) === undefined ? {} : { usage }),
        },
      ];
      return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    },
  };
}

/** By the seconds that the provider says, else by our own guess; tokens besides where it counts them. */
function meterSeconds(attempt: MeteredAttempt<TranscriptionBody>): Usage | undefined {
  if (!wasServed(attempt)) return undefined;
  const { profile, progress, price } = attempt;
  const tokens = readUsage(progress.usage);
  const said = isObject(progress.usage) ? progress.usage.seconds : undefined;
  const seconds = typeof said === 'number' && said >= 0 && said < 1e6 ? said : undefined;
  return {
    inputTokens: tokens?.inputTokens ?? 0,
    outputTokens: tokens?.outputTokens ?? 0,
    cachedInputTokens: tokens?.cachedInputTokens ?? 0,
    units: seconds ?? profile.units,
    isEstimated: price.unitUsd === undefined ? tokens === undefined : seconds === undefined,
  };
}
