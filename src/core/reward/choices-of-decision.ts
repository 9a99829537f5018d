/**
 * The number of choices that a request asked for (`n`), read back from its stored decision; 1 where it does not say.
 * Tokens are learnt per choice, so without it the beliefs could not be rebuilt from the rows.
 */
export function choicesOfDecision(decision: string): number {
  try {
    const { choices } = JSON.parse(decision) as { choices?: unknown };
    return typeof choices === 'number' && choices >= 1 ? choices : 1;
  } catch {
    return 1;
  }
}
