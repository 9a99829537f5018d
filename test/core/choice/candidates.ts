import type { Model, Price } from '../../../src/core/catalog/model.ts';
import type { Candidate, ChoiceInput } from '../../../src/core/choice/choice-input.ts';
import { BUILT_IN_STRATEGIES } from '../../../src/core/choice/strategy.ts';
import { createLearner } from '../../../src/core/learning/learner.ts';
import { createRandom } from '../../../src/core/learning/random.ts';
import type { RequestProfile } from '../../../src/core/task/task.ts';

export function priceOf(inputUsdPerMillion: number, outputUsdPerMillion: number): Price {
  return { inputUsdPerMillion, outputUsdPerMillion, cachedInputUsdPerMillion: inputUsdPerMillion };
}

export const FREE = priceOf(0, 0);

/** A chat model with one endpoint per price, at providers p0, p1, … */
export function chatModel(
  id: string,
  prices: readonly Price[] = [FREE],
  details: Partial<Model> = {},
): Model {
  return {
    id,
    type: 'chat',
    name: id,
    contextLength: 10_000,
    capabilities: new Set(),
    isSimulated: true,
    endpoints: prices.map((price, index) => ({
      id: `p${index}/${id}`,
      modelId: id,
      provider: `p${index}`,
      upstreamModel: id,
      price,
      isPriceKnown: true,
    })),
    ...details,
  };
}

export function candidatesOf(models: readonly Model[]): Candidate[] {
  return models.flatMap((model) => model.endpoints.map((endpoint) => ({ model, endpoint })));
}

export function profileOf(details: Partial<RequestProfile> = {}): RequestProfile {
  return {
    task: 'translation',
    confidence: 1,
    complexity: 0.5,
    language: 'en',
    needs: new Set(),
    inputTokens: 1000,
    choices: 1,
    ...details,
  };
}

export function choiceInput(models: readonly Model[], details: Partial<ChoiceInput> = {}): ChoiceInput {
  return {
    profile: profileOf(),
    candidates: candidatesOf(models),
    strategy: BUILT_IN_STRATEGIES.balanced,
    learner: createLearner({ models, random: createRandom(7) }),
    random: createRandom(1),
    explore: true,
    isExplicit: false,
    ...details,
  };
}
