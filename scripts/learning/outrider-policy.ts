import type { Capability, Model } from '../../src/core/catalog/model.ts';
import type { Candidate } from '../../src/core/choice/choice-input.ts';
import { decide } from '../../src/core/choice/decide.ts';
import { createPacer } from '../../src/core/choice/pacer.ts';
import type { Strategy } from '../../src/core/choice/strategy.ts';
import type { QualityPrior } from '../../src/core/learning/contract.ts';
import type { EvidenceSource } from '../../src/core/learning/delta.ts';
import { createLearner } from '../../src/core/learning/learner.ts';
import { createRandom, type Random } from '../../src/core/learning/random.ts';
import { EVIDENCE_WEIGHTS } from '../../src/core/reward/evidence-weight.ts';
import { qualityDelta } from '../../src/core/reward/verdict.ts';
import type { RequestProfile, Task } from '../../src/core/task/task.ts';
import type { Policy, ReplayRequest, ReplayWorld } from './policy.ts';
import type { TableCatalog } from './table-catalog.ts';

const NO_NEEDS: ReadonlySet<Capability> = new Set();

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
  const pacer = options.budgetUsd === undefined ? undefined : createPacer(options.budgetUsd);
  const epochsAtChoice = new Map<number, number>();
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
      const { ranking } = decide({
        profile: profileOf(request),
        candidates,
        strategy,
        learner,
        random,
        explore: options.explore,
        isExplicit: false,
        costPenalty: pacer?.costPenalty(options.valueOfQualityUsd),
      });
      propensities.fill(0);
      for (const { modelId, propensity, quality } of ranking) {
        const model = modelIds.indexOf(modelId);
        propensities[model] = propensity;
        predictions[model] = quality;
      }
      const chosen = ranking[0]?.modelId ?? '';
      epochsAtChoice.set(request.time, learner.epochOf(chosen));
      return modelIds.indexOf(chosen);
    },
    observe: (request, model, outcome) => {
      pacer?.observe(outcome.costUsd);
      if (!(outcome.outputTokens > 0)) return;
      const log = Math.log(outcome.outputTokens);
      learner.apply({
        kind: 'tokens',
        subject: modelIds[model] ?? '',
        task: taskOf(request),
        source: '',
        epoch: epochsAtChoice.get(request.time) ?? 0,
        a: 1,
        b: log,
        c: log * log,
      });
    },
    learn: (request, model, quality) => {
      const modelId = modelIds[model] ?? '';
      const task = taskOf(request);
      const { source } = options;
      if (learner.watchQuality(modelId, task, quality)) {
        alarmCount += 1;
        learner.openEpoch(modelId, learner.epochOf(modelId) + 1);
      }
      const look = learner.secondLook();
      if (look !== undefined) learner.openEpoch(look.modelId, look.epoch);
      const epoch = epochsAtChoice.get(request.time) ?? 0;
      epochsAtChoice.delete(request.time);
      learner.apply(
        qualityDelta(
          { modelId, task, epoch, reason: 'auto' },
          { source, quality, weight: EVIDENCE_WEIGHTS[source] },
        ),
      );
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
