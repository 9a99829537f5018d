import { PASSED } from '../../../core/reward/check-answer.ts';
import { scanJson, withMembers } from '../../../core/wire/json-members.ts';
import type { OtherForm, ReadAnswer, UpstreamAnswer } from '../../../providers/upstream.ts';
import { type AnswerAdditions, withAdditions } from '../answer-body.ts';
import { brokenEvent } from '../broken-event.ts';
import type { RequestBody } from '../job.ts';
import type { Operation } from '../operation.ts';
import { strippedMembers } from '../upstream-body.ts';
import { NO_FACTS, readJsonAnswer } from './read-json-answer.ts';

type Own<Body extends RequestBody> = Pick<
  Operation<Body>,
  'name' | 'type' | 'upstreamPath' | 'profile' | 'meter'
> &
  Partial<Operation<Body>> & {
    /** What is wrong with the answer to this job, in words that follow "answered with"; undefined for nothing. */
    readonly flawOf?: (
      json: Readonly<Record<string, unknown>>,
      job: Parameters<Operation<Body>['profile']>[0],
      model: Parameters<Operation<Body>['answerForm']>[1]['model'],
    ) => string | undefined;
  };

/** An operation that takes JSON and answers with JSON of its own shape: what is not said here is as in all of them. */
export function jsonOperation<Body extends RequestBody>({ flawOf, ...own }: Own<Body>): Operation<Body> {
  return {
    isConversation: false,
    isPinned: false,
    isStream: () => false,
    encode: ({ bytes, members }, { endpoint }) =>
      withMembers(bytes, members, {
        ...strippedMembers(endpoint),
        model: JSON.stringify(endpoint.upstreamModel),
      }),
    answerForm: (job, { model }) => wholeJson((json) => flawOf?.(json, job, model)),
    keepsWholeText: () => false,
    clearsUsage: () => false,
    check: () => PASSED,
    answerBody: (answer, _end, said, additions) => jsonWithAdditions(answer, said, additions),
    lastEvents: () => '',
    brokenEvents: brokenEvent,
    ...own,
  };
}

/** The form of an answer that is one JSON object. */
export function wholeJson(
  flawOf: (json: Readonly<Record<string, unknown>>) => string | undefined,
  stream: OtherForm['stream'] = undefined,
): OtherForm {
  return {
    read(body): ReadAnswer | string {
      const json = readJsonAnswer(body);
      if (typeof json === 'string') return json;
      return flawOf(json) ?? { json, usage: json.usage, facts: NO_FACTS };
    },
    stream,
  };
}

/** The cost stands in `usage` where the provider has one: an answer that knows none gets no half of one. */
export function jsonWithAdditions(
  { body, json = {} }: Pick<UpstreamAnswer, 'body' | 'json'>,
  said: unknown,
  additions: AnswerAdditions,
): Buffer {
  if (typeof said === 'object' && said !== null) return withAdditions(body, json, said, additions);
  const { rename, metadata } = additions;
  const changes: Record<string, string | undefined> = {};
  if (rename !== undefined && json.model === rename.from) changes.model = JSON.stringify(rename.to);
  if (metadata) changes.router_metadata = JSON.stringify(metadata);
  return Object.keys(changes).length === 0 ? body : withMembers(body, scanJson(body).members, changes);
}
