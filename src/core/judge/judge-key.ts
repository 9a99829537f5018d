/** Whose requests a judge's are in the store: no key has such an id, and no router chose for them. */
export const JUDGE_KEY_ID = 'judge';
