import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import {
  type AdminKeysDeps,
  changeKey,
  createKey,
  listKeys,
  revokeKey,
  showKey,
} from './gateway/admission/admin-keys.ts';
import { createClientSecret } from './gateway/admission/client-secrets.ts';
import type { Keyring } from './gateway/admission/keyring.ts';
import type { RateLimiter } from './gateway/admission/rate-limits.ts';
import type { GatewayDeps } from './gateway/deps.ts';
import { countMessageTokens, createMessage } from './gateway/dialects/messages.ts';
import { createResponse, deleteResponse, readResponse } from './gateway/dialects/responses.ts';
import { listEvaluations, pushEvaluation, retractEvaluation } from './gateway/evidence/evaluations.ts';
import { capExposure, listExposure } from './gateway/evidence/exposure-caps.ts';
import { giveFeedback, retractFeedback } from './gateway/evidence/feedback.ts';
import { pauseModel } from './gateway/evidence/pauses.ts';
import { reevaluateModel } from './gateway/evidence/reevaluate.ts';
import { listChanges } from './gateway/reports/changes.ts';
import { forecastCost } from './gateway/reports/cost-forecast.ts';
import { dryRun } from './gateway/reports/dry-run.ts';
import { explainRequest } from './gateway/reports/explain.ts';
import { listFeedback, showFeedback } from './gateway/reports/feedback-list.ts';
import { reportHealth } from './gateway/reports/health.ts';
import { describeModelNamed, listModels } from './gateway/reports/list-models.ts';
import { reportPatterns } from './gateway/reports/patterns.ts';
import { rankModels } from './gateway/reports/rankings.ts';
import { recommendModels } from './gateway/reports/recommendations.ts';
import { replayPolicies } from './gateway/reports/replay.ts';
import { reportBudgets } from './gateway/reports/report-budgets.ts';
import { listRequests } from './gateway/reports/request-list.ts';
import { listRunnable } from './gateway/reports/runnable.ts';
import { reportSavings } from './gateway/reports/savings.ts';
import { reportSources } from './gateway/reports/sources.ts';
import { forecastSpending } from './gateway/reports/spend-forecast.ts';
import { reportUsage } from './gateway/reports/usage.ts';
import { CHAT } from './gateway/request/operations/chat.ts';
import { COMPLETIONS } from './gateway/request/operations/completions.ts';
import { EMBEDDINGS } from './gateway/request/operations/embeddings.ts';
import { IMAGES } from './gateway/request/operations/images.ts';
import { MODERATION } from './gateway/request/operations/moderation.ts';
import { REALTIME } from './gateway/request/operations/realtime.ts';
import { RERANK } from './gateway/request/operations/rerank.ts';
import { speechOperationOf } from './gateway/request/operations/speech.ts';
import { TRANSCRIPTION, TRANSLATION } from './gateway/request/operations/transcription.ts';
import {
  forgetEmbeddingModel,
  listPinnedModels,
  moveEmbeddingModel,
} from './gateway/request/pinned-models.ts';
import { runJob } from './gateway/request/run-job.ts';
import { matchAddresses } from './http/admission/address-ranges.ts';
import { registerAuth } from './http/admission/auth.ts';
import { registerCors } from './http/admission/cors.ts';
import { registerRateLimits } from './http/admission/rate-limits.ts';
import { answerClientError, answerInOurWords } from './http/client-errors.ts';
import { type DashboardOptions, registerDashboard } from './http/dashboard/dashboard.ts';
import { answerError, registerErrors } from './http/errors.ts';
import { registerEtags } from './http/etag.ts';
import { registerAudio } from './http/inference/audio.ts';
import { registerChat } from './http/inference/chat.ts';
import { registerClientSecrets } from './http/inference/client-secrets.ts';
import type { InferenceDeps } from './http/inference/inference.ts';
import { registerMessages } from './http/inference/messages.ts';
import { registerModelEndpoints } from './http/inference/model-endpoints.ts';
import { registerForms } from './http/inference/read-form.ts';
import { registerRealtime } from './http/inference/realtime.ts';
import { registerResponses } from './http/inference/responses.ts';
import { registerChanges } from './http/intelligence/changes.ts';
import { registerCostForecast } from './http/intelligence/cost-forecast.ts';
import { registerFeedback } from './http/intelligence/feedback.ts';
import { registerFeedbackList } from './http/intelligence/feedback-list.ts';
import { registerIntelligence } from './http/intelligence/intelligence.ts';
import { registerModelActions } from './http/intelligence/model-actions.ts';
import { registerPatterns } from './http/intelligence/patterns.ts';
import { registerPriors } from './http/intelligence/priors.ts';
import { registerRequestList } from './http/intelligence/request-list.ts';
import { registerRoute } from './http/intelligence/route.ts';
import { registerRoutingStream } from './http/intelligence/routing-stream.ts';
import { registerSavings } from './http/intelligence/savings.ts';
import { registerBudgets } from './http/keys/budgets.ts';
import { registerKeys } from './http/keys/keys.ts';
import { registerUsage } from './http/keys/usage.ts';
import { registerEmbeddingModels } from './http/models/embedding-models.ts';
import { registerModels } from './http/models/models.ts';
import { registerOpenApi } from './http/openapi.ts';
import { registerOperations } from './http/operations.ts';
import { registerJsonBodies } from './http/read-json.ts';
import { UpgradeMessage } from './http/upgrade-message.ts';

export interface AppOptions {
  /** Of the program. */
  readonly version: string;
  readonly gateway: GatewayDeps;
  readonly keyring: Keyring;
  readonly rateLimiter: RateLimiter;
  readonly adminKeys: AdminKeysDeps;
  /** The host names by which callers without a key may call while none is asked for. */
  readonly isOwnHost: (hostname: string) => boolean;
  readonly logger: FastifyBaseLogger;
  readonly bodyLimitBytes: number;
  /** Where recordings wait that are too large for memory. */
  readonly uploadFolder: string;
  readonly isModelListPublic: boolean;
  /** IP addresses and CIDR blocks whose `X-Forwarded-For` says where a request came from. */
  readonly trustedProxies: readonly string[];
  /** Empty: no page of another origin gets an answer. */
  readonly corsOrigins: readonly string[];
  readonly maxRealtimeSessions: () => number;
  readonly clientSecrets: Pick<Parameters<typeof createClientSecret>[0], 'hash' | 'newSessionId'>;
  readonly dashboard: DashboardOptions;
  readonly notReadyBecause: () => Promise<readonly string[]>;
  readonly renderMetrics: () => Promise<{ contentType: string; text: string }>;
}

/** Recordings on their way, of all requests together. */
const MAX_UPLOADS_IN_MEMORY_BYTES = 256 * 1024 * 1024;
const MAX_UPLOADS_ON_DISK_BYTES = 4 * 1024 * 1024 * 1024;
/** Further ones are closed at once: without a bound, idle sockets take the memory and the file descriptors. */
const MAX_CONNECTIONS = 10_000;
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The whole HTTP surface on what it is handed: no environment, no globals, not listening yet. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { gateway } = options;
  const app = Fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Lines name their request themselves; a logger for each request was 3 µs.
    childLoggerFactory: (logger) => logger,
    bodyLimit: options.bodyLimitBytes,
    // Slow senders: a request must be whole within a minute. Answers may take as long as their own deadlines allow.
    requestTimeout: 60_000,
    keepAliveTimeout: 75_000,
    routerOptions: { maxParamLength: 512 },
    return503OnClosing: false,
    trustProxy: options.trustedProxies.length > 0 && matchAddresses(options.trustedProxies),
    // Node's own refusal has no body; `registerAuth` refuses in ours.
    http: { requireHostHeader: false, IncomingMessage: UpgradeMessage },
    // What fails before a route is found: a URL that cannot be decoded, bytes that are no HTTP.
    frameworkErrors: answerError,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, gateway.newRequestId),
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : gateway.newRequestId();
    },
  });

  app.server.maxConnections = MAX_CONNECTIONS;
  answerInOurWords(app.server, gateway.newRequestId);
  registerJsonBodies(app);
  registerForms(app, {
    folder: options.uploadFolder,
    maxMemoryBytes: MAX_UPLOADS_IN_MEMORY_BYTES,
    maxDiskBytes: MAX_UPLOADS_ON_DISK_BYTES,
  });
  registerErrors(app);
  if (options.corsOrigins.length > 0) await registerCors(app, options.corsOrigins);
  const lookAgain = registerAuth(app, options.keyring, options.isOwnHost);
  registerRateLimits(app, options.rateLimiter);
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (!reply.hasHeader('x-request-id')) reply.header('x-request-id', request.id);
    done();
  });

  registerEtags(app);
  registerOpenApi(app, options.version);
  const inference: InferenceDeps = {
    runJob: (job, client) => runJob(gateway, job, client),
    monotonicMs: gateway.monotonicMs,
    clientMs: () => gateway.live.routing.clientMs,
  };
  registerChat(app, inference, CHAT);
  registerRoute(app, { dryRun: (job) => dryRun(gateway, job), monotonicMs: gateway.monotonicMs }, CHAT);
  registerModelEndpoints(app, inference, {
    completions: COMPLETIONS,
    embeddings: EMBEDDINGS,
    images: IMAGES,
    moderation: MODERATION,
    rerank: RERANK,
  });
  registerAudio(app, inference, {
    speechOf: speechOperationOf,
    transcription: TRANSCRIPTION,
    translation: TRANSLATION,
  });
  registerRealtime(app, inference, {
    operation: REALTIME,
    corsOrigins: options.corsOrigins,
    maxFrameBytes: options.bodyLimitBytes,
    maxSessions: options.maxRealtimeSessions,
  });
  registerClientSecrets(app, (caller, wishes) =>
    createClientSecret(
      { ...options.clientSecrets, catalog: gateway.live.catalog, nowMs: gateway.nowMs },
      caller,
      wishes,
    ),
  );
  registerEmbeddingModels(app, {
    list: () => listPinnedModels(gateway),
    move: (keyName, modelId) => moveEmbeddingModel(gateway, keyName, modelId),
    forget: (keyName) => forgetEmbeddingModel(gateway, keyName),
  });
  registerResponses(app, {
    createResponse: (call, body, sent, client) => createResponse(gateway, call, body, sent, client),
    readResponse: (responseId, keyId) => readResponse(gateway, responseId, keyId),
    deleteResponse: (responseId, keyId) => deleteResponse(gateway, responseId, keyId),
    monotonicMs: gateway.monotonicMs,
    clientMs: () => gateway.live.routing.clientMs,
  });
  registerMessages(app, {
    createMessage: (call, body, client) => createMessage(gateway, call, body, client),
    countMessageTokens,
    monotonicMs: gateway.monotonicMs,
    clientMs: () => gateway.live.routing.clientMs,
  });
  registerModels(
    app,
    {
      listModels: (permits) => listModels(gateway, permits),
      describeModel: (id, permits) => describeModelNamed(gateway, id, permits),
      listRunnable: (query, permits) => listRunnable(gateway, query, permits),
    },
    { isPublic: options.isModelListPublic },
  );
  registerFeedback(app, {
    giveFeedback: (call, body) => giveFeedback(gateway, call, body),
    retractFeedback: (call, source) => retractFeedback(gateway, call, source),
  });
  registerFeedbackList(app, {
    listFeedback: (query, viewer) => listFeedback(gateway, query, viewer),
    showFeedback: (requestId, viewer) => showFeedback(gateway, requestId, viewer),
  });
  registerIntelligence(app, {
    rankModels: (query, visibleModels) => rankModels(gateway, query, visibleModels),
    recommendModels: (query, visibleModels) => recommendModels(gateway, query, visibleModels),
    reportHealth: (query, visibleModels) => reportHealth(gateway, query, visibleModels),
    reportSources: (visibleModels) => reportSources(gateway, visibleModels),
    explainRequest: (requestId, viewer) => explainRequest(gateway, requestId, viewer),
  });
  registerChanges(app, {
    listChanges: (query, visibleModels) => listChanges(gateway, query, visibleModels),
  });
  registerCostForecast(app, {
    forecastCost: (body, visibleModels) => forecastCost(gateway, body, visibleModels),
    forecastSpending: (query, keyId) => forecastSpending(gateway, query, keyId),
  });
  registerPatterns(app, { reportPatterns: (query, viewer) => reportPatterns(gateway, query, viewer) });
  registerSavings(app, {
    reportSavings: (query, visibleModels) => reportSavings(gateway, query, visibleModels),
    replayPolicies: (body, visibleModels) => replayPolicies(gateway, body, visibleModels),
  });
  registerModelActions(app, {
    reevaluateModel: (id, maxRequests) => reevaluateModel(gateway, id, maxRequests),
    pauseModel: (id, isPaused) => pauseModel(gateway, id, isPaused),
    capExposure: (id, wish) => capExposure(gateway, id, wish),
    listExposure: (visibleModels) => listExposure(gateway, visibleModels),
  });
  registerPriors(app, {
    pushEvaluation: (body) => pushEvaluation(gateway, body),
    listEvaluations: () => listEvaluations(gateway),
    retractEvaluation: (name) => retractEvaluation(gateway, name),
  });
  registerBudgets(app, { reportBudgets: (keyId) => reportBudgets(gateway.spending, keyId) });
  registerRequestList(app, {
    listRequests: (query, keyId, visibleModels) => listRequests(gateway, query, keyId, visibleModels),
  });
  registerRoutingStream(app, gateway.feed, lookAgain);
  registerUsage(app, { reportUsage: (query, keyId) => reportUsage(gateway, query, keyId) });
  registerKeys(app, {
    createKey: (caller, wishes) => createKey(options.adminKeys, caller, wishes),
    listKeys: (caller, page) => listKeys(options.adminKeys, caller, page),
    showKey: (caller, id) => showKey(options.adminKeys, caller, id),
    changeKey: (caller, id, wishes) => changeKey(options.adminKeys, caller, id, wishes),
    revokeKey: (caller, id) => revokeKey(options.adminKeys, caller, id),
  });
  registerOperations(app, options);
  await registerDashboard(app, options.dashboard);
  return app;
}
