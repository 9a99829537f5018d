import type { Decision } from '../../core/choice/decision.ts';
import { usdOf } from '../../core/money/cost.ts';
import type { Job } from '../request/job.ts';

/** Decisions as they are made, for whoever watches: those of this process, the latest kept for who comes back. */
export interface RoutingFeed {
  /** Costs nothing while nobody watches. */
  decided(job: Job, decision: Decision): void;
  /**
   * @param lastEventId of the last event that was seen; those after it come first, as far as they are kept
   * @returns ends it
   */
  watch(watcher: Watcher, lastEventId: string | undefined): () => void;
  /** Ends every watcher: the process is going. */
  close(): void;
}

export interface Watcher {
  /** The key whose decisions it may see; undefined for all. */
  readonly keyId: string | undefined;
  /** Ids of the models that it may know of; undefined for all. */
  readonly visibleModels: ReadonlySet<string> | undefined;
  /** One event: its id, and its data as JSON. */
  readonly send: (id: string, data: string) => void;
  /** `gap`: events between `lastEventId` and now are not kept any more. */
  readonly missed: () => void;
  readonly end: () => void;
}

/** Kept for who comes back after a short break. */
const MOST_KEPT = 1_000;
/** After the last watcher left: then decisions are garbage again at once, which is what keeps requests cheap. */
const KEPT_FOR_MS = 60_000;

interface Kept {
  readonly number: number;
  readonly keyId: string;
  readonly modelId: string;
  readonly data: string;
}

/**
 * @param tools.processId tells this process's events from those of another, `[A-Za-z0-9]+`
 * @param tools.nowMs epoch milliseconds
 * @param tools.monotonicMs milliseconds that never jump
 */
export function createRoutingFeed(tools: {
  readonly processId: string;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}): RoutingFeed {
  const watchers = new Set<Watcher>();
  let kept: Kept[] = [];
  let count = 0;
  let wantedUntilMs = Number.NEGATIVE_INFINITY;

  const idOf = (number: number) => `${tools.processId}-${number}`;
  const show = (watcher: Watcher, { number, keyId, modelId, data }: Kept) => {
    if (watcher.keyId !== undefined && watcher.keyId !== keyId) return;
    if (watcher.visibleModels?.has(modelId) === false) return;
    watcher.send(idOf(number), data);
  };

  return {
    decided(job, decision) {
      if (watchers.size === 0) {
        if (wantedUntilMs === Number.NEGATIVE_INFINITY) return;
        if (tools.monotonicMs() > wantedUntilMs) {
          kept = [];
          wantedUntilMs = Number.NEGATIVE_INFINITY;
          return;
        }
      }
      count += 1;
      const event: Kept = {
        number: count,
        keyId: job.keyId,
        modelId: decision.ranking[0]?.modelId ?? '',
        data: JSON.stringify(eventOf(job, decision, tools.nowMs())),
      };
      kept.push(event);
      if (kept.length > 2 * MOST_KEPT) kept = kept.slice(-MOST_KEPT);
      for (const watcher of watchers) show(watcher, event);
    },
    watch(watcher, lastEventId) {
      const [processId, text = ''] = (lastEventId ?? '').split('-');
      const seen = processId === tools.processId && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
      if (lastEventId !== undefined) {
        const first = kept[0]?.number ?? count + 1;
        if (seen === undefined || (seen < count && seen + 1 < first)) watcher.missed();
        for (const event of kept) if (seen === undefined || event.number > seen) show(watcher, event);
      }
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        if (watchers.size === 0) wantedUntilMs = tools.monotonicMs() + KEPT_FOR_MS;
      };
    },
    close() {
      for (const watcher of watchers) watcher.end();
      watchers.clear();
    },
  };
}

function eventOf(job: Job, decision: Decision, atMs: number): object {
  const [first] = decision.ranking;
  return {
    object: 'routing.decision',
    at: new Date(atMs).toISOString(),
    request_id: job.requestId,
    operation: job.operation.name,
    requested_model: job.body.model,
    task: decision.profile.task,
    confidence: decision.profile.confidence,
    strategy: decision.strategy,
    reason: decision.reason,
    model: first?.modelId ?? null,
    provider: first?.provider ?? null,
    probability: first?.propensity ?? null,
    quality: first?.quality ?? null,
    expected_cost_usd: first === undefined ? null : usdOf(first.expectedCostMicroUsd),
    candidates: decision.ranking.length,
    excluded: decision.excluded.length,
  };
}
