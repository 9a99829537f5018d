import { readUsage, type Usage } from '../../../core/money/usage.ts';
import { estimateTextTokens } from '../../../core/task/token-estimate.ts';
import { isObject } from '../../../core/wire/json-value.ts';
import type { EventGrammar } from '../../../providers/upstream.ts';
import type { RequestBody } from '../job.ts';
import type { MeteredAttempt, Operation } from '../operation.ts';
import { jsonOperation, wholeJson } from './json-operation.ts';
import { wasServed } from './meter-input.ts';
import { NO_NEEDS } from './no-needs.ts';
import { pricedEvent } from './priced-event.ts';
import { NO_FACTS } from './read-json-answer.ts';

export interface ImagesBody extends RequestBody {
  readonly prompt: string;
  readonly n?: number | null;
}

/** `POST /v1/images/generations` */
export const IMAGES: Operation<ImagesBody> = jsonOperation<ImagesBody>({
  name: 'images',
  type: 'image',
  upstreamPath: '/images/generations',
  isStream: ({ body }) => body.stream === true,
  profile({ body: { prompt, n } }) {
    return {
      task: 'image_generation',
      confidence: 1,
      complexity: 0,
      language: 'und',
      needs: NO_NEEDS,
      inputTokens: estimateTextTokens(prompt),
      contextTokens: 0,
      choices: n ?? 1,
      units: n ?? 1,
      isTimedWhole: true,
    };
  },
  answerForm: ({ body }) =>
    wholeJson(({ data }) => flawOfPictures(data, body.n ?? 1), picturesOf(body.n ?? 1)),
  meter: meterPictures,
  lastEvents: pricedEvent,
});

function flawOfPictures(data: unknown, asked: number): string | undefined {
  if (!Array.isArray(data)) return 'no pictures';
  if (data.length !== asked) return `${data.length} pictures where ${asked} were asked for`;
  return data.every(isPicture) ? undefined : 'a picture that is none';
}

function isPicture(item: unknown): boolean {
  if (!isObject(item)) return false;
  return [item.b64_json, item.url].some((value) => typeof value === 'string' && value !== '');
}

/** `image_generation.partial_image`, then `image_generation.completed` for each picture. */
function picturesOf(asked: number): EventGrammar {
  let completed = 0;
  return {
    read({ type, usage, b64_json }) {
      if (type === 'error') return { isError: true };
      if (type !== 'image_generation.completed') return { isToken: typeof b64_json === 'string' };
      completed += 1;
      const isEnd = completed >= asked;
      return { isToken: true, isEnd, isWithheld: isEnd, usage };
    },
    facts: () => NO_FACTS,
  };
}

/** Pictures by their number; tokens besides where the provider counts them, as OpenAI does. */
function meterPictures(attempt: MeteredAttempt<ImagesBody>): Usage | undefined {
  if (!wasServed(attempt)) return undefined;
  const { answer, profile, progress, price } = attempt;
  const said = readUsage(progress.usage);
  const data = answer?.json?.data;
  return {
    inputTokens: said?.inputTokens ?? profile.inputTokens,
    outputTokens: said?.outputTokens ?? 0,
    cachedInputTokens: said?.cachedInputTokens ?? 0,
    units: Array.isArray(data) ? data.length : profile.units,
    isEstimated: said === undefined && (price.unitUsd === undefined || answer === undefined),
  };
}
