import type { Capability, Model } from '../../src/core/catalog/model.ts';
import type { Candidate } from '../../src/core/choice/choice-input.ts';
import { decide } from '../../src/core/choice/decide.ts';
import { createPacer } from '../../src/core/choice/pacer.ts';
import type { Strategy } from '../../src/core/choice/strategy.ts';
import type { QualityPrior } from '../../src/core/learning/contract.ts';
import type { BeliefDelta, EvidenceSource } from '../../src/core/learning/delta.ts';
import { createLearner } from '../../src/core/learning/learner.ts';
import { createRandom, type Random } from '../../src/core/learning/random.ts';
import { type AnswerEvidence, changeByFeedback } from '../../src/core/reward/feedback-change.ts';
import type { RequestProfile, Task } from '../../src/core/task/task.ts';
import type { Policy, ReplayRequest, ReplayWorld } from './policy.ts';
import type { TableCatalog } from './table-catalog.ts';

const NO_NEEDS: ReadonlySet<Capability> = new Set();

/** What the router is told of how often its judge is wrong: nothing, all of it, or nothing for good. */
export const RELIABILITIES = ['learnt', 'known', 'unlearnt'] as const;

export interface ReplayJudge {
  readonly share: number;
  readonly reliability: (typeof RELIABILITIES)[number];
  /** Probability that it says the opposite, for `known`. */
  readonly flip: number;
  readonly random: Random;
}

/** Pairs of which a reliability is known. */
const KNOWN_PAIRS = 100_000;
const KNOWN_QUALITY = 0.65;

/**
 * The router itself: `core/` as the server uses it, fed by the table instead of by upstreams.
 *
 * @param source how much a label counts: that of a person, or of a judge
 */
export function outriderPolicy(
  catalog: TableCatalog,
  options: {
    readonly valueOfQualityUsd: number;
    readonly explore: boolean;
    readonly source: EvidenceSource;
    /** Mean cost of a request to be kept to, USD. */
    readonly budgetUsd?: number;
    readonly prior?: QualityPrior;
    /** A judge beside the labels, as under `[judge]`. */
    readonly judge?: ReplayJudge;
    /** ε, as `routing.exploration`; the default where left out. */
    readonly floorShare?: number;
  },
  random: Random,
): Policy {
  const strategy: Strategy = {
    name: 'replay',
    kind: 'bandit',
    valueOfQualityUsd: options.valueOfQualityUsd,
    valueOfSecondUsd: 0,
    generationTimeWeight: 1,
    minQuality: 0,
  };
  const learner = createLearner({ models: catalog.models, random: createRandom(1), prior: options.prior });
  const modelIds = catalog.models.map(({ id }) => id);
  const propensities = new Float64Array(modelIds.length);
  const predictions = new Float64Array(modelIds.length);
  const { judge } = options;
  if (judge?.reliability === 'known') for (const delta of knownFlip(judge.flip)) learner.apply(delta);
  const pacer = options.budgetUsd === undefined ? undefined : createPacer(options.budgetUsd);
  const timeToEvidence = new Map<number, AnswerEvidence>();
  let isJudged = false;
  let candidates: Candidate[] = [];
  let alarmCount = 0;

  function profileOf(request: ReplayRequest): RequestProfile {
    return {
      task: taskOf(request),
      confidence: 1,
      complexity: 0.5,
      language: 'en',
      needs: NO_NEEDS,
      inputTokens: Math.round(catalog.inputTokens[request.prompt] ?? 0),
      choices: 1,
    };
  }

  function taskOf(request: ReplayRequest): Task {
    return catalog.tableTaskToTask[request.task] ?? 'unknown';
  }

  return {
    enter: (world: ReplayWorld) => {
      const models = catalog.models.flatMap((model, index) =>
        world.isPresent(index) ? [repriced(model, world.priceFactor(index))] : [],
      );
      learner.setModels(models);
      candidates = models.flatMap((model) => model.endpoints.map((endpoint) => ({ model, endpoint })));
    },
    choose: (request) => {
      const { ranking, judgedWith } = decide({
        profile: profileOf(request),
        candidates,
        strategy,
        learner,
        random,
        explore: options.explore,
        floorShare: options.floorShare,
        isExplicit: false,
        costPenalty: pacer?.costPenalty(options.valueOfQualityUsd),
        judging: judge && {
          share: judge.share,
          drawn: judge.random(),
          weight: learner.reliabilityOf('judge').weight,
        },
      });
      isJudged = (judgedWith ?? 0) > 0;
      propensities.fill(0);
      for (const { modelId, propensity, quality } of ranking) {
        const model = modelIds.indexOf(modelId);
        propensities[model] = propensity;
        predictions[model] = quality;
      }
      const chosen = ranking[0]?.modelId ?? '';
      timeToEvidence.set(request.time, {
        requestId: String(request.time),
        modelId: chosen,
        task: taskOf(request),
        epoch: learner.epochOf(chosen),
        reason: 'auto',
        automatic: undefined,
        feedback: [],
      });
      return modelIds.indexOf(chosen);
    },
    isJudged: () => isJudged,
    observe: (request, model, outcome) => {
      pacer?.observe(outcome.costUsd);
      if (!(outcome.outputTokens > 0)) return;
      const log = Math.log(outcome.outputTokens);
      learner.apply({
        kind: 'tokens',
        subject: modelIds[model] ?? '',
        task: taskOf(request),
        source: '',
        epoch: timeToEvidence.get(request.time)?.epoch ?? 0,
        a: 1,
        b: log,
        c: log * log,
      });
    },
    learn: (request, _model, quality, asJudge) => {
      const evidence = timeToEvidence.get(request.time);
      if (evidence === undefined) return;
      const { modelId, task } = evidence;
      const source = asJudge ?? options.source;
      const verdict = { sourceName: source, source, quality, comment: '', signals: '' };
      const change = changeByFeedback(evidence, verdict, request.time);
      if (evidence.feedback.length === 0) {
        if (learner.watchQuality(modelId, task, quality, source === 'judge' ? source : undefined)) {
          alarmCount += 1;
          learner.openEpoch(modelId, learner.epochOf(modelId) + 1);
        }
        const look = learner.secondLook();
        if (look !== undefined) learner.openEpoch(look.modelId, look.epoch);
      }
      for (const delta of change.deltas) {
        if (judge?.reliability === 'unlearnt' && delta.kind.startsWith('agreement')) continue;
        learner.apply(delta);
      }
      timeToEvidence.set(request.time, {
        ...evidence,
        feedback: change.upsert ? [...evidence.feedback, change.upsert] : evidence.feedback,
      });
    },
    propensities: () => propensities,
    predictions: () => predictions,
    alarms: () => alarmCount,
  };
}

function repriced(model: Model, factor: number): Model {
  if (factor === 1) return model;
  return {
    ...model,
    endpoints: model.endpoints.map((endpoint) => ({
      ...endpoint,
      price: {
        inputUsdPerMillion: endpoint.price.inputUsdPerMillion * factor,
        outputUsdPerMillion: endpoint.price.outputUsdPerMillion * factor,
        cachedInputUsdPerMillion: endpoint.price.cachedInputUsdPerMillion * factor,
      },
    })),
  };
}

/** As if so many answers had been both labelled and judged by one who is wrong on this share of them. */
function knownFlip(flip: number): BeliefDelta[] {
  const about = { subject: 'judge', task: 'unknown', source: '', epoch: 0 } as const;
  const good = KNOWN_PAIRS * KNOWN_QUALITY;
  const approved = flip * KNOWN_PAIRS + (1 - 2 * flip) * good;
  return [
    { kind: 'agreement', ...about, a: KNOWN_PAIRS, b: good, c: approved },
    { kind: 'agreement_squares', ...about, a: (1 - flip) * good, b: good, c: approved },
  ];
}
