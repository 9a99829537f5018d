import { PICO_USD_PER_MICRO_USD } from './cost.ts';

/** Accounts are forgotten beyond this many, the oldest first; each leaves half a micro-USD at most. */
const MAX_ACCOUNTS = 10_000;

/**
 * Rows are charged whole micro-USD. What rounding takes from one answer, or gives it, is carried to the next of the same
 * account, so that a thousand answers of a tenth of a micro-USD are charged 100, and not nothing.
 */
export interface Remainders {
  /**
   * What to charge for an answer, in whole micro-USD. Of any number of answers of one account the charges differ from
   * what they cost by half a micro-USD at most.
   *
   * @param picoUsd what it costs; a whole number, at least 0
   */
  whole(account: string, picoUsd: number): number;
}

export function createRemainders(): Remainders {
  const accountToPicoUsd = new Map<string, number>();
  return {
    whole(account, picoUsd) {
      if (!(picoUsd > 0)) return 0;
      const owed = picoUsd + (accountToPicoUsd.get(account) ?? 0);
      // More than half was rounded up before: less than nothing may be owed, and nothing is charged back.
      const microUsd = Math.max(0, Math.round(owed / PICO_USD_PER_MICRO_USD));
      if (accountToPicoUsd.size >= MAX_ACCOUNTS && !accountToPicoUsd.has(account)) {
        for (const oldest of accountToPicoUsd.keys()) {
          accountToPicoUsd.delete(oldest);
          break;
        }
      }
      accountToPicoUsd.set(account, owed - microUsd * PICO_USD_PER_MICRO_USD);
      return microUsd;
    },
  };
}
