import type { AnyTask } from '../task/operation-task.ts';

/**
 * What an outcome adds to what is known, as plain sums. Everything learnt is a sum of these, so replicas merge by
 * addition and a correction subtracts exactly what was once added. Stored as it stands (table `belief_sums`).
 */
export interface BeliefDelta {
  readonly kind: BeliefKind;
  /**
   * Model id for `quality`, `verdicts` and `tokens`; endpoint id for `ttft`, `token_time` and `availability`; name of the
   * source for `agreement` and `agreement_squares`.
   */
  readonly subject: string;
  readonly task: AnyTask;
  /** An `EvidenceSource` for `quality`, the name of the source for `verdicts`; `''` for the other kinds. */
  readonly source: string;
  /** Epoch of the subject: a change alarm opens a new one. */
  readonly epoch: number;
  /**
   * Three sums, by kind:
   * `quality`      a = weighted successes Σw·q, b = weighted failures Σw·(1−q), c = Σw² (for the effective count)
   * `verdicts`     the same of verdicts v as they were given: what they are worth is decided when they are read
   * `agreement`         a = pairs of a verdict v and a label y of one answer, b = Σy, c = Σv
   * `agreement_squares` a = Σy·v, b = Σy², c = Σv²
   * `tokens`       a = count, b = Σ ln(output tokens), c = Σ ln²(output tokens)
   * `ttft`         a = count, b = Σ ln(ms to first token), c = Σ ln²
   * `token_time`   a = count, b = Σ ln(ms per output token after the first), c = Σ ln²
   * `availability` a = answers, b = failures that speak about the endpoint, c = 0
   */
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export type BeliefKind =
  | 'quality'
  | 'verdicts'
  | 'agreement'
  | 'agreement_squares'
  | 'tokens'
  | 'ttft'
  | 'token_time'
  | 'availability';

/**
 * Sources of quality evidence, weakest first. At most one counts per request: a stronger one replaces a weaker.
 * `heuristic` (empty, truncated, refusal, repetition), `judge`, `check` (schema, tool calls), `human`, `client_test`.
 */
export const EVIDENCE_SOURCES = ['heuristic', 'judge', 'check', 'human', 'client_test'] as const;
export type EvidenceSource = (typeof EVIDENCE_SOURCES)[number];

/** One verdict about the quality of one answer. */
export interface QualityEvidence {
  readonly source: EvidenceSource;
  /** 0 (useless) to 1 (perfect). */
  readonly quality: number;
  /** 0–1: how much it counts against a labelled outcome. */
  readonly weight: number;
}

export function negated(delta: BeliefDelta): BeliefDelta {
  return { ...delta, a: -delta.a, b: -delta.b, c: -delta.c };
}
