import { ALL_TASKS, type BeliefSums, clamp, EVERYONE } from './belief-sums.ts';
import type { EndpointTiming } from './contract.ts';
import { type LogBelief, logNormalMean, updateBelief } from './log-normal.ts';

const FIRST_TTFT_MS = 600;
const FIRST_MS_PER_TOKEN = 12;
const FIRST_VARIANCE = 0.25;
/** Answers that the level above is worth: the default, all endpoints, the endpoint over all tasks. */
const DEFAULT_STRENGTH = 3;
const EVERYONE_STRENGTH = 3;
const ENDPOINT_STRENGTH = 8;
const LOG_MS_FLOOR = Math.log(0.01);
const LOG_MS_CEILING = Math.log(3_600_000);
const COUNT_CEILING = 1e9;

/** Twenty calls at .99: one failure of a new endpoint must not halve its availability. */
const FIRST_ANSWERS = 19.8;
const FIRST_FAILURES = 0.2;

export interface EndpointMeasures {
  readonly ttft: number;
  readonly tokenTime: number;
  readonly availability: number;
}

/** What is timed: the first token, and each after it. */
export type TimedKind = 'ttft' | 'tokenTime';

/** Speed by (endpoint, task), leaning on the endpoint, leaning on all endpoints; availability by endpoint. */
export function createEndpointSpeeds(sums: BeliefSums, measures: EndpointMeasures) {
  const everyone = sums.register(EVERYONE);
  const belief: LogBelief = { mean: 0, variance: 0 };

  function offsetOf(subjectIndex: number, measure: number, column: number): number {
    return subjectIndex < 0 ? -1 : sums.offsetOf(subjectIndex, measure, column);
  }

  function believe(endpointIndex: number, taskIndex: number, measure: number, first: number): LogBelief {
    belief.variance = FIRST_VARIANCE;
    belief.mean = Math.log(first) - FIRST_VARIANCE / 2;
    lean(offsetOf(everyone, measure, ALL_TASKS), DEFAULT_STRENGTH);
    lean(offsetOf(endpointIndex, measure, ALL_TASKS), EVERYONE_STRENGTH);
    if (taskIndex >= 0) lean(offsetOf(endpointIndex, measure, taskIndex), ENDPOINT_STRENGTH);
    return belief;
  }

  function lean(offset: number, strength: number): void {
    updateBelief(belief, sums, offset, strength, LOG_MS_FLOOR, LOG_MS_CEILING);
  }

  function countOf(endpointIndex: number, measure: number, field: number): number {
    const offset = offsetOf(endpointIndex, measure, ALL_TASKS);
    return offset < 0 ? 0 : clamp(sums.effective()[offset + field] ?? 0, 0, COUNT_CEILING);
  }

  return {
    timingOf: (endpointIndex: number, taskIndex: number): EndpointTiming => ({
      ttftMs: logNormalMean(believe(endpointIndex, taskIndex, measures.ttft, FIRST_TTFT_MS)),
      msPerToken: logNormalMean(believe(endpointIndex, taskIndex, measures.tokenTime, FIRST_MS_PER_TOKEN)),
      samples: countOf(endpointIndex, measures.ttft, 0),
    }),
    /** Belief about ln(ms), valid until the next call. */
    beliefOf: (endpointIndex: number, taskIndex: number, kind: TimedKind): LogBelief =>
      believe(endpointIndex, taskIndex, measures[kind], kind === 'ttft' ? FIRST_TTFT_MS : FIRST_MS_PER_TOKEN),
    /** Answers timed. */
    countOf: (endpointIndex: number, kind: TimedKind): number => countOf(endpointIndex, measures[kind], 0),
    availabilityOf: (endpointIndex: number): number => {
      const answers = countOf(endpointIndex, measures.availability, 0) + FIRST_ANSWERS;
      return answers / (answers + countOf(endpointIndex, measures.availability, 1) + FIRST_FAILURES);
    },
  };
}
