import type { OperationName } from './operation.ts';

/** OpenTelemetry's names of operations where there are any; by metrics and spans alike. */
export const GEN_AI_OPERATION_NAMES: Readonly<Record<OperationName, string>> = {
  chat: 'chat',
  responses: 'chat',
  messages: 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
  images: 'image_generation',
  transcription: 'transcription',
  translation: 'speech_translation',
  speech: 'speech',
  rerank: 'rerank',
  moderation: 'moderation',
  realtime: 'realtime',
};
