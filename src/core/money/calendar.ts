import { DAY_MS } from '../durations.ts';

/** The UTC day and month that an instant lies in, epoch milliseconds; the ends are not part of them. */
export interface CalendarDay {
  readonly dayStartMs: number;
  readonly dayEndMs: number;
  readonly monthStartMs: number;
  readonly monthEndMs: number;
}

export function calendarDayOf(atMs: number): CalendarDay {
  const dayStartMs = Math.floor(atMs / DAY_MS) * DAY_MS;
  const date = new Date(dayStartMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    dayStartMs,
    dayEndMs: dayStartMs + DAY_MS,
    monthStartMs: Date.UTC(year, month, 1),
    monthEndMs: Date.UTC(year, month + 1, 1),
  };
}

/** Remembers the last day it was asked about: a comparison instead of a calculation for nearly every question. */
export function createCalendar(): (atMs: number) => CalendarDay {
  let last = calendarDayOf(0);
  return (atMs) => {
    if (!(atMs >= last.dayStartMs && atMs < last.dayEndMs)) last = calendarDayOf(atMs);
    return last;
  };
}
