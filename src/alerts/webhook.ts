import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** Waits before the second, third and fourth try. */
const RETRY_AFTER_MS: readonly number[] = [1_000, 5_000, 25_000];
const TRY_MS = 10_000;
/** Messages under way at once, those between two tries included; a further one is given up at once. */
const MAX_UNDER_WAY = 100;
/** What messages under way get at the end before they are cut. */
const CLOSE_LIMIT_MS = 2_000;
/** Of an answer so much is read, so that its connection can be used again. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Sends messages to an address of the operator's, and never makes anybody wait for it. */
export interface Webhook {
  /** Returns at once. Nothing is sent while no address is set. */
  send(message: object): void;
  /** Gives messages under way two seconds, and waits until all are over. */
  close(): Promise<void>;
}

/**
 * `POST` as JSON, up to four tries over half a minute: after a failed connection, a 408, 429 or 5xx. Redirects are not
 * followed, and another answer than 2xx is final.
 *
 * @param options.url       undefined while there is none
 * @param options.onGivenUp told why, without the address, which may hold a secret
 */
export function createWebhook(options: {
  readonly url: () => string | undefined;
  readonly onGivenUp: (reason: string) => void;
  readonly retryAfterMs?: readonly number[];
}): Webhook {
  const { retryAfterMs = RETRY_AFTER_MS } = options;
  const agent = new Agent({
    connect: { timeout: TRY_MS / 2 },
    headersTimeout: TRY_MS,
    bodyTimeout: TRY_MS,
    connections: 4,
  });
  const underWay = new Set<Promise<void>>();
  const cutting = new AbortController();
  let closing: Promise<void> | undefined;

  /** Undefined when it arrived; otherwise what came of it, and whether another try makes sense. */
  async function attempt(
    url: string,
    text: string,
  ): Promise<{ reason: string; isFinal: boolean } | undefined> {
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'outrider' },
        body: text,
        dispatcher: agent,
        signal: AbortSignal.any([cutting.signal, AbortSignal.timeout(TRY_MS)]),
      });
      await body.dump({ limit: MAX_ANSWER_BYTES });
      if (statusCode >= 200 && statusCode < 300) return undefined;
      const isFinal = statusCode < 500 && statusCode !== 408 && statusCode !== 429;
      return { reason: `it answered ${statusCode}`, isFinal };
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
      return { reason: code, isFinal: cutting.signal.aborted };
    }
  }

  async function deliver(url: string, text: string): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const failure = await attempt(url, text);
      if (failure === undefined) return;
      const waitMs = retryAfterMs[tries];
      if (failure.isFinal || waitMs === undefined) return options.onGivenUp(failure.reason);
      await delay(waitMs, undefined, { ref: false, signal: cutting.signal });
    }
  }

  return {
    send(message) {
      const url = options.url();
      if (url === undefined || cutting.signal.aborted) return;
      if (underWay.size >= MAX_UNDER_WAY) {
        options.onGivenUp(`${MAX_UNDER_WAY} messages wait already`);
        return;
      }
      const done: Promise<void> = deliver(url, JSON.stringify(message))
        .catch(() => options.onGivenUp('the gateway is being stopped'))
        .finally(() => underWay.delete(done));
      underWay.add(done);
    },
    close() {
      closing ??= close();
      return closing;
    },
  };

  async function close(): Promise<void> {
    const limit = setTimeout(() => cutting.abort(), CLOSE_LIMIT_MS);
    await Promise.all(underWay);
    clearTimeout(limit);
    cutting.abort();
    await agent.close();
  }
}
