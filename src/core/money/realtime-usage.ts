import type { Price } from '../catalog/model.ts';
import { isObject } from '../wire/json-value.ts';
import { readUsage, type Usage } from './usage.ts';

/** What the responses of one realtime session came to so far. Counts of tokens; audio is part of the sums. */
export interface RealtimeTally {
  responses: number;
  /** Of those, the ones that ended as `completed`. */
  completed: number;
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
  audioInputTokens: number;
  cachedAudioInputTokens: number;
  audioOutputTokens: number;
  /** A response came without a credible count. */
  isEstimated: boolean;
}

export function emptyTally(): RealtimeTally {
  return {
    responses: 0,
    completed: 0,
    inputTokens: 0,
    outputTokens: 0,
    cachedInputTokens: 0,
    audioInputTokens: 0,
    cachedAudioInputTokens: 0,
    audioOutputTokens: 0,
    isEstimated: false,
  };
}

/**
 * Adds the `response` of a `response.done` event.
 *
 * @param seenEvents events with pieces of it: what is charged at least where its `usage` says nothing credible
 */
export function addResponse(
  tally: RealtimeTally,
  response: Readonly<Record<string, unknown>>,
  seenEvents: number,
): void {
  tally.responses += 1;
  if (response.status === 'completed') tally.completed += 1;
  const { usage } = response;
  const counts = readUsage(usage);
  if (counts === undefined || !isObject(usage)) {
    tally.outputTokens += seenEvents;
    tally.isEstimated = true;
    return;
  }
  const { inputTokens, outputTokens } = counts;
  const input = recordOf(usage.input_token_details);
  const cached = countOf(input.cached_tokens, inputTokens);
  const audioInput = countOf(input.audio_tokens, inputTokens);
  tally.inputTokens += inputTokens;
  tally.outputTokens += outputTokens;
  tally.cachedInputTokens += cached;
  tally.audioInputTokens += audioInput;
  tally.cachedAudioInputTokens += countOf(
    recordOf(input.cached_tokens_details).audio_tokens,
    Math.min(cached, audioInput),
  );
  tally.audioOutputTokens += countOf(recordOf(usage.output_token_details).audio_tokens, outputTokens);
}

/**
 * What a session is charged for.
 *
 * @param seenEvents events with pieces of responses that were not finished; they count as one token each
 */
export function usageOfSession(tally: RealtimeTally, seenEvents: number, price: Price): Usage {
  const { audioInputTokens, audioOutputTokens, cachedAudioInputTokens } = tally;
  const hasUnpricedAudio =
    (audioInputTokens > 0 && price.audioInputUsdPerMillion === undefined) ||
    (audioOutputTokens > 0 && price.audioOutputUsdPerMillion === undefined);
  return {
    inputTokens: tally.inputTokens,
    outputTokens: tally.outputTokens + seenEvents,
    cachedInputTokens: tally.cachedInputTokens,
    // Cached sound has the price of cached text: that is how it is sold.
    audioInputTokens: audioInputTokens - cachedAudioInputTokens,
    audioOutputTokens,
    isEstimated: tally.isEstimated || seenEvents > 0 || hasUnpricedAudio,
  };
}

export function isRealtimeTally(value: unknown): value is RealtimeTally {
  return isObject(value) && typeof value.responses === 'number' && typeof value.completed === 'number';
}

function countOf(value: unknown, most: number): number {
  return Number.isInteger(value) && Number(value) > 0 ? Math.min(Number(value), most) : 0;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
