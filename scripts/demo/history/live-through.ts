import { setImmediate as nextTurn } from 'node:timers/promises';
import { Client } from 'undici';
import type { Random } from '../../../src/core/learning/random.ts';
import { draw } from '../prompt-bank.ts';
import { type DrawnRequest, drawRequest, goOn, type Turn } from './draw-request.ts';
import type { Arrival } from './plan-arrivals.ts';
import type { Prompts } from './read-prompts.ts';
import type { Team } from './scene.ts';
import { createTimeQueue } from './time-queue.ts';
import type { VirtualClock } from './virtual-clock.ts';

const MINUTE_MS = 60_000;
/** An answer below this has its question asked again now and then, or fails its tests. */
const USEFUL = 0.45;
const ASKED_AGAIN_SHARE = 0.15;
/** People and tests that see it the wrong way round. */
const MISTAKEN_SHARE = 0.06;
/** Turns of the event loop in which what comes behind an answer, such as a judge's call, gets under way. */
const AFTERMATH_TURNS = 3;

/** Something that happens at a time: a request, a verdict, or what an operator does. */
type Event =
  | { readonly kind: 'arrival'; readonly team: Team }
  | { readonly kind: 'request'; readonly team: Team; readonly request: DrawnRequest }
  | { readonly kind: 'feedback'; readonly team: Team; readonly requestId: string; readonly body: object }
  | { readonly kind: 'deed'; readonly run: (client: Client) => Promise<void> };

export interface Lived {
  readonly requests: number;
  readonly failed: number;
  readonly verdicts: number;
}

/**
 * Sends what was planned to the gateway at `url` and says what people and tests make of it, one thing after the other,
 * each at its own time: nothing overlaps, so the clock only ever moves on.
 *
 * @param options.deeds what operators do, and when
 * @param options.isBusy whether a call to a provider is under way
 * @param options.onProgress told after each event
 */
export async function liveThrough(options: {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  readonly deeds: readonly { readonly atMs: number; readonly run: (client: Client) => Promise<void> }[];
  readonly endMs: number;
  readonly keyOf: (team: Team) => string;
  readonly prompts: Prompts;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly isBusy: () => boolean;
  readonly onProgress: (lived: Lived) => void;
  readonly signal: AbortSignal;
}): Promise<Lived> {
  const { clock, random, endMs, prompts } = options;
  const queue = createTimeQueue<Event>();
  for (const { atMs, team } of options.arrivals) queue.push(atMs, { kind: 'arrival', team });
  for (const { atMs, run } of options.deeds) queue.push(atMs, { kind: 'deed', run });
  const client = new Client(options.url);
  const lived = { requests: 0, failed: 0, verdicts: 0 };

  async function send(team: Team, path: string, body: string | Buffer, contentType: string) {
    const response = await client.request({
      method: 'POST',
      path,
      headers: { authorization: `Bearer ${options.keyOf(team)}`, 'content-type': contentType },
      body,
    });
    const bytes = Buffer.from(await response.body.arrayBuffer());
    return { status: response.statusCode, headers: response.headers, bytes };
  }

  async function ask(team: Team, request: DrawnRequest): Promise<void> {
    const { status, headers, bytes } = await send(team, request.path, request.body, request.contentType);
    lived.requests += 1;
    if (status !== 200) {
      lived.failed += 1;
      return;
    }
    // A picture or a recording has no words to be read.
    if (request.path !== '/v1/chat/completions') return;
    const text = bytes.toString();
    const quality = qualityIn(text);
    if (quality === undefined) {
      lived.failed += 1;
      return;
    }
    considerFeedback(team, request, String(headers['x-request-id']), quality);
    considerGoingOn(team, request, text, quality);
  }

  function considerFeedback(team: Team, request: DrawnRequest, requestId: string, quality: number): void {
    const isGood = quality >= USEFUL !== random() < MISTAKEN_SHARE;
    const isCode = request.wish === 'code_generation' || request.wish === 'code_review';
    const say = (afterMs: number, body: object) =>
      later(afterMs, { kind: 'feedback', team, requestId, body });
    if (isCode && random() < team.testedShare) {
      say((1 + 6 * random()) * MINUTE_MS, { tests_passed: isGood, source: 'ci' });
    }
    if (random() >= team.ratedShare) return;
    const afterMs = 10_000 * (6 * 60) ** random();
    const seen = Math.min(1, Math.max(0, quality + 0.2 * (random() - 0.5)));
    say(
      afterMs,
      random() < 0.5
        ? { outcome: isGood ? 'success' : 'failure', source: 'human' }
        : { score: Math.round(seen * 100) / 100, source: 'human' },
    );
  }

  function considerGoingOn(team: Team, request: DrawnRequest, text: string, quality: number): void {
    if (request.sessionId === undefined) return;
    const chance = random();
    if (quality < USEFUL && chance < ASKED_AGAIN_SHARE) {
      const again = request.messages.map((message, place) =>
        place === request.messages.length - 1
          ? { ...message, content: `${message.content} Please.` }
          : message,
      );
      later(10_000 + 30_000 * random(), {
        kind: 'request',
        team,
        request: goOn(team, request, again, random),
      });
    } else if (chance < team.goesOnShare) {
      const next: Turn[] = [
        ...request.messages,
        { role: 'assistant', content: wordsIn(text, request.isStream) },
        { role: 'user', content: draw(prompts('conversation', 'en'), random) },
      ];
      later(20_000 + 70_000 * random(), {
        kind: 'request',
        team,
        request: goOn(team, request, next, random),
      });
    }
  }

  /** What would come after the end does not come. */
  function later(afterMs: number, event: Event): void {
    const atMs = clock.nowMs() + afterMs;
    if (atMs < endMs) queue.push(atMs, event);
  }

  async function happen(event: Event): Promise<void> {
    switch (event.kind) {
      case 'arrival':
        return ask(event.team, drawRequest(event.team, prompts, random));
      case 'request':
        return ask(event.team, event.request);
      case 'deed':
        return event.run(client);
      case 'feedback': {
        const { team, requestId, body } = event;
        const path = `/v1/feedback/${requestId}`;
        const { status } = await send(team, path, JSON.stringify(body), 'application/json');
        if (status === 200) lived.verdicts += 1;
      }
    }
  }

  async function quiet(): Promise<void> {
    for (let calm = 0; calm < AFTERMATH_TURNS; calm = options.isBusy() ? 0 : calm + 1) await nextTurn();
  }

  try {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      options.signal.throwIfAborted();
      clock.moveTo(next.atMs);
      await happen(next.item);
      await quiet();
      options.onProgress(lived);
    }
    clock.moveTo(endMs);
    return lived;
  } finally {
    await client.destroy();
  }
}

/** What the simulated model drew, 0–1; undefined in an answer that broke off. */
function qualityIn(text: string): number | undefined {
  const found = /"simulated":\{"quality":([\d.e-]+)/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

function wordsIn(text: string, isStream: boolean): string {
  const pieces = isStream
    ? [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, json]) => JSON.parse(json ?? '{}'))
    : [JSON.parse(text)];
  return pieces
    .map(({ choices }) => choices?.[0]?.message?.content ?? choices?.[0]?.delta?.content ?? '')
    .join('');
}
