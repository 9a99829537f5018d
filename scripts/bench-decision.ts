import { Command, InvalidArgumentError } from 'commander';
import type { Capability, Model } from '../src/core/catalog/model.ts';
import { decide } from '../src/core/choice/decide.ts';
import { BUILT_IN_STRATEGIES } from '../src/core/choice/strategy.ts';
import { createLearner } from '../src/core/learning/learner.ts';
import { createRandom } from '../src/core/learning/random.ts';
import { CLASSIFIED_TASKS } from '../src/core/task/task.ts';

/** Steps of the loop that does nothing but count: what a decision's time is compared with on another machine. */
const EMPTY_STEPS = 10_000;
const BATCH = 200;
let counted = 0;
/** Goals of docs/learning.md, µs. */
const CANDIDATES_TO_GOAL_US = new Map([
  [12, 100],
  [50, 400],
]);

const command = new Command('bench:decision')
  .description('How long a decision takes: beliefs read, 64 joint draws, propensities, ranking.')
  .option('--candidates <list>', 'how many, separated by commas', counts, [12, 50])
  .option('--seconds <number>', 'measured per line', seconds, 3)
  .option('--json', 'nothing but the result on stdout')
  .parse();
const options = command.opts<{ candidates: number[]; seconds: number; json?: true }>();

const results = options.candidates.map((count) => {
  const once = decisionOf(count);
  for (let warmUp = 0; warmUp < 20 * BATCH; warmUp += 1) once();
  const emptyUs = batchesOf(emptyLoop, BATCH);
  const decisionUs = batchesOf(once, BATCH);
  const goalUs = CANDIDATES_TO_GOAL_US.get(count) ?? null;
  return {
    candidates: count,
    medianUs: decisionUs.median,
    fastestUs: decisionUs.fastest,
    emptyLoopUs: emptyUs.median,
    perEmptyLoop: decisionUs.median / emptyUs.median,
    goalUs,
    isWithinGoal: goalUs === null ? null : decisionUs.median <= goalUs,
  };
});
if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
else {
  for (const { candidates, medianUs, fastestUs, perEmptyLoop, goalUs } of results) {
    process.stdout.write(
      `${candidates} candidates: ${medianUs.toFixed(1)} µs a decision (fastest batch ${fastestUs.toFixed(1)}), ` +
        `${perEmptyLoop.toFixed(1)} × an empty loop of ${EMPTY_STEPS} steps` +
        `${goalUs === null ? '' : `; goal ${goalUs} µs`}\n`,
    );
  }
}

/** A choice among so many models with beliefs about every task, one outcome learnt after each, as a busy server does. */
function decisionOf(count: number): () => void {
  const random = createRandom(count);
  const models = Array.from({ length: count }, (_, index) => modelOf(`m${index}`, 0.1 * 1.2 ** (index % 30)));
  const learner = createLearner({ models, random: createRandom(1) });
  const candidates = models.flatMap((model) => model.endpoints.map((endpoint) => ({ model, endpoint })));
  let turn = 0;
  const learnFrom = (modelId: string) => {
    const task = CLASSIFIED_TASKS[turn % CLASSIFIED_TASKS.length] ?? 'unknown';
    const quality = random() < 0.5 + (0.4 * turn) / (turn + 1000) ? 1 : 0;
    learner.apply({
      kind: 'quality',
      subject: modelId,
      task,
      source: 'human',
      epoch: 0,
      a: quality,
      b: 1 - quality,
      c: 1,
    });
  };
  for (const { id } of models) for (turn = 0; turn < 60; turn += 1) learnFrom(id);
  const needs = new Set<Capability>();
  return () => {
    turn += 1;
    const decision = decide({
      profile: {
        task: CLASSIFIED_TASKS[turn % CLASSIFIED_TASKS.length] ?? 'unknown',
        confidence: 1,
        complexity: 0.5,
        language: 'en',
        needs,
        inputTokens: 500,
        choices: 1,
      },
      candidates,
      strategy: BUILT_IN_STRATEGIES.balanced,
      learner,
      random,
      explore: true,
      isExplicit: false,
    });
    learnFrom(decision.ranking[0]?.modelId ?? '');
  };
}

function modelOf(id: string, usdPerMillion: number): Model {
  const price = {
    inputUsdPerMillion: usdPerMillion,
    outputUsdPerMillion: 4 * usdPerMillion,
    cachedInputUsdPerMillion: usdPerMillion,
  };
  return {
    id,
    type: 'chat',
    name: id,
    contextLength: 1_000_000,
    capabilities: new Set(),
    isSimulated: false,
    endpoints: [
      { id: `bench/${id}`, modelId: id, provider: 'bench', upstreamModel: id, price, isPriceKnown: true },
    ],
  };
}

/** CPU time of one call, µs, over batches of `size` calls for as long as asked: other processes do not count. */
function batchesOf(run: () => void, size: number): { median: number; fastest: number } {
  const times: number[] = [];
  const end = performance.now() + 1000 * options.seconds;
  while (performance.now() < end || times.length < 5) {
    const start = cpuUs();
    for (let call = 0; call < size; call += 1) run();
    times.push((cpuUs() - start) / size);
  }
  times.sort((one, other) => one - other);
  return { median: times[times.length >> 1] ?? Number.NaN, fastest: times[0] ?? Number.NaN };
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function emptyLoop(): void {
  for (let step = 0; step < EMPTY_STEPS; step += 1) counted = (counted + step) | 0;
}

function counts(text: string): number[] {
  const values = text.split(',').map(Number);
  if (values.every((value) => Number.isInteger(value) && value >= 1 && value <= 1000)) return values;
  throw new InvalidArgumentError('Expected whole numbers from 1 to 1000, separated by commas.');
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 600) return value;
  throw new InvalidArgumentError('Expected a number of seconds up to 600.');
}
