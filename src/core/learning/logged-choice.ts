/** One logged choice, with all that was known when it was made. Arms are in any order, the same in every list and row. */
export interface LoggedChoice {
  /** Probability with which each arm was going to be chosen; 0 where it could not be. */
  readonly propensities: ArrayLike<number>;
  /**
   * What is expected of each arm for this request: of its quality, its cost, whatever `reward` is of. Left out: the mean
   * reward of the request's cluster. What a learner predicted when it chose is no good here: it is early and cautious
   * exactly where the log could not have chosen an arm.
   */
  readonly predictions?: ArrayLike<number>;
  /** Position of the arm that was chosen. */
  readonly chosen: number;
  readonly reward: number;
  /** Why it was chosen, as decisions have it. `NOT_CHOSEN_FREELY` are left out. */
  readonly reason?: string;
}

/**
 * Reasons of choices whose probability of 1 says nothing about other policies: a conversation that stays was placed by
 * an earlier choice, a named model by the client, a judge by its settings.
 */
export const NOT_CHOSEN_FREELY: ReadonlySet<string> = new Set(['sticky', 'explicit', 'judge']);
