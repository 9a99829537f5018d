import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createWebhook } from './alerts/webhook.ts';
import { buildApp } from './app.ts';
import { isLoopbackHost } from './config/address.ts';
import type { Config } from './config/build-config.ts';
import { ConfigError } from './config/config-error.ts';
import { describeConfig } from './config/describe-config.ts';
import { loadConfig } from './config/load-config.ts';
import { namesIn } from './config/names.ts';
import { priceChanges } from './config/price-changes.ts';
import { providerPlaces } from './config/provider-places.ts';
import { restartNeeded } from './config/restart-needed.ts';
import { createBudgets, readPacerStates } from './core/choice/budgets.ts';
import { createConversations } from './core/choice/conversations.ts';
import { createDryRunTally } from './core/choice/dry-run-tally.ts';
import { createTrials, readTrials } from './core/choice/trials.ts';
import { createRecentOutputs } from './core/dialects/responses/recent-outputs.ts';
import { DAY_MS, HOUR_MS } from './core/durations.ts';
import { createEndpointWatch } from './core/health/endpoint-watch.ts';
import { dayStartMsOf } from './core/judge/daily-budget.ts';
import { JUDGE_KEY_ID } from './core/judge/judge-key.ts';
import { createRandom } from './core/learning/random.ts';
import { createTypedLearner } from './core/learning/typed-learner.ts';
import { createLoopTurns } from './core/loop/loop-turns.ts';
import { holderName } from './core/money/budget.ts';
import { createRemainders } from './core/money/remainders.ts';
import { createReAskWatch } from './core/reward/re-ask-watch.ts';
import { tasksOfType } from './core/task/operation-task.ts';
import { createKeyring } from './gateway/admission/keyring.ts';
import { createRateLimiter, type RateSettings } from './gateway/admission/rate-limits.ts';
import { createSpending } from './gateway/admission/spending.ts';
import { createCatalog } from './gateway/catalog.ts';
import type { GatewayDeps, LiveSettings } from './gateway/deps.ts';
import { createResponseKeeper } from './gateway/dialects/response-keeper.ts';
import { createExposureCaps } from './gateway/evidence/exposure-caps.ts';
import { createJudge } from './gateway/evidence/judge.ts';
import { createOfflinePrior } from './gateway/evidence/offline-prior.ts';
import { createPauses } from './gateway/evidence/pauses.ts';
import { warningMessage } from './gateway/reports/report-budgets.ts';
import { createRoutingFeed } from './gateway/reports/routing-feed.ts';
import { createCohort } from './gateway/request/cohort.ts';
import { createKeptDecisions } from './gateway/request/kept-decisions.ts';
import { createPinnedModels } from './gateway/request/pinned-models.ts';
import { createTenancy } from './gateway/tenancy.ts';
import { startHousekeeping } from './housekeeping.ts';
import { drain, watchConnections } from './http/drain.ts';
import { openLog } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { createGuard } from './providers/guard.ts';
import { openUpstreams, type Upstreams } from './providers/open-upstreams.ts';
import { SIMULATED_MODELS } from './providers/simulated/catalog.ts';
import { startReportsAhead } from './reports-ahead.ts';
import { createAnswerCache } from './store/answer-cache.ts';
import { createMinuteCounters } from './store/minute-counters.ts';
import { openStore } from './store/open.ts';
import { keepStates } from './store/process-state.ts';
import { createTracing } from './tracing.ts';
import { VERSION } from './version.ts';
import { refuseOpenToTheWorld, whoMayCome, whoMayComeNow } from './who-may-come.ts';

/** What a crash loses at most of how hard the budgets press. */
const STATE_KEPT_EVERY_MS = 5_000;
/** Another process may have paused a model, or capped one. */
const PAUSES_READ_EVERY_MS = 4_000;

export interface ServeOptions {
  readonly configPath: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** For start-up lines; everything else goes through the log. */
  readonly print: (line: string) => void;
  /** Another world than this machine's: the demo lives through two weeks in a minute. */
  readonly world?: World;
}

/** What a gateway lives in: time, and the ways to its providers. */
export interface World {
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly openUpstreams: typeof openUpstreams;
}

const THIS_WORLD: World = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  openUpstreams,
};

/** Longest that a collector which does not answer holds a shutdown. */
const TRACES_FLUSH_MS = 2_000;

/** How soon it is known what other processes spent. */
const SPENDING_REFRESH_MS = 1_000;
/** How soon reports forget a key that is revoked. Requests bring the budgets of their keys with them. */
const BUDGETS_LISTED_EVERY_MS = 60_000;

/** How soon an evaluation is known to all who share a database. */
const PRIOR_REFRESH_MS = 5_000;

/** A running gateway. */
export interface Serving {
  readonly url: string;
  /** Longest that `close` lets answers go on, by the settings in force. */
  longestDrainMs(): number;
  reload(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens store, providers, learner and server.
 *
 * @throws ConfigError, StoreUnusableError
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { env, print } = options;
  const readConfig = () => loadConfig({ path: options.configPath, env, simulatedModels: SIMULATED_MODELS });
  let config = await readConfig();
  /** What the process cannot change any more: its address, for one. */
  const started = config;
  if (!config.api.enabled) {
    throw new ConfigError(config.source ?? 'api.enabled', [
      { path: 'api.enabled', message: 'is false, and there is nothing else to serve' },
    ]);
  }
  const { nowMs, monotonicMs, openUpstreams: openWays } = options.world ?? THIS_WORLD;
  const closers: (() => unknown)[] = [];
  const { logger, attempt, close: closeLog } = openLog(env);
  closers.push(closeLog);

  try {
    // By this machine's clock, whatever world is lived in: it is its processor that is shared.
    const turns = createLoopTurns(setImmediate, THIS_WORLD.monotonicMs);
    const store = await openStore({
      url: config.store.url,
      now: nowMs,
      keySecret: env.OUTRIDER_KEY_SECRET,
      turns,
    });
    closers.push(() => store.close());
    await refuseOpenToTheWorld(config, store);

    const seed = env.OUTRIDER_SEED === undefined ? randomSeed() : Number(env.OUTRIDER_SEED);
    const random = createRandom(seed);
    const openingOptions = { nowMs, monotonicMs, random: createRandom(seed + 1) };
    let upstreams: Upstreams = await openWays(upstreamSettings(config), openingOptions);
    closers.push(() => upstreams.close());

    const guard = createGuard({
      now: nowMs,
      settings: config.routing.breaker,
      onEvent: ({ kind, endpointId }) => logger.warn({ endpoint: endpointId, event: kind }, 'breaker'),
    });
    closers.push(() => guard.close());
    guard.setEndpoints(endpointIds(config));

    const learner = createTypedLearner({
      models: config.models,
      random: createRandom(seed + 2),
    });
    const offlinePrior = createOfflinePrior({ store, learner });
    offlinePrior.use(config.models, config.learning.shippedPriors);
    await offlinePrior.refresh();
    for (const { modelId, epoch } of await store.loadEpochs()) learner.openEpoch(modelId, epoch);
    for (const { endpointId, epoch } of await store.loadEndpointEpochs()) {
      learner.openEndpointEpoch(endpointId, epoch);
    }
    const { beliefs, skipped } = await store.loadBeliefs();
    for (const delta of beliefs) learner.apply(delta);
    if (skipped > 0) logger.warn({ skipped }, 'rows of beliefs that make no sense were left out');

    const budgets = createBudgets(
      config.strategies,
      readPacerStates((await store.loadState('budgets')) ?? ''),
    );
    const thisProcess = { id: randomBytes(4).toString('hex'), startedAtMs: nowMs() };
    const feed = createRoutingFeed({ processId: thisProcess.id, nowMs, monotonicMs });
    const pauses = createPauses(store);
    const exposure = createExposureCaps(store);
    await Promise.all([pauses.refresh(), exposure.refresh()]);
    const pausesTimer = setInterval(() => {
      pauses.refresh().catch(() => {});
      exposure.refresh().catch(() => {});
    }, PAUSES_READ_EVERY_MS).unref();
    closers.push(async () => clearInterval(pausesTimer));
    const trials = createTrials(readTrials((await store.loadState('trials')) ?? ''));
    trials.setModels(config.models);
    const kept = keepStates(
      store,
      {
        budgets: () => JSON.stringify(budgets.states()),
        trials: () => JSON.stringify(trials.states()),
      },
      {
        everyMs: STATE_KEPT_EVERY_MS,
        onError: (error) =>
          logger.warn({ err: error }, 'the state of budgets and trials could not be stored'),
      },
    );
    closers.push(() => kept.close());

    const webhook = createWebhook({
      url: () => config.budgets.webhookUrl(),
      onGivenUp: (reason) => logger.warn({ reason }, 'the webhook was not told of a budget warning'),
    });
    closers.push(() => webhook.close());
    const spending = createSpending({
      store,
      settings: config.budgets,
      nowMs,
      onRefused: ({ holder, window }) => metrics.budgetRefused(holderName(holder), window),
      onWarning: (warning, keyName) => {
        const { holder, window } = warning.standing;
        const message = warningMessage(warning, keyName);
        metrics.budgetWarned(holderName(holder), window, warning.threshold);
        logger.warn(message, 'a budget reached a threshold');
        webhook.send(message);
      },
    });

    const dryRuns = createDryRunTally();
    const conversations = createConversations({
      ttlMs: () => config.routing.sessions.cacheTtlMs,
      maxCount: () => config.routing.sessions.maxSessions,
    });

    let live = liveSettings(config, upstreams, monotonicMs);
    let rates = rateSettings(config);
    const inFlight: GatewayDeps['inFlight'] = new Set();
    const judge = createJudge({
      random: createRandom(seed + 4),
      digest: (text) => createHash('sha256').update(text).digest('base64'),
    });
    const tracing = createTracing({
      version: VERSION,
      onError: (error) => logger.warn({ err: error }, 'the tracing that was preloaded throws'),
    });
    closers.push(() => Promise.race([tracing.flush(), sleep(TRACES_FLUSH_MS, undefined, { ref: false })]));
    const metrics: Metrics = createMetrics(
      {
        breakerStates: function* () {
          for (const model of live.catalog.models) {
            for (const { id, provider } of model.endpoints) {
              const { state } = guard.snapshot(id);
              yield { endpoint: id, provider, state: state === 'closed' ? 0 : state === 'half_open' ? 1 : 2 };
            }
          }
        },
        beliefs: function* () {
          for (const model of live.catalog.models) {
            for (const task of tasksOfType(model.type)) {
              const { mean, samples, evidence } = learner.qualityOf(task, model.id);
              if (evidence !== 'prior') yield { task, model: model.id, mean, samples };
            }
          }
        },
        budgets: function* () {
          for (const strategy of Object.values(config.strategies)) {
            const standing = budgets.standingOf(strategy);
            if (standing) yield { strategy: strategy.name, ...standing };
          }
        },
        spending: () => spending.standings().map(({ standing }) => standing),
        conversations: () => conversations.count(),
        sources: function* () {
          for (const source of learner.sources()) yield { source, ...learner.reliabilityOf(source) };
        },
        trials: () => Object.entries(trials.states()),
        journal: () => store.journal.lag(),
        inFlight: () => inFlight.size,
        cache: () => live.cache?.standing() ?? { answers: 0, bytes: 0 },
        judge: () => judge.standing(nowMs()),
      },
      turns,
    );
    const gateway: GatewayDeps = {
      get live() {
        return live;
      },
      learner,
      offlinePrior,
      budgets,
      spending,
      conversations,
      dryRuns,
      trials,
      pauses,
      exposure,
      feed,
      process: thisProcess,
      pins: createPinnedModels({ store, nowMs, monotonicMs }),
      guard,
      store,
      watch: createEndpointWatch(nowMs),
      remainders: createRemainders(),
      reAsks: createReAskWatch({
        seed: Math.floor(createRandom(seed + 3)() * 2 ** 31),
        windowMs: () => config.evidence.reAskSeconds * 1000,
      }),
      judge,
      responses: createResponseKeeper({
        store,
        recent: createRecentOutputs(() => config.responses.recentMinutes * 60_000),
        log: { warn: (fields, message) => logger.warn(fields, message) },
        nowMs,
      }),
      metrics,
      tracing,
      log: {
        attempt,
        warn: (fields, message) => logger.warn(fields, message),
        error: (fields, message) => logger.error(fields, message),
      },
      random,
      nowMs,
      monotonicMs,
      turns,
      newRequestId: () => newRequestId(nowMs()),
      decisions: createKeptDecisions({
        newId: () => randomBytes(16).toString('hex'),
        digest: (text) => createHash('sha256').update(text).digest('base64'),
        monotonicMs,
      }),
      cohort: createCohort(),
      inFlight,
      judgedRequests: new Set(),
      speedQuietUntilMs: new Map(),
    };

    const { isLoopback } = config.api.address;
    let isDraining = false;
    const keyring = createKeyring({
      store,
      isRequired: () => config.api.requireAuth,
      modelsAt: (providers) => live.catalog.modelsAt(providers),
      nowMs,
      monotonicMs,
    });
    const app = await buildApp({
      version: VERSION,
      gateway,
      keyring,
      adminKeys: {
        store,
        keyring,
        known: () => namesIn(config),
        plans: () => config.plans,
        isLoopback,
        log: { info: (fields, message) => logger.info(fields, message) },
        nowMs,
      },
      rateLimiter: createRateLimiter({
        counters: createMinuteCounters(),
        settings: () => rates,
        nowMs,
        monotonicMs,
        onRefused: (limit, of) => metrics.rateLimited(limit, of),
      }),
      // A reachable address is open only where an operator said so, under whatever name.
      isOwnHost: (hostname) => !isLoopback || isLoopbackHost(hostname),
      logger,
      bodyLimitBytes: config.api.bodyLimitBytes,
      uploadFolder: tmpdir(),
      isModelListPublic: config.api.publicModels,
      trustedProxies: config.api.trustedProxies,
      corsOrigins: config.api.corsEnabled ? config.api.corsOrigins : [],
      maxRealtimeSessions: () => config.realtime.maxSessions,
      clientSecrets: {
        hash: (text) => store.hashKey(text),
        newSessionId: () => `sess_${randomBytes(12).toString('hex')}`,
      },
      dashboard: {
        assetsFolder: fileURLToPath(new URL('../dist/dashboard', import.meta.url)),
        newSecret: () => randomBytes(32).toString('base64url'),
        monotonicMs,
      },
      notReadyBecause: async () => [
        ...(isDraining ? ['shutting down'] : []),
        ...((await store.isHealthy()) ? [] : ['storage unavailable']),
        ...(config.models.length === 0 ? ['no models'] : []),
      ],
      renderMetrics: () => metrics.render(),
    });
    closers.push(() => app.close());
    closers.push(() => judge.close());
    const connections = watchConnections(app.server);
    const url = await app.listen({ host: config.api.address.host, port: config.api.address.port });

    // Only now is it certain that no other process serves on this file: its attempts would be ended under its feet.
    const abandoned = await store.recoverPending();
    if (abandoned.length > 0) {
      logger.warn(
        { attempts: abandoned.length },
        'attempts left by a process that died count as unknown, charged at their estimate',
      );
    }
    await spending.begin();
    // What was known stays while storage is away.
    const spendingTimer = setInterval(() => {
      if (isShared(config)) spending.refresh().catch(() => undefined);
    }, SPENDING_REFRESH_MS);
    closers.push(() => clearInterval(spendingTimer));
    const budgetsTimer = setInterval(() => {
      if (spending.standings().length > 0) spending.listKeys().catch(() => undefined);
    }, BUDGETS_LISTED_EVERY_MS);
    closers.push(() => clearInterval(budgetsTimer));
    const priorTimer = setInterval(() => {
      // Other processes push evaluations too. While storage is away, what was known stays.
      offlinePrior.refresh().catch(() => undefined);
    }, PRIOR_REFRESH_MS);
    closers.push(() => clearInterval(priorTimer));
    const housekeeping = startHousekeeping({
      store,
      retention: () => config.retention,
      nowMs,
      monotonicMs,
      onRemoved: (what, rows) => metrics.rowsRemoved(what, rows),
      log: {
        info: (fields, message) => logger.info(fields, message),
        warn: (fields, message) => logger.warn(fields, message),
      },
    });
    closers.push(() => housekeeping.close());
    const dayStartMs = dayStartMsOf(nowMs());
    const [judgedToday] = await store.readUsage({
      fromMs: dayStartMs,
      toMs: dayStartMs + DAY_MS,
      groupBy: [],
      keyId: JUDGE_KEY_ID,
    });
    judge.begin(judgedToday?.costMicroUsd ?? 0, nowMs());
    const ahead = startReportsAhead(gateway);
    closers.push(() => ahead.close());
    for (const line of describeConfig(config)) print(line);
    print(`Outrider listens on ${url}${whoMayCome(config, await store.hasKeys())}`);

    /** Requests that began before keep what they planned with until they end, stand-ins included. */
    const retire = async (former: {
      readonly upstreams: Upstreams;
      readonly users: LiveSettings['users'];
    }) => {
      await former.users.whenFree();
      await former.upstreams.drain();
    };
    // Two that ran side by side could end in any order, and leave the older file in force.
    const takeOver = oneAtATime(async () => {
      const fresh = await readConfig();
      await refuseOpenToTheWorld({ ...fresh, api: { ...fresh.api, address: started.api.address } }, store);
      const needed = restartNeeded(started, fresh);
      if (needed.length > 0) logger.warn({ settings: needed }, 'these settings change only with a restart');
      for (const change of priceChanges(config.models, fresh.models)) {
        logger.warn(change, 'price changed: the next choices count with the new one');
      }
      const opened = await openWays(upstreamSettings(fresh), openingOptions);
      const former = { upstreams, users: live.users, api: config.api, baseline: live.routing.baseline };
      live = liveSettings(fresh, opened, monotonicMs);
      rates = rateSettings(fresh);
      upstreams = opened;
      config = fresh;
      learner.setModels(fresh.models);
      budgets.setStrategies(fresh.strategies);
      spending.use(fresh.budgets);
      trials.setModels(fresh.models);
      offlinePrior.use(fresh.models, fresh.learning.shippedPriors);
      if (live.routing.baseline !== former.baseline) dryRuns.reset();
      guard.setEndpoints(endpointIds(fresh));
      if (fresh.api.requireAuth !== former.api.requireAuth) logger.warn(whoMayComeNow(fresh));
      logger.info({ models: fresh.models.length }, 'configuration read again');
      return { retired: retire(former) };
    });
    return {
      url,
      longestDrainMs: () => (config.api.unreadySeconds + config.api.drainSeconds) * 1000,
      async reload() {
        try {
          const { retired } = await takeOver();
          await retired;
        } catch (error) {
          logger.error({ err: error }, 'the configuration was not taken over; the old one stays in force');
        }
      },
      async close() {
        isDraining = true;
        connections.keepNone();
        await sleep(config.api.unreadySeconds * 1000);
        feed.close();
        await drain(app.server, connections, config.api.drainSeconds * 1000, () => {
          for (const call of inFlight) call.abort('shutdown');
        });
        await closeAll(closers);
      },
    };
  } catch (error) {
    // Why it cannot start is what counts; what fails on the way out follows from it.
    await closeAll(closers).catch(() => undefined);
    throw error;
  }
}

/** Runs every one, the log's last, and then throws what the first of them threw. */
async function closeAll(closers: (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (let close = closers.pop(); close; close = closers.pop()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

const CHANCE_BYTES = 10;
const chance = Buffer.alloc(400 * CHANCE_BYTES);
let chanceUsed = chance.length;

/**
 * 48 bits of time, then 80 of chance, drawn for 400 ids at a time. Ids in the order of time fall on the same few pages of the database: scattered
 * ones wrote 24 kB for each request instead of 6, and took twice the CPU.
 */
function newRequestId(atMs: number): string {
  if (chanceUsed === chance.length) {
    randomFillSync(chance);
    chanceUsed = 0;
  }
  const drawn = chance.toString('hex', chanceUsed, chanceUsed + CHANCE_BYTES);
  chanceUsed += CHANCE_BYTES;
  return `req_${atMs.toString(16).padStart(12, '0')}${drawn}`;
}

/** Whether other processes may spend from the same budgets. */
function isShared({ store }: Config): boolean {
  return store.url.startsWith('postgres');
}

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

function endpointIds(config: Config): string[] {
  return config.models.flatMap((model) => model.endpoints.map(({ id }) => id));
}

function liveSettings(config: Config, { byProvider }: Upstreams, monotonicMs: () => number): LiveSettings {
  const { cache } = config;
  return {
    cache: cache.enabled
      ? createAnswerCache({ ttlMs: cache.ttlSeconds * 1000, maxBytes: cache.maxBytes, monotonicMs })
      : undefined,
    catalog: createCatalog(config),
    upstreams: byProvider,
    places: providerPlaces(config.providers),
    routing: routingSettings(config),
    judge: config.judge.enabled ? config.judge : undefined,
    responses: {
      retentionMs: config.responses.retentionHours * HOUR_MS,
      pinMs: config.responses.pinDays * DAY_MS,
      nativeProviders: new Set(
        Object.values(config.providers).flatMap(({ name, responses }) => (responses ? [name] : [])),
      ),
    },
    realtime: {
      idleMs: config.realtime.idleSeconds * 1000,
      sessionMs: config.realtime.sessionSeconds * 1000,
    },
    users: createTenancy(),
  };
}

function rateSettings({ api, plans }: Config): RateSettings {
  return {
    gateway: { requestsPerMinute: api.maxRequestsPerMinute, tokensPerMinute: api.maxTokensPerMinute },
    plans,
    parallelPerKey: api.maxParallelRequestsPerKey,
  };
}

function routingSettings(config: Config): GatewayDeps['live']['routing'] {
  const { routing, providers } = config;
  return {
    defaultStrategy: routing.defaultStrategy,
    baseline: routing.mode === 'observe' ? routing.baseline : undefined,
    maxExtraAttempts: routing.maxExtraAttempts,
    refusesUnsupportedParameters: routing.unsupportedParameters === 'refuse',
    exploration: routing.exploration,
    keyDayWeight: config.evidence.maxWeightPerKeyPerDay,
    totalMs: routing.timeouts.totalMs,
    clientMs: routing.timeouts.clientMs,
    streamUsageProviders: new Set(
      Object.values(providers).flatMap(({ name, streamUsage }) => (streamUsage ? [name] : [])),
    ),
  };
}

function upstreamSettings(config: Config) {
  return Object.values(config.providers).map((provider) => ({
    name: provider.name,
    kind: provider.kind,
    baseUrl: provider.baseUrl,
    apiKey: provider.apiKey(),
    headers: provider.headers(),
    region: provider.region,
    awsKeys: provider.awsKeys(),
    maxConnections: provider.maxConnections,
    timeouts: config.routing.timeouts,
  }));
}
