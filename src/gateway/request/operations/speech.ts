import type { Usage } from '../../../core/money/usage.ts';
import { readUsage } from '../../../core/money/usage.ts';
import { estimateTextTokens } from '../../../core/task/token-estimate.ts';
import type { EventGrammar, OtherForm } from '../../../providers/upstream.ts';
import { brokenEvent } from '../broken-event.ts';
import type { RequestBody } from '../job.ts';
import type { MeteredAttempt, Operation } from '../operation.ts';
import { jsonOperation } from './json-operation.ts';
import { wasServed } from './meter-input.ts';
import { NO_NEEDS } from './no-needs.ts';
import { pricedEvent } from './priced-event.ts';
import { NO_FACTS } from './read-json-answer.ts';

export interface SpeechBody extends RequestBody {
  readonly input: string;
  readonly stream_format?: string | null;
}

/**
 * `POST /v1/audio/speech`: a file that goes out as it comes, or with `stream_format: "sse"` events with pieces of it. It fails
 * over until its first byte is out; after that a connection that breaks off is all that tells of a failure.
 */
export const SPEECH: Operation<SpeechBody> = jsonOperation<SpeechBody>({
  name: 'speech',
  type: 'speech',
  upstreamPath: '/audio/speech',
  isStream: () => true,
  profile({ body: { input } }) {
    return {
      task: 'speech',
      confidence: 1,
      complexity: 0,
      language: 'und',
      needs: NO_NEEDS,
      inputTokens: estimateTextTokens(input),
      contextTokens: 0,
      choices: 1,
      units: charactersOf(input),
      answerTokens: 0,
    };
  },
  answerForm: ({ body }) => (isEvents(body) ? EVENTS : FILE),
  meter: meterCharacters,
  brokenEvents: () => undefined,
});

/** The same as events: those can say that something went wrong. */
export function speechOperationOf(body: SpeechBody): Operation<SpeechBody> {
  return isEvents(body) ? SPEECH_AS_EVENTS : SPEECH;
}

const SPEECH_AS_EVENTS: Operation<SpeechBody> = {
  ...SPEECH,
  brokenEvents: brokenEvent,
  lastEvents: pricedEvent,
};

function isEvents(body: SpeechBody): boolean {
  return body.stream_format === 'sse';
}

function charactersOf(input: string): number {
  let characters = 0;
  for (const _ of input) characters += 1;
  return characters;
}

const FILE: OtherForm = {
  read: () => 'one body where a file was asked for',
  stream: 'bytes',
  flawOfType(contentType) {
    if (contentType.startsWith('application/json')) return 'JSON where sound was asked for';
    return contentType.startsWith('text/') ? 'text where sound was asked for' : undefined;
  },
};

const GRAMMAR: EventGrammar = {
  read({ type, audio, usage }) {
    if (type === 'error') return { isError: true };
    if (type === 'speech.audio.done') return { isEnd: true, isWithheld: true, usage };
    return { isToken: type === 'speech.audio.delta' && typeof audio === 'string' && audio !== '' };
  },
  facts: () => NO_FACTS,
};
const EVENTS: OtherForm = { read: () => 'one body where events were asked for', stream: GRAMMAR };

/** By the characters that are spoken, which nobody has to tell us; tokens where events say how many. */
function meterCharacters(attempt: MeteredAttempt<SpeechBody>): Usage | undefined {
  const { answer, error, progress, profile, price } = attempt;
  // A file that broke off was spoken as far as it came.
  const hasBegun = error?.ending === 'stream_after_token';
  if (!hasBegun && !wasServed({ answer, error, progress })) return undefined;
  const said = readUsage(progress.usage);
  return {
    inputTokens: said?.inputTokens ?? profile.inputTokens,
    outputTokens: said?.outputTokens ?? 0,
    cachedInputTokens: 0,
    units: profile.units,
    isEstimated: said === undefined && price.unitUsd === undefined,
  };
}
