import type { Model, ModelType } from '../../core/catalog/model.ts';
import {
  EVALUATION_NAME,
  type Evaluation,
  type EvaluationRow,
  type EvaluationScore,
  scoresOfRows,
} from '../../core/evaluation/evaluation.ts';
import { usualWorkOfModel, workOfModel } from '../../core/evaluation/work-of-model.ts';
import type { QualityBelief } from '../../core/learning/contract.ts';
import { badRequest, GatewayError } from '../../core/outcome/gateway-error.ts';
import { LEADERBOARDS } from '../../core/priors/shipped-prior.ts';
import { type AnyTask, tasksOfType } from '../../core/task/operation-task.ts';
import type { Catalog } from '../catalog.ts';
import type { GatewayDeps } from '../deps.ts';

export interface EvaluationBody {
  readonly name: string;
  readonly results: readonly {
    readonly model: string;
    readonly task?: string;
    readonly prompt?: string;
    readonly score: number;
    readonly samples?: number;
  }[];
}

/** Names listed to whoever asked for a model that is not here. */
const LISTED_MODELS = 20;

/**
 * Takes in an operator's own evaluation as prior evidence, in place of the one of the same name.
 *
 * @throws GatewayError 400 with the path of what is wrong, 404 for a model that does not exist here
 */
export async function pushEvaluation(deps: GatewayDeps, body: EvaluationBody): Promise<object> {
  if (!EVALUATION_NAME.test(body.name)) throw badRequest('name: must match [A-Za-z0-9_.:-]{1,64}.', 'name');
  const { catalog } = deps.live;
  const rows = body.results.map((result, index) => rowOf(catalog, result, `results[${index}]`));
  const scores = await scoresOfRows(rows, nextTurn);
  await deps.offlinePrior.refresh();
  const replaced = deps.offlinePrior.evaluations().find(({ name }) => name === body.name);
  const evaluation = { name: body.name, pushedAtMs: deps.nowMs(), scores };
  const moved = await moving(deps, [...(replaced?.scores ?? []), ...scores], () =>
    deps.store.saveEvaluation(evaluation),
  );
  return {
    ...describe(evaluation),
    replaced: replaced !== undefined,
    results: rows.length,
    moved,
  };
}

/** Every evaluation that counts, and the leaderboards behind them. */
export async function listEvaluations(deps: GatewayDeps): Promise<object> {
  await deps.offlinePrior.refresh();
  return {
    object: 'list',
    data: deps.offlinePrior.evaluations().map(describe),
    shipped: LEADERBOARDS.map(({ name, source, date }) => ({ name, source, date })),
  };
}

/** @throws GatewayError 404 when there is no evaluation of this name */
export async function retractEvaluation(deps: GatewayDeps, name: string): Promise<object> {
  await deps.offlinePrior.refresh();
  const known = deps.offlinePrior.evaluations().find((one) => one.name === name);
  let isDeleted = false;
  const moved = await moving(deps, known?.scores ?? [], async () => {
    isDeleted = await deps.store.deleteEvaluation(name);
  });
  if (!isDeleted) {
    const names = deps.offlinePrior.evaluations().map((one) => one.name);
    throw new GatewayError({
      status: 404,
      code: 'evaluation_not_found',
      param: 'name',
      message: `There is no evaluation '${name.slice(0, 64)}'. There are: ${names.join(', ') || 'none'}.`,
    });
  }
  return { object: 'evaluation', name, deleted: true, moved };
}

function rowOf(catalog: Catalog, result: EvaluationBody['results'][number], path: string): EvaluationRow {
  const { id, type } = modelNamed(catalog, result.model, `${path}.model`);
  if (result.task === undefined && result.prompt === undefined && type === 'chat') {
    throw badRequest(`${path}: needs a task or a prompt.`, path, 'invalid_value');
  }
  return {
    modelId: id,
    task: result.task === undefined ? usualWorkOfModel(type) : workNamed(type, result.task, `${path}.task`),
    prompt: result.prompt,
    score: result.score,
    samples: result.samples ?? 1,
  };
}

/** By the names that a client may use for one model: its own, or `provider/name`. */
function modelNamed(catalog: Catalog, text: string, param: string): Model {
  const { models } = catalog;
  const model = catalog.model(text) ?? catalog.endpoint(text)?.model;
  if (model !== undefined) return model;
  const names = models.slice(0, LISTED_MODELS).map(({ id }) => id);
  const more = models.length > names.length ? `, and ${models.length - names.length} more` : '';
  throw new GatewayError({
    status: 404,
    code: 'model_not_found',
    param,
    message: `${param}: there is no model '${text.slice(0, 200)}' here. There are: ${names.join(', ')}${more}.`,
  });
}

function workNamed(type: ModelType, text: string, param: string): AnyTask {
  const work = workOfModel(type, text);
  if (work !== undefined) return work;
  throw badRequest(
    `${param}: models of the type ${type} have no task '${text.slice(0, 64)}'. They have: ${tasksOfType(type).join(', ')}.`,
    param,
  );
}

/** What `change` does to the beliefs about these cells, once the learner has heard of it. */
async function moving(
  { learner, offlinePrior }: GatewayDeps,
  scores: readonly EvaluationScore[],
  change: () => Promise<void>,
): Promise<object[]> {
  const cells = new Map(scores.map(({ modelId, task }) => [`${task} ${modelId}`, { modelId, task }]));
  const before = [...cells.values()].map((cell) => ({
    ...cell,
    belief: learner.qualityOf(cell.task, cell.modelId),
  }));
  await change();
  await offlinePrior.refresh();
  return before.map(({ task, modelId, belief }) => ({
    task,
    model: modelId,
    before: outline(belief),
    after: outline(learner.qualityOf(task, modelId)),
  }));
}

function outline({ mean, low90, high90, evidence }: QualityBelief): object {
  return { quality: mean, low_90: low90, high_90: high90, evidence };
}

function describe({ name, pushedAtMs, scores }: Evaluation): object {
  return {
    object: 'evaluation',
    name,
    pushed_at: new Date(pushedAtMs).toISOString(),
    scores: scores.map(({ modelId, task, score, samples }) => ({ task, model: modelId, score, samples })),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
