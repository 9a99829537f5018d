import { DAY_MS } from '../durations.ts';

/** The account that a verdict's weight is booked on: one per key, model, task and UTC day. */
export interface DayAccount {
  readonly keyId: string;
  /** Days since 1970 in UTC. */
  readonly day: number;
}

/** What one key may still move of one belief today. */
export interface DailyCap extends DayAccount {
  /** Most weight that its verdicts of this day may have together; infinite where there is no cap. */
  readonly limit: number;
  /** Weight of those that stand. */
  readonly used: number;
}

/** A change of what is booked. */
export interface Booking extends DayAccount {
  readonly weight: number;
}

/** What is booked of a verdict that was given before. */
interface BookedVerdict {
  readonly weight: number;
  readonly chargedTo?: DayAccount;
}

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/**
 * What a verdict may weigh, and what is booked for it. A correction by the same key keeps the account of the day it
 * was first given on: it is never capped, at most it weighs no more than before. Anything else gives up the old account
 * and is booked today, whole or not at all. Weight 0: over the cap.
 *
 * The weights on an account are halves and ones, so their sums are exact.
 *
 * @param known  what the same source said before
 * @param weight what the verdict weighs by its class
 * @param cap    undefined: it is booked nowhere
 */
export function bookVerdict(
  known: BookedVerdict | undefined,
  weight: number,
  cap: DailyCap | undefined,
): {
  readonly weight: number;
  readonly chargedTo: DayAccount | undefined;
  readonly bookings: readonly Booking[];
} {
  const former = known?.chargedTo;
  if (cap !== undefined && former?.keyId === cap.keyId && known !== undefined && known.weight >= weight) {
    return { weight, chargedTo: former, bookings: bookingOf(former, weight - known.weight) };
  }
  const bookings = unbookVerdict(known);
  if (cap === undefined) return { weight, chargedTo: undefined, bookings };
  const isSameAccount = former?.keyId === cap.keyId && former.day === cap.day;
  const used = cap.used - (isSameAccount ? (known?.weight ?? 0) : 0);
  if (used + weight > cap.limit) {
    const isOwn = former?.keyId === cap.keyId;
    if (isOwn && known !== undefined) return { weight: known.weight, chargedTo: former, bookings: [] };
    return { weight: 0, chargedTo: undefined, bookings };
  }
  const account = { keyId: cap.keyId, day: cap.day };
  return { weight, chargedTo: account, bookings: [...bookings, { ...account, weight }] };
}

/** What taking a verdict back gives back. */
export function unbookVerdict(known: BookedVerdict | undefined): readonly Booking[] {
  return known?.chargedTo === undefined ? [] : bookingOf(known.chargedTo, -known.weight);
}

function bookingOf({ keyId, day }: DayAccount, weight: number): readonly Booking[] {
  return weight === 0 ? [] : [{ keyId, day, weight }];
}
