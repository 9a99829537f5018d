import type { ModelType } from '../../core/catalog/model.ts';
import { type JsonObject, textOf } from '../../core/wire/json-value.ts';
import { ApiError } from './api-error.ts';
import { type SimulatedModelFacts, simulatedModel } from './catalog.ts';

/** The model that a request names. @throws ApiError 404 there is none, 400 it is one for other work */
export function modelOfType(body: JsonObject, type: ModelType): SimulatedModelFacts {
  const id = textOf(body.model);
  const model = simulatedModel(id);
  if (model === undefined) {
    throw new ApiError(404, `The model '${id}' does not exist.`, 'model', 'model_not_found');
  }
  if (model.type !== type) throw new ApiError(400, `${id} is no model for this endpoint.`, 'model');
  return model;
}
