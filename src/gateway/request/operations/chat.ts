import { expectationOf } from '../../../core/reward/answer-expectation.ts';
import { checkAnswer } from '../../../core/reward/check-answer.ts';
import { profileRequest } from '../../../core/task/profile-request.ts';
import { cannotCarry } from '../../../core/wire/cannot-carry.ts';
import { tokensShown, usageWithCost, withAdditions } from '../answer-body.ts';
import { brokenEvent } from '../broken-event.ts';
import type { ChatBody, Job, TokensBody } from '../job.ts';
import { meterTokens } from '../meter-tokens.ts';
import type { EndedStream, Operation } from '../operation.ts';
import { upstreamBody } from '../upstream-body.ts';

/** `POST /v1/chat/completions` */
export const CHAT: Operation<ChatBody> = {
  name: 'chat',
  type: 'chat',
  upstreamPath: '/chat/completions',
  isConversation: true,
  isPinned: false,
  profile: (job) => profileRequest(job.body, job.taskHint),
  isStream: ({ body }) => body.stream === true,
  encode: upstreamBody,
  answerForm: () => 'chat',
  cannotCarry: ({ body }, tongue) => cannotCarry(body, tongue),
  keepsWholeText: ({ body, judgedWith }) =>
    body.response_format != null || body.tools != null || judgedWith > 0,
  clearsUsage: wantsOneUsage,
  check: ({ body }, { facts }) => checkAnswer(expectationOf(body), facts),
  meter: meterTokens,
  answerBody: (answer, end, said, additions) =>
    withAdditions(answer.body, answer.json ?? {}, tokensShown(end, said), additions),
  lastEvents: (ended) => lastChunk(ended, 'chat.completion.chunk', 'chatcmpl'),
  brokenEvents: brokenEvent,
};

/** `POST /v1/responses`, by way of chat. */
export const RESPONSES: Operation<ChatBody> = { ...CHAT, name: 'responses' };

/** `POST /v1/messages`, by way of chat. */
export const MESSAGES: Operation<ChatBody> = { ...CHAT, name: 'messages' };

/** vLLM's `continuous_usage_stats` asks for it in every chunk, too. */
export function wantsOneUsage({ body: { stream_options } }: Job<TokensBody>): boolean {
  return stream_options?.include_usage === true && stream_options.continuous_usage_stats !== true;
}

/** The chunk with usage and metadata, where its client wants either, and the end. */
export function lastChunk(
  { job, candidate, end, progress, costMicroUsd, metadata }: EndedStream<TokensBody>,
  object: string,
  idPrefix: string,
): string {
  const wantsUsage = job.body.stream_options?.include_usage === true;
  if (!wantsUsage && !metadata) return 'data: [DONE]\n\n';
  const { id, created, model } = progress.lastChunk ?? {};
  const chunk = {
    id: id ?? `${idPrefix}-${job.requestId}`,
    object,
    created: created ?? Math.floor(end.endedAtMs / 1000),
    model: model === candidate.endpoint.upstreamModel ? candidate.model.id : (model ?? candidate.model.id),
    choices: [],
    ...(wantsUsage ? { usage: usageWithCost(tokensShown(end, progress.usage), costMicroUsd) } : {}),
    ...(metadata ? { router_metadata: metadata } : {}),
  };
  return `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`;
}
