import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Operation } from '../../gateway/request/operation.ts';
import type { SpeechBody } from '../../gateway/request/operations/speech.ts';
import type { TranscriptionBody } from '../../gateway/request/operations/transcription.ts';
import { json, type OperationDoc } from '../operation-doc.ts';
import { answerHeadersSchema } from './chat-answer-schema.ts';
import { clientLineOf } from './client-line.ts';
import { type InferenceDeps, jobOf, registerInference } from './inference.ts';
import { presentForm } from './read-form.ts';
import { sendResult } from './send-result.ts';
import { checkSpeechBody, speechSchema } from './speech-schema.ts';
import { checkTranscriptionForm, transcriptionFormSchema, transcriptSchema } from './transcription-schema.ts';

/** As at OpenAI. */
const MAX_FILE_BYTES = 25 * 1024 * 1024;
const NO_JSON = { bytes: Buffer.alloc(0), members: [] };

const SPEAKING: OperationDoc = {
  tag: 'inference',
  summary: 'Speak a text',
  body: json(speechSchema, { model: 'auto', input: 'Good morning.', voice: 'alloy' }),
  answers: {
    200: {
      description: 'The recording as it comes, or with `stream_format: "sse"` its events',
      headers: answerHeadersSchema,
      content: {
        'audio/mpeg': { schema: z.string().meta({ format: 'binary' }) },
        'text/event-stream': {
          schema: z.string().meta({ example: 'data: {"type":"speech.audio.delta","audio":"…"}\n\n' }),
        },
      },
    },
  },
  errors: [402, 404, 413, 415, 502, 504],
};

/** `POST /v1/audio/speech`, `/v1/audio/transcriptions` and `/v1/audio/translations` */
export function registerAudio(
  app: FastifyInstance,
  deps: InferenceDeps,
  operations: {
    readonly speechOf: (body: SpeechBody) => Operation<SpeechBody>;
    readonly transcription: Operation<TranscriptionBody>;
    readonly translation: Operation<TranscriptionBody>;
  },
): void {
  registerInference(app, deps, {
    url: '/v1/audio/speech',
    operation: operations.speechOf,
    checkBody: checkSpeechBody,
    doc: SPEAKING,
  });
  const routes = [
    ['/v1/audio/transcriptions', operations.transcription, 'Write down what is said'],
    ['/v1/audio/translations', operations.translation, 'Write down in English what is said'],
  ] as const;
  for (const [url, operation, summary] of routes) {
    app.post(
      url,
      { config: { access: 'inference', operation: hearing(summary), formFileBytes: MAX_FILE_BYTES } },
      async (request, reply) => {
        const arrivedMs = deps.monotonicMs();
        const body = checkTranscriptionForm(presentForm(request.body));
        const job = jobOf(request, operation, NO_JSON, body, arrivedMs);
        const client = clientLineOf(reply, deps.clientMs);
        await sendResult(reply, job, deps.runJob(job, client), deps.clientMs);
      },
    );
  }
}

function hearing(summary: string): OperationDoc {
  return {
    tag: 'inference',
    summary,
    body: {
      'multipart/form-data': {
        schema: transcriptionFormSchema,
        example: { file: 'morning.mp3', model: 'auto' },
      },
    },
    answers: {
      200: {
        description: 'The text, in the format that was asked for, or with `stream` its events',
        headers: answerHeadersSchema,
        content: {
          ...json(transcriptSchema),
          'text/plain': { schema: z.string() },
          'text/event-stream': {
            schema: z.string().meta({ example: 'data: {"type":"transcript.text.delta","delta":"Good"}\n\n' }),
          },
        },
      },
    },
    errors: [402, 404, 408, 413, 415, 502, 504],
  };
}
