export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Of UTC, which knows no hour more or less. */
export const DAY_MS = 24 * HOUR_MS;
