import { beforeEach, expect, test, vi } from 'vitest';
import type { Decision, RankedCandidate } from '../../src/core/choice/decision.ts';
import { createRemainders } from '../../src/core/money/remainders.ts';
import type { GatewayDeps, LiveSettings } from '../../src/gateway/deps.ts';
import { runAttempt } from '../../src/gateway/request/attempt.ts';
import type { ClientLine, Job } from '../../src/gateway/request/job.ts';
import type { Operation } from '../../src/gateway/request/operation.ts';
import { CHAT } from '../../src/gateway/request/operations/chat.ts';
import type { AttemptEnd } from '../../src/store/contract.ts';

/** Something in our own code that nobody foresaw. */
const boom = () => {
  throw new Error('boom');
};

const ends: AttemptEnd[] = [];
const spent: { reserved: number; cost: number }[] = [];
const rulings: string[] = [];
const release = vi.fn();
let learner: () => void;

beforeEach(() => {
  ends.length = 0;
  spent.length = 0;
  rulings.length = 0;
  release.mockReset();
  learner = () => undefined;
});

async function attempt(changes: Partial<Operation>) {
  const operation = { ...CHAT, ...changes } as Operation;
  const deps = {
    spending: {
      stops: () => false,
      reserve: () => 70,
      release,
      settle: (_job: Job, reserved: number, { costMicroUsd }: AttemptEnd) =>
        spent.push({ reserved, cost: costMicroUsd }),
    },
    store: { journal: { begin: async () => undefined, end: (end: AttemptEnd) => ends.push(end) } },
    learner: {
      epochOf: () => 0,
      endpointEpochOf: () => 0,
      apply: () => learner(),
      watchTiming: () => undefined,
    },
    remainders: createRemainders(),
    speedQuietUntilMs: new Map(),
    budgets: { spent: () => undefined },
    nowMs: () => 1_000,
    monotonicMs: () => 1,
    inFlight: new Set(),
    cohort: async () => undefined,
    metrics: { attemptEnded: () => undefined },
    log: { attempt: () => undefined, error: () => undefined },
    watch: { record: () => undefined },
  } as unknown as GatewayDeps;
  const answer = {
    body: Buffer.from('{}'),
    json: {},
    facts: { finishReason: 'stop', text: 'hi', isTextWhole: true, toolCalls: [] },
  };
  const progress = {
    queueMs: 0,
    isSent: true,
    httpStatus: 200,
    ttftMs: 1,
    usage: { prompt_tokens: 2, completion_tokens: 3 },
    tokenEvents: 0,
    textBytes: 2,
    warnings: [],
  };
  const live = {
    upstreams: new Map([
      ['up', { call: () => ({ done: Promise.resolve(answer), progress, abort: () => undefined }) }],
    ]),
    routing: { streamUsageProviders: new Set() },
  } as unknown as LiveSettings;
  const body = { model: 'one', messages: [{ role: 'user', content: 'hi' }] };
  const bytes = Buffer.from('{"model":"one"}');
  await runAttempt(deps, live, {
    job: { operation, requestId: 'req_1', keyId: '', body, bytes, members: [] } as unknown as Job,
    decision: {
      profile: { choices: 1, inputTokens: 2, needs: new Set(), task: 'unknown' },
      strategy: 'balanced',
      reason: 'auto',
      ranking: [],
      excluded: [],
      circumstances: undefined,
    } as unknown as Decision,
    candidate: {
      model: { id: 'one' },
      endpoint: {
        id: 'up/one',
        provider: 'up',
        upstreamModel: 'one',
        price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 },
      },
    } as never,
    ranked: { expectedCostMicroUsd: 70, propensity: 1 } as RankedCandidate,
    permit: { isProbe: true, settle: (ruling) => rulings.push(ruling) },
    number: 1,
    isFailureSeen: () => true,
    totalMs: 1_000,
    client: { hasLeft: false, onLeft: () => undefined } as unknown as ClientLine,
    onSent: () => undefined,
    headers: () => ({}),
  });
}

test.each<[string, Partial<Operation>]>([
  ['at the endpoint', { at: boom }],
  ['how it is answered', { answerForm: boom }],
  ['what goes up', { encode: boom }],
])(
  'what throws before anything is sent leaves nothing taken and teaches nothing: %s',
  async (_where, changes) => {
    await attempt(changes);
    // It is nothing that a provider could be blamed for.
    expect(ends).toMatchObject([{ ending: 'client_fault', deltas: [], errorCode: 'internal_error' }]);
    expect(spent).toEqual([{ reserved: 70, cost: 0 }]);
    expect(rulings).toEqual(['neither']);
    expect(release).not.toHaveBeenCalled();
  },
);

test.each<[string, Partial<Operation>, number]>([
  ['metered: the estimate is charged', { meter: boom }, 70],
  ['checked', { check: boom }, 5],
])('an answer that cannot be %s is settled all the same, and counts as one', async (_how, changes, cost) => {
  await attempt(changes);
  expect(ends).toMatchObject([{ ending: 'completed', costMicroUsd: cost, automatic: undefined }]);
  expect(spent).toEqual([{ reserved: 70, cost }]);
  expect(rulings).toEqual(['success']);
});

test('a learner that throws fails no request', async () => {
  learner = boom;
  await attempt({});
  expect(ends).toMatchObject([{ ending: 'completed', costMicroUsd: 5 }]);
  expect(spent).toEqual([{ reserved: 70, cost: 5 }]);
  expect(rulings).toEqual(['success']);
});
