import type { ModelType } from './model.ts';

/** What a client can ask for: one name for each endpoint of the API that a model answers. Stored with each request. */
export const OPERATION_NAMES = [
  'chat',
  'responses',
  'messages',
  'completions',
  'embeddings',
  'images',
  'transcription',
  'translation',
  'speech',
  'rerank',
  'moderation',
  'realtime',
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

/** Where each type of model is asked, for whoever named one at the wrong place. */
export const TYPE_TO_ROUTE: Readonly<Record<ModelType, string>> = {
  chat: 'POST /v1/chat/completions',
  completion: 'POST /v1/completions',
  embedding: 'POST /v1/embeddings',
  image: 'POST /v1/images/generations',
  transcription: 'POST /v1/audio/transcriptions',
  speech: 'POST /v1/audio/speech',
  rerank: 'POST /v1/rerank',
  moderation: 'POST /v1/moderations',
  realtime: 'GET /v1/realtime',
};
