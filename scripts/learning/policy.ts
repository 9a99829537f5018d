/** One request of a replay, as far as a policy may see it. */
export interface ReplayRequest {
  readonly prompt: number;
  /** Index of the table's task as the classifier takes it, which may be wrong. */
  readonly task: number;
  /** 0-based. */
  readonly time: number;
}

/** What came of a choice. */
export interface ReplayOutcome {
  readonly costUsd: number;
  readonly outputTokens: number;
}

/** The world as a policy meets it: who can be chosen now, and at which list price. */
export interface ReplayWorld {
  readonly isPresent: (model: number) => boolean;
  /** Factor on the model's first list price. */
  readonly priceFactor: (model: number) => number;
}

/** A way of choosing models, told what came of it. */
export interface Policy {
  /** Something in the world has changed; also called once before the first request. */
  readonly enter: (world: ReplayWorld) => void;
  readonly choose: (request: ReplayRequest) => number;
  /** Called at once for every answer. */
  readonly observe: (request: ReplayRequest, model: number, outcome: ReplayOutcome) => void;
  /** Called when and if a label comes, perhaps much later; or a verdict of the judge, which comes at once. */
  readonly learn: (request: ReplayRequest, model: number, quality: number, source?: 'judge') => void;
  /** Whether the answer to the last choice is to be judged; for policies that have a judge. */
  readonly isJudged?: () => boolean;
  /** Probabilities behind the last choice, per model, where the policy knows them. */
  readonly propensities?: () => Float64Array;
  /** Quality that was expected of each model at the last choice. */
  readonly predictions?: () => Float64Array;
  /** Change alarms so far. */
  readonly alarms?: () => number;
}
