import { at } from './belief-sums.ts';
import type { BeliefDelta } from './delta.ts';
import { PAIR_SUMS, type Reliability, reliabilityOf } from './source-reliability.ts';

/** Sources whose verdicts are summed apart; those of all further ones are summed together, and count as unchecked. */
export const VERDICT_SLOTS = 8;
/** Names remembered with their pairs: whoever gives feedback may invent as many as it likes. */
const MAX_NAMES = 200;
const NO_PAIRS = new Float64Array(PAIR_SUMS);

/** Who gives verdicts, and how far each agrees with labels. */
export interface VerdictSources {
  /** The slot of a source's verdicts, the same for as long as the process lives. */
  readonly slotOf: (name: string) => number;
  /** Slots in use are 0 … count − 1. */
  readonly slotCount: () => number;
  readonly addPairs: (delta: BeliefDelta) => void;
  readonly ofSlot: (slot: number) => Reliability;
  readonly ofName: (name: string) => Reliability;
  /** Every source with pairs or verdicts. */
  readonly names: () => readonly string[];
}

export function createVerdictSources(): VerdictSources {
  const nameToSlot = new Map<string, number>();
  const nameToPairs = new Map<string, Float64Array>();
  const nameToReliability = new Map<string, Reliability>();
  const unchecked = reliabilityOf(NO_PAIRS);
  const slots: string[] = [];

  function ofName(name: string): Reliability {
    const known = nameToReliability.get(name);
    if (known !== undefined) return known;
    const pairs = nameToPairs.get(name);
    if (pairs === undefined) return unchecked;
    const reliability = reliabilityOf(pairs);
    nameToReliability.set(name, reliability);
    return reliability;
  }

  return {
    slotOf: (name) => {
      const known = nameToSlot.get(name);
      if (known !== undefined) return known;
      if (slots.length >= VERDICT_SLOTS - 1) return VERDICT_SLOTS - 1;
      nameToSlot.set(name, slots.length);
      return slots.push(name) - 1;
    },
    slotCount: () => (slots.length >= VERDICT_SLOTS - 1 ? VERDICT_SLOTS : slots.length),
    addPairs: ({ kind, subject, a, b, c }) => {
      if (!Number.isFinite(a + b + c)) return;
      let pairs = nameToPairs.get(subject);
      if (pairs === undefined) {
        if (nameToPairs.size >= MAX_NAMES) return;
        pairs = new Float64Array(PAIR_SUMS);
        nameToPairs.set(subject, pairs);
      }
      const start = kind === 'agreement' ? 0 : 3;
      pairs[start] = at(pairs, start) + a;
      pairs[start + 1] = at(pairs, start + 1) + b;
      pairs[start + 2] = at(pairs, start + 2) + c;
      nameToReliability.delete(subject);
    },
    ofSlot: (slot) => ofName(slots[slot] ?? ''),
    ofName,
    names: () => [...new Set([...nameToPairs.keys(), ...slots])],
  };
}
