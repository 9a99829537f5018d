import { MODEL_TYPES, type Model, type ModelType } from '../catalog/model.ts';
import { tasksOfType, typeOfTask } from '../task/operation-task.ts';
import type { Learner, QualityPrior } from './contract.ts';
import { createLearner } from './learner.ts';
import type { Random } from './random.ts';

/** A learner for each type of model behind one, told apart by the task; of a model's own affairs, by its type. */
export interface TypedLearner extends Learner {
  /** The learner of one type alone, for choices: it spares looking for the type at every call. */
  ofType(type: ModelType): Learner;
}

/**
 * Embedding, image and other models share nothing with chat but the way in which is learnt: task baselines, the slope
 * of the price, how much models differ between tasks, usual sizes and speeds are fitted within one type. In one fit with
 * chat, a thousand embeddings without a fault would lift what is believed of every chat model, and a picture's ten
 * seconds would be the first guess for a new endpoint.
 *
 * A model or endpoint that is in no catalogue yet belongs to every type as far as its epoch goes, and to the type of the
 * task as far as its evidence goes.
 */
export function createTypedLearner(options: {
  readonly models: readonly Model[];
  readonly random: Random;
}): TypedLearner {
  const typeToLearner = new Map<ModelType, Learner>(
    MODEL_TYPES.map((type) => [
      type,
      createLearner({ models: modelsOfType(options.models, type), random: options.random }),
    ]),
  );
  const chat = ofType('chat');
  const all = [...typeToLearner.values()];
  let modelToType = new Map<string, ModelType>();
  let endpointToType = new Map<string, ModelType>();
  noteTypes(options.models);

  function ofType(type: ModelType): Learner {
    const learner = typeToLearner.get(type);
    if (learner === undefined) throw new RangeError(`no learner for models of type ${type}`);
    return learner;
  }

  function noteTypes(models: readonly Model[]): void {
    modelToType = new Map(models.map(({ id, type }) => [id, type]));
    endpointToType = new Map(
      models.flatMap(({ type, endpoints }) => endpoints.map(({ id }) => [id, type] as const)),
    );
  }

  const ofTask = (task: Parameters<typeof typeOfTask>[0]) => ofType(typeOfTask(task));
  const ofModel = (modelId: string) => ofType(modelToType.get(modelId) ?? 'chat');
  const ofEndpoint = (endpointId: string) => ofType(endpointToType.get(endpointId) ?? 'chat');

  return {
    ofType,
    setModels(models) {
      noteTypes(models);
      for (const [type, learner] of typeToLearner) learner.setModels(modelsOfType(models, type));
    },
    setPrior(prior) {
      for (const [type, learner] of typeToLearner) learner.setPrior(prior && priorOfType(prior, type));
    },
    apply: (delta) => ofTask(delta.task).apply(delta),
    epochOf: (modelId) => ofModel(modelId).epochOf(modelId),
    openEpoch(modelId, epoch) {
      for (const learner of modelToType.has(modelId) ? [ofModel(modelId)] : all)
        learner.openEpoch(modelId, epoch);
    },
    endpointEpochOf: (endpointId) => ofEndpoint(endpointId).endpointEpochOf(endpointId),
    openEndpointEpoch(endpointId, epoch) {
      for (const learner of endpointToType.has(endpointId) ? [ofEndpoint(endpointId)] : all) {
        learner.openEndpointEpoch(endpointId, epoch);
      }
    },
    qualityOf: (task, modelId) => ofTask(task).qualityOf(task, modelId),
    expectedOutputTokens: (task, modelId, bound) => ofTask(task).expectedOutputTokens(task, modelId, bound),
    answerSizeOf: (task, modelId) => ofTask(task).answerSizeOf(task, modelId),
    timingOf: (endpointId, task) => ofTask(task).timingOf(endpointId, task),
    availabilityOf: (endpointId) => ofEndpoint(endpointId).availabilityOf(endpointId),
    bestProbabilities: (task, modelIds, handicaps) =>
      ofTask(task).bestProbabilities(task, modelIds, handicaps),
    watchQuality: (modelId, task, quality, judge) => ofTask(task).watchQuality(modelId, task, quality, judge),
    labelRateOf: (task) => ofTask(task).labelRateOf(task),
    reliabilityOf: (source) => chat.reliabilityOf(source),
    sources: () => chat.sources(),
    secondLook() {
      for (const learner of all) {
        const look = learner.secondLook();
        if (look !== undefined) return look;
      }
      return undefined;
    },
    watchTiming: (endpointId, task, msPerToken) => ofTask(task).watchTiming(endpointId, task, msPerToken),
    watchFirstToken: (endpointId, task, ttftMs) => ofTask(task).watchFirstToken(endpointId, task, ttftMs),
    readCell: (task, modelId, into, at) => ofTask(task).readCell(task, modelId, into, at),
  };
}

/** All the work of a type that is no chat is one column of its learner: of what is known of each, the strongest word counts. */
function priorOfType(prior: QualityPrior, type: ModelType): QualityPrior {
  if (type === 'chat') return prior;
  const strengthOf = (task: Parameters<QualityPrior['deviationOf']>[0], modelId: string) =>
    prior.strengthOf?.(task, modelId) ?? 0;
  const tellingOf = (modelId: string) =>
    tasksOfType(type)
      .filter((task) => prior.deviationOf(task, modelId) !== undefined)
      .sort((one, other) => strengthOf(other, modelId) - strengthOf(one, modelId))[0];
  return {
    deviationOf(task, modelId) {
      const telling = task === 'unknown' ? tellingOf(modelId) : undefined;
      return telling && prior.deviationOf(telling, modelId);
    },
    strengthOf(_task, modelId) {
      const telling = tellingOf(modelId);
      return telling === undefined ? 0 : strengthOf(telling, modelId);
    },
  };
}

function modelsOfType(models: readonly Model[], type: ModelType): readonly Model[] {
  return models.filter((model) => model.type === type);
}
