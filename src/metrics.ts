import { Gauge, Registry } from 'prom-client';
import { GEN_AI_OPERATION_NAMES } from './core/catalog/gen-ai-operation.ts';
import type { BudgetStanding as StrategyBudget } from './core/choice/budgets.ts';
import type { Decision, RankedCandidate } from './core/choice/decision.ts';
import type { LoopTurns } from './core/loop/loop-turns.ts';
import { holderName } from './core/money/budget.ts';
import { type BudgetStanding as Spent, shareOf } from './core/money/spending-ledger.ts';
import { createCounters } from './core/tally/counter.ts';
import { createHistograms } from './core/tally/histogram.ts';
import type { AnyTask } from './core/task/operation-task.ts';
import type { GatewayMetrics } from './gateway/gateway-metrics.ts';

interface Belief {
  readonly task: AnyTask;
  readonly model: string;
  readonly mean: number;
  readonly samples: number;
}

/** Read when Prometheus asks, so that they cost nothing in between. */
export interface MetricSources {
  /** 0 closed, 1 half-open, 2 open. */
  breakerStates(): Iterable<{ endpoint: string; provider: string; state: number }>;
  /** Each is worked out when it is its turn: some microseconds. */
  beliefs(): Iterable<Belief>;
  budgets(): Iterable<{ strategy: string } & StrategyBudget>;
  spending(): Iterable<Spent>;
  conversations(): number;
  sources(): Iterable<{ source: string; pairs: number; weight: number }>;
  trials(): Iterable<readonly [model: string, trial: { readonly remaining: number }]>;
  journal(): { pending: number; oldestMs: number; dropped: number };
  inFlight(): number;
  cache(): { readonly answers: number; readonly bytes: number };
  judge(): { waiting: number; running: number; spentUsd: number };
}

export interface Metrics extends GatewayMetrics {
  /** Their time was over. */
  rowsRemoved(what: string, rows: number): void;
  render(): Promise<{ contentType: string; text: string }>;
}

const SECONDS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 25, 50, 100];
const OVERHEAD_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];
const TOKENS = [16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144];

/**
 * Prometheus series: OpenTelemetry's `gen_ai.*` names where they exist, `outrider_*` for the rest. Every label comes
 * from the configuration or from a fixed list, never from a client.
 *
 * Gauges are read by prom-client when somebody asks. What is counted for each request is counted by `core/tally`: with
 * prom-client it was 4 µs a request and 3 kB of garbage.
 */
export function createMetrics(sources: MetricSources, turns: LoopTurns): Metrics {
  const registry = new Registry();
  const attempts = createCounters({
    name: 'outrider_attempts_total',
    help: 'Calls to endpoints by how they ended',
    labelNames: ['provider', 'model', 'ending'],
  });
  const selections = createCounters({
    name: 'outrider_selections_total',
    help: 'Requests by task, first choice and reason',
    labelNames: ['task', 'model', 'reason', 'strategy'],
  });
  const cost = createCounters({
    name: 'outrider_cost_usd_total',
    help: 'What answers cost, USD',
    labelNames: ['provider', 'model'],
  });
  const units = createCounters({
    name: 'outrider_units_total',
    help: 'What completed calls were charged for beside tokens: images, seconds of audio, characters or searches, by the type of the model',
    labelNames: ['provider', 'model'],
  });
  const duration = createHistograms({
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'Time of completed calls to endpoints',
    labelNames: ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'],
    bounds: SECONDS,
  });
  const firstToken = createHistograms({
    name: 'gen_ai_client_operation_time_to_first_chunk_seconds',
    help: 'Time to the first token of completed streams',
    labelNames: ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'],
    bounds: SECONDS,
  });
  const tokens = createHistograms({
    name: 'gen_ai_client_token_usage',
    help: 'Tokens of completed calls',
    labelNames: [
      'gen_ai_operation_name',
      'gen_ai_provider_name',
      'gen_ai_request_model',
      'gen_ai_token_type',
    ],
    bounds: TOKENS,
  });
  const overhead = createHistograms({
    name: 'outrider_overhead_seconds',
    help: 'Time that the gateway itself took of a request, up to the end of the answer',
    labelNames: [],
    bounds: OVERHEAD_SECONDS,
  });
  const entropy = createHistograms({
    name: 'outrider_propensity_entropy_nats',
    help: 'How undecided the choices were: Shannon entropy of the propensities',
    labelNames: [],
    bounds: [0.01, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3],
  });
  const regret = createCounters({
    name: 'outrider_regret_proxy_usd_total',
    help: 'Mean utility of the best candidate less that of the chosen one, summed: what exploring cost, as believed then',
    labelNames: [],
  });
  const feedback = createCounters({
    name: 'outrider_feedback_total',
    help: 'Verdicts given over the API, by class of source',
    labelNames: ['source'],
  });
  const rateLimited = createCounters({
    name: 'outrider_rate_limited_total',
    help: 'Refusals (429) for asking too much, by what was too much and whose limit it was',
    labelNames: ['limit', 'of'],
  });
  const alarms = createCounters({
    name: 'outrider_change_alarms_total',
    help: 'Changes of quality detected, each opening an epoch, by whether it became better or worse',
    labelNames: ['model', 'direction'],
  });
  const removed = createCounters({
    name: 'outrider_rows_removed_total',
    help: 'Rows whose time was over ([retention]): requests with all that belongs to them, usage, accounts of the daily cap, responses',
    labelNames: ['what'],
  });
  const reAsks = createCounters({
    name: 'outrider_re_asks_total',
    help: 'Answers after which the same conversation asked nearly the same again',
    labelNames: [],
  });
  const speedAlarms = createCounters({
    name: 'outrider_speed_alarms_total',
    help: 'Changes of speed detected, each opening an epoch of the endpoint, by whether it became better (faster) or worse',
    labelNames: ['endpoint', 'direction'],
  });
  const judged = createCounters({
    name: 'outrider_judge_total',
    help: 'Answers drawn to be judged, by what became of them',
    labelNames: ['outcome'],
  });
  const cacheLookups = createCounters({
    name: 'outrider_cache_lookups_total',
    help: 'Requests that an answer was looked for in the cache for, by whether one was given again',
    labelNames: ['outcome'],
  });
  const cacheSaved = createCounters({
    name: 'outrider_cache_saved_usd_total',
    help: 'What the answers had cost that were given again, USD',
    labelNames: [],
  });
  const budgetRefusals = createCounters({
    name: 'outrider_budget_refusals_total',
    help: 'Requests that did not fit into a budget, of all together (total) or of a key',
    labelNames: ['budget', 'window'],
  });
  const budgetWarnings = createCounters({
    name: 'outrider_budget_warnings_total',
    help: 'Thresholds of budgets that were reached, once in each window',
    labelNames: ['budget', 'window', 'threshold'],
  });
  const dryRuns = createCounters({
    name: 'outrider_dry_runs_total',
    help: 'Requests whose choice was observed while the baseline served, by the model chosen and whether it was the baseline',
    labelNames: ['model', 'agrees'],
  });
  const dryRunCost = createCounters({
    name: 'outrider_dry_run_expected_cost_usd_total',
    help: 'What observed requests were expected to cost, USD: of the baseline, and of the choice',
    labelNames: ['of'],
  });
  const dryRunQuality = createCounters({
    name: 'outrider_dry_run_expected_quality_total',
    help: 'Quality that observed requests were expected to have, summed: of the baseline, and of the choice',
    labelNames: ['of'],
  });
  const countDryRun = (served: RankedCandidate, chosen: RankedCandidate) => {
    dryRuns.of(chosen.modelId, String(chosen.modelId === served.modelId)).add(1);
    dryRunCost.of('baseline').add(served.expectedCostMicroUsd / 1_000_000);
    dryRunCost.of('choice').add(chosen.expectedCostMicroUsd / 1_000_000);
    dryRunQuality.of('baseline').add(served.quality);
    dryRunQuality.of('choice').add(chosen.quality);
  };
  /** As they were found for the scrape under way, for the gauges that tell them. */
  let beliefs: readonly Belief[] = [];
  registerGauges(registry, sources, () => beliefs);

  const families = [
    attempts,
    selections,
    cost,
    units,
    duration,
    firstToken,
    tokens,
    overhead,
    entropy,
    regret,
    feedback,
    rateLimited,
    alarms,
    removed,
    reAsks,
    speedAlarms,
    judged,
    cacheLookups,
    cacheSaved,
    budgetRefusals,
    budgetWarnings,
    dryRuns,
    dryRunCost,
    dryRunQuality,
  ];

  // Series appear when they are first counted, and are found again without a label being put together.
  const endpointSeries = cached((provider) =>
    cached((model) => ({
      attempts: cached((ending) => attempts.of(provider, model, ending)),
      cost: once(() => cost.of(provider, model)),
      firstToken: cached((operation) => firstToken.of(operation, provider, model)),
      completed: cached((operation) => ({
        duration: duration.of(operation, provider, model),
        input: tokens.of(operation, provider, model, 'input'),
        output: tokens.of(operation, provider, model, 'output'),
      })),
      units: once(() => units.of(provider, model)),
    })),
  );
  const selectionSeries = cached((model) =>
    cached((task) => cached((reason) => cached((strategy) => selections.of(task, model, reason, strategy)))),
  );
  const overheadSeries = overhead.of();
  const entropySeries = entropy.of();
  const regretSeries = regret.of();
  const reAskSeries = reAsks.of();

  return {
    decided(decision) {
      const [first] = decision.ranking;
      if (!first) return;
      selectionSeries(first.modelId)(decision.profile.task)(decision.reason)(decision.strategy).add(1);
      const { nats, regretUsd } = uncertaintyOf(decision);
      entropySeries.observe(nats);
      // Where the client named models, whoever stands behind them was not forgone for the sake of exploring.
      if (decision.reason !== 'explicit') regretSeries.add(regretUsd);
      if (decision.circumstances?.dryRun)
        countDryRun(first, decision.circumstances.dryRun.ranking[0] ?? first);
    },
    attemptEnded(start, end, isStream, name) {
      const series = endpointSeries(start.provider)(start.modelId);
      series.attempts(end.ending).add(1);
      if (end.costMicroUsd > 0) series.cost().add(end.costMicroUsd / 1_000_000);
      if (end.ending !== 'completed') return;
      const operation = GEN_AI_OPERATION_NAMES[name];
      const completed = series.completed(operation);
      completed.duration.observe(end.latencyMs / 1000);
      completed.input.observe(end.inputTokens);
      completed.output.observe(end.outputTokens);
      if (end.units > 0) series.units().add(end.units);
      if (isStream && end.ttftMs > 0) series.firstToken(operation).observe(end.ttftMs / 1000);
    },
    overhead: (ms) => overheadSeries.observe(Math.max(0, ms) / 1000),
    rateLimited: (limit, of) => rateLimited.of(limit, of).add(1),
    feedbackGiven: (source) => feedback.of(source).add(1),
    reAsked: () => reAskSeries.add(1),
    rowsRemoved: (what, rows) => removed.of(what).add(rows),
    cacheHit(costMicroUsd) {
      cacheLookups.of('hit').add(1);
      cacheSaved.of().add(costMicroUsd / 1_000_000);
    },
    cacheMissed: () => cacheLookups.of('miss').add(1),
    judged: (outcome) => judged.of(outcome).add(1),
    budgetRefused: (holder, window) => budgetRefusals.of(holder, window).add(1),
    budgetWarned: (holder, window, threshold) => budgetWarnings.of(holder, window, String(threshold)).add(1),
    alarmRaised: (modelId, direction) => alarms.of(modelId, direction).add(1),
    speedAlarmRaised: (endpointId, direction) => speedAlarms.of(endpointId, direction).add(1),
    async render() {
      let text = '';
      for (const family of families) {
        if (turns.isOver()) await turns.next();
        text += family.render();
      }
      const found: Belief[] = [];
      for (const belief of sources.beliefs()) {
        if (turns.isOver()) await turns.next();
        found.push(belief);
      }
      beliefs = found;
      for (const { name } of registry.getMetricsAsArray()) {
        if (turns.isOver()) await turns.next();
        text += `${await registry.getSingleMetricAsString(name)}\n`;
      }
      return { contentType: registry.contentType, text };
    },
  };
}

function registerGauges(registry: Registry, sources: MetricSources, beliefs: () => readonly Belief[]): void {
  const registers = [registry];
  new Gauge({
    name: 'outrider_breaker_state',
    help: 'Circuit breaker of an endpoint: 0 closed, 1 half-open, 2 open',
    labelNames: ['provider', 'endpoint'] as const,
    registers,
    collect() {
      this.reset();
      for (const { provider, endpoint, state } of sources.breakerStates())
        this.set({ provider, endpoint }, state);
    },
  });
  new Gauge({
    name: 'outrider_belief_quality',
    help: 'Posterior mean of quality by task and model, where anything was observed',
    labelNames: ['task', 'model'] as const,
    registers,
    collect() {
      this.reset();
      for (const { task, model, mean } of beliefs()) this.set({ task, model }, mean);
    },
  });
  new Gauge({
    name: 'outrider_belief_samples',
    help: 'Effective number of outcomes behind a belief',
    labelNames: ['task', 'model'] as const,
    registers,
    collect() {
      this.reset();
      for (const { task, model, samples } of beliefs()) this.set({ task, model }, samples);
    },
  });
  new Gauge({
    name: 'outrider_budget_usd_per_1k_requests',
    help: 'Budget of a strategy',
    labelNames: ['strategy'] as const,
    registers,
    collect() {
      this.reset();
      for (const { strategy, usdPer1kRequests } of sources.budgets())
        this.set({ strategy }, usdPer1kRequests);
    },
  });
  new Gauge({
    name: 'outrider_budget_spent_usd_per_1k_requests',
    help: 'What 1,000 requests of a strategy cost by its last ones, a moving average',
    labelNames: ['strategy'] as const,
    registers,
    collect() {
      this.reset();
      for (const { strategy, spentUsdPer1kRequests } of sources.budgets())
        this.set({ strategy }, spentUsdPer1kRequests);
    },
  });
  new Gauge({
    name: 'outrider_budget_multiplier',
    help: 'How hard a budget presses on the choices of its strategy, 0 to 50; at 50 it cannot be kept',
    labelNames: ['strategy'] as const,
    registers,
    collect() {
      this.reset();
      for (const { strategy, multiplier } of sources.budgets()) this.set({ strategy }, multiplier);
    },
  });
  const perBudget = (name: string, help: string, amountOf: (spent: Spent) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['budget', 'window'] as const,
      registers,
      collect() {
        this.reset();
        for (const spent of sources.spending())
          this.set({ budget: holderName(spent.holder), window: spent.window }, amountOf(spent));
      },
    });
  perBudget(
    'outrider_budget_limit_usd',
    'A budget, of all together (total) or of a key',
    (spent) => spent.limitMicroUsd / 1e6,
  );
  perBudget(
    'outrider_budget_spent_usd',
    'What is spent of it in its present day or month',
    (spent) => spent.spentMicroUsd / 1e6,
  );
  perBudget(
    'outrider_budget_reserved_usd',
    'What is reserved of it by requests under way',
    (spent) => spent.reservedMicroUsd / 1e6,
  );
  perBudget('outrider_budget_used_ratio', 'Share of it that is spent', shareOf);
  new Gauge({
    name: 'outrider_trial_remaining_requests',
    help: 'Requests that a model may still get because an operator wants it looked at again',
    labelNames: ['model'] as const,
    registers,
    collect() {
      this.reset();
      for (const [model, { remaining }] of sources.trials()) this.set({ model }, remaining);
    },
  });
  new Gauge({
    name: 'outrider_source_pairs',
    help: 'Answers on which a source of verdicts can be compared with a label',
    labelNames: ['source'],
    registers,
    collect() {
      this.reset();
      for (const { source, pairs } of sources.sources()) this.set({ source }, pairs);
    },
  });
  new Gauge({
    name: 'outrider_source_weight',
    help: 'Labels that one verdict of a source is worth by what it has shown, 0 to 1',
    labelNames: ['source'],
    registers,
    collect() {
      this.reset();
      for (const { source, weight } of sources.sources()) this.set({ source }, weight);
    },
  });
  new Gauge({
    name: 'outrider_sessions',
    help: 'Conversations remembered where they are',
    registers,
    collect() {
      this.set(sources.conversations());
    },
  });
  new Gauge({
    name: 'outrider_cache_answers',
    help: 'Answers kept to be given again',
    registers,
    collect() {
      this.set(sources.cache().answers);
    },
  });
  new Gauge({
    name: 'outrider_cache_bytes',
    help: 'Memory that they take, bytes',
    registers,
    collect() {
      this.set(sources.cache().bytes);
    },
  });
  new Gauge({
    name: 'outrider_journal_pending',
    help: 'Attempts whose rows are not on disk yet',
    registers,
    collect() {
      this.set(sources.journal().pending);
    },
  });
  new Gauge({
    name: 'outrider_journal_oldest_seconds',
    help: 'Age of the oldest row that is not on disk yet',
    registers,
    collect() {
      this.set(sources.journal().oldestMs / 1000);
    },
  });
  new Gauge({
    name: 'outrider_journal_dropped',
    help: 'Endings that the database refused for good',
    registers,
    collect() {
      this.set(sources.journal().dropped);
    },
  });
  new Gauge({
    name: 'outrider_judge_waiting',
    help: 'Answers in line to be judged, those being judged included',
    registers,
    collect() {
      const { waiting, running } = sources.judge();
      this.set(waiting + running);
    },
  });
  new Gauge({
    name: 'outrider_judge_spent_today_usd',
    help: 'What the judge has spent since midnight UTC, USD',
    registers,
    collect() {
      this.set(sources.judge().spentUsd);
    },
  });
  new Gauge({
    name: 'outrider_requests_in_flight',
    help: 'Calls to endpoints that have not ended',
    registers,
    collect() {
      this.set(sources.inFlight());
    },
  });
}

/** By one label, made when first asked for. Tasks, models, providers and endings are few, so this stays small. */
function cached<Child>(make: (label: string) => Child): (label: string) => Child {
  const known = new Map<string, Child>();
  return (label) => {
    let child = known.get(label);
    if (child === undefined) {
      child = make(label);
      known.set(label, child);
    }
    return child;
  };
}

function once<Child>(make: () => Child): () => Child {
  let child: Child | undefined;
  return () => {
    child ??= make();
    return child;
  };
}

function uncertaintyOf(decision: Decision): { nats: number; regretUsd: number } {
  let nats = 0;
  let best = Number.NEGATIVE_INFINITY;
  for (const { propensity, utilityUsd } of decision.ranking) {
    if (propensity > 0) nats -= propensity * Math.log(propensity);
    if (utilityUsd > best) best = utilityUsd;
  }
  return { nats, regretUsd: best - (decision.ranking[0]?.utilityUsd ?? best) };
}
