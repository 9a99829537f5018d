import { createParser } from 'eventsource-parser';
import { useEffect, useState } from 'preact/hooks';
import type { Decision } from './answers.ts';
import { OWN_HEADERS } from './api.ts';
import { onLoggedOut } from './logged-out.ts';

export interface Live {
  /** `resting`: the page is not looked at. `closed`: this key may not watch. */
  readonly state: 'connecting' | 'live' | 'reconnecting' | 'resting' | 'closed';
  /** The newest first. */
  readonly decisions: readonly Decision[];
}

const MOST_SHOWN = 12;
/** However many come, the page is drawn so often. */
const FLUSH_MS = 400;
/** The server says something every 15 s: what is silent for longer is a line that died. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

let live: Live = { state: 'connecting', decisions: [] };
const watchers = new Set<() => void>();
const hearers = new Set<() => void>();

function change(next: Partial<Live>): void {
  live = { ...live, ...next };
  for (const watcher of watchers) watcher();
}

/** The stream's state and its latest decisions. */
export function useLive(): Live {
  const [seen, setSeen] = useState(live);
  useEffect(() => {
    const watcher = () => setSeen(live);
    watchers.add(watcher);
    watcher();
    return () => {
      watchers.delete(watcher);
    };
  }, []);
  return seen;
}

/** Calls back after decisions came, at most every `FLUSH_MS`. @returns ends it */
export function onDecisions(hearer: () => void): () => void {
  hearers.add(hearer);
  return () => {
    hearers.delete(hearer);
  };
}

/**
 * Watches the decisions for as long as the page is looked at; what was missed meanwhile comes when it is again, as far as
 * the server keeps it.
 *
 * @returns ends it
 */
export function watchDecisions(): () => void {
  // Whoever logs in now may not be allowed to see those of who was logged in before.
  change({ state: 'connecting', decisions: [] });
  const over = new AbortController();
  void keepWatching(over.signal);
  return () => over.abort();
}

async function keepWatching(over: AbortSignal): Promise<void> {
  let lastEventId: string | undefined;
  let arrived: Decision[] = [];
  let flushing: ReturnType<typeof setTimeout> | undefined;
  let waitMs = FIRST_WAIT_MS;

  const flush = () => {
    flushing = undefined;
    const decisions = [...arrived.reverse(), ...live.decisions].slice(0, MOST_SHOWN);
    arrived = [];
    change({ decisions });
    for (const hearer of hearers) hearer();
  };
  const parser = createParser({
    onEvent({ id, event, data }) {
      if (id !== undefined) lastEventId = id;
      if (event === 'decision') arrived.push(JSON.parse(data) as Decision);
      flushing ??= setTimeout(flush, FLUSH_MS);
    },
  });

  while (!over.aborted) {
    if (document.hidden) {
      change({ state: 'resting' });
      await untilSeen(over);
      continue;
    }
    const ended = await listen(over, lastEventId, (text) => {
      waitMs = FIRST_WAIT_MS;
      if (live.state !== 'live') change({ state: 'live' });
      parser.feed(text);
    });
    parser.reset();
    if (ended === 'refused') {
      change({ state: 'closed' });
      return;
    }
    if (over.aborted || document.hidden) continue;
    change({ state: 'reconnecting' });
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  }
  clearTimeout(flushing);
}

/** One connection, until it ends or the page is turned away from. */
async function listen(
  over: AbortSignal,
  lastEventId: string | undefined,
  hear: (text: string) => void,
): Promise<'refused' | 'ended'> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  const leaveIfHidden = () => {
    if (document.hidden) leave();
  };
  over.addEventListener('abort', leave);
  document.addEventListener('visibilitychange', leaveIfHidden);
  let silence = setTimeout(leave, SILENCE_MS);
  try {
    const headers = {
      ...OWN_HEADERS,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    };
    const { body, ok, status } = await fetch('/dashboard/stream', { headers, signal: gone.signal });
    // Logged out, in another tab perhaps.
    if (status === 401) onLoggedOut.current();
    if (status === 401 || status === 403) return 'refused';
    if (!ok || body === null) return 'ended';
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'ended';
      clearTimeout(silence);
      silence = setTimeout(leave, SILENCE_MS);
      hear(value);
    }
  } catch {
    // Cut off, or left: either way it is tried again.
    return 'ended';
  } finally {
    clearTimeout(silence);
    over.removeEventListener('abort', leave);
    document.removeEventListener('visibilitychange', leaveIfHidden);
  }
}

function untilSeen(over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !over.aborted) return;
      document.removeEventListener('visibilitychange', look);
      over.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    over.addEventListener('abort', look);
    look();
  });
}
