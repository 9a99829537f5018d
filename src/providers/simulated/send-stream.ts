import type { ServerResponse } from 'node:http';
import type { Pace } from './pace.ts';
import { type Envelope, finishChunk, firstChunk, tokenChunk, usageChunk } from './write-completion.ts';

/** Shortest pause between writes: faster models send several events at once, as timers are no finer. */
const LEAST_PAUSE_MS = 10;

/**
 * An answer as server-sent events in OpenAI's order: role, tokens of all choices in turn, finish reasons, usage when it
 * was asked for, `[DONE]`. Stops with its caller.
 */
export function sendStream(envelope: Envelope, pace: Pace, response: ServerResponse): void {
  sendEvents(streamEvents(envelope), pace, response);
}

/** Events at a pace; stops with its caller. */
export function sendEvents(events: readonly string[], pace: Pace, response: ServerResponse): void {
  const perWrite =
    pace.perTokenMs > 0 ? Math.max(1, Math.round(LEAST_PAUSE_MS / pace.perTokenMs)) : events.length;

  function sendFrom(position: number): void {
    const next = position + perWrite;
    response.write(events.slice(position, next).join(''));
    if (next >= events.length) response.end();
    else pace.after(perWrite * pace.perTokenMs, response, () => sendFrom(next));
  }

  pace.after(pace.firstTokenMs, response, () => {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    });
    sendFrom(0);
  });
}

function streamEvents(envelope: Envelope): string[] {
  const { choices } = envelope.answer;
  const longest = Math.max(...choices.map((choice) => choice.tokens.length));
  const chunks = choices.map((choice, index) => firstChunk(envelope, index, choice));
  for (let position = 0; position < longest; position += 1) {
    for (const [index, choice] of choices.entries()) {
      const token = choice.tokens[position];
      if (token !== undefined) chunks.push(tokenChunk(envelope, index, choice, token));
    }
  }
  chunks.push(...choices.map((choice, index) => finishChunk(envelope, index, choice)));
  if (envelope.request.includesUsage) chunks.push(usageChunk(envelope));
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'];
}
