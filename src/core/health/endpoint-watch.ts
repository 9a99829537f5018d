import { DDSketch } from '@datadog/sketches-js';
import { HOUR_MS, MINUTE_MS } from '../durations.ts';
import { type Ending, ruleOf } from '../outcome/endings.ts';

/**
 * What one endpoint's last minutes and hours looked like: counts by ending, percentiles of latency and time to first
 * token (DDSketch, Masson et al. 2019, 2 % relative error). In memory, per process, forgotten at restart.
 */
export interface EndpointWatch {
  record(endpointId: string, outcome: WatchedOutcome): void;
  /** The last `windowMs`, up to a day; counted in whole slots, so up to one slot more. */
  read(endpointId: string, windowMs: number): EndpointWindow;
}

export interface WatchedOutcome {
  readonly ending: Ending;
  /** 0 when none came. Only streams show it. */
  readonly ttftMs: number;
  readonly latencyMs: number;
}

export interface EndpointWindow {
  /** Attempts whose ending speaks about the endpoint. */
  readonly attempts: number;
  readonly completed: number;
  readonly endingToCount: Readonly<Record<string, number>>;
  /** Milliseconds; undefined without a completed answer. */
  readonly latencyMs: Percentiles | undefined;
  readonly ttftMs: Percentiles | undefined;
}

export interface Percentiles {
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}

interface Slot {
  index: number;
  readonly endingToCount: Map<Ending, number>;
  latency: DDSketch | undefined;
  ttft: DDSketch | undefined;
}

const MINUTES_KEPT = 31;
const HOURS_KEPT = 25;

/** @param now epoch milliseconds; a clock that jumps loses slots, never counts one twice. */
export function createEndpointWatch(now: () => number): EndpointWatch {
  const endpointToRings = new Map<string, { minutes: Ring; hours: Ring }>();
  return {
    record(endpointId, outcome) {
      let rings = endpointToRings.get(endpointId);
      if (!rings) {
        rings = { minutes: new Ring(MINUTE_MS, MINUTES_KEPT), hours: new Ring(HOUR_MS, HOURS_KEPT) };
        endpointToRings.set(endpointId, rings);
      }
      const at = now();
      add(rings.minutes.slotAt(at), outcome);
      add(rings.hours.slotAt(at), outcome);
    },
    read(endpointId, windowMs) {
      const rings = endpointToRings.get(endpointId);
      const at = now();
      const isShort = windowMs <= (MINUTES_KEPT - 1) * MINUTE_MS;
      return summarize((isShort ? rings?.minutes : rings?.hours)?.since(at - windowMs, at) ?? []);
    },
  };
}

class Ring {
  readonly #slotMs: number;
  readonly #slots: Slot[];

  constructor(slotMs: number, size: number) {
    this.#slotMs = slotMs;
    this.#slots = Array.from({ length: size }, () => emptySlot(-1));
  }

  slotAt(atMs: number): Slot {
    const index = Math.floor(atMs / this.#slotMs);
    const place = index % this.#slots.length;
    let slot = this.#slots[place];
    if (slot?.index !== index) {
      slot = emptySlot(index);
      this.#slots[place] = slot;
    }
    return slot;
  }

  since(fromMs: number, toMs: number): Slot[] {
    const first = Math.floor(fromMs / this.#slotMs);
    const last = Math.floor(toMs / this.#slotMs);
    return this.#slots.filter((slot) => slot.index >= first && slot.index <= last && slot.index >= 0);
  }
}

function emptySlot(index: number): Slot {
  return { index, endingToCount: new Map(), latency: undefined, ttft: undefined };
}

function add(slot: Slot, outcome: WatchedOutcome): void {
  slot.endingToCount.set(outcome.ending, (slot.endingToCount.get(outcome.ending) ?? 0) + 1);
  if (outcome.ending !== 'completed') return;
  if (outcome.latencyMs > 0) {
    slot.latency ??= newSketch();
    slot.latency.accept(outcome.latencyMs);
  }
  if (outcome.ttftMs > 0) {
    slot.ttft ??= newSketch();
    slot.ttft.accept(outcome.ttftMs);
  }
}

function newSketch(): DDSketch {
  return new DDSketch({ relativeAccuracy: 0.02 });
}

function summarize(slots: readonly Slot[]): EndpointWindow {
  const endingToCount: Record<string, number> = {};
  let attempts = 0;
  let completed = 0;
  const latency = newSketch();
  const ttft = newSketch();
  for (const slot of slots) {
    for (const [ending, count] of slot.endingToCount) {
      endingToCount[ending] = (endingToCount[ending] ?? 0) + count;
      if (ending === 'completed') completed += count;
      if (ending === 'completed' || ruleOf(ending).learnt === 'failure') attempts += count;
    }
    if (slot.latency) latency.merge(slot.latency);
    if (slot.ttft) ttft.merge(slot.ttft);
  }
  return { attempts, completed, endingToCount, latencyMs: percentiles(latency), ttftMs: percentiles(ttft) };
}

function percentiles(sketch: DDSketch): Percentiles | undefined {
  if (sketch.count === 0) return undefined;
  const at = (quantile: number) => Math.round(sketch.getValueAtQuantile(quantile) * 10) / 10;
  return { p50: at(0.5), p75: at(0.75), p90: at(0.9), p95: at(0.95), p99: at(0.99) };
}
