import { askGateway, gatewayUrl } from './ask-gateway.ts';
import { Mistake, withConfig, withStore } from './command-store.ts';
import { createLearner } from './core/learning/learner.ts';
import { createRandom } from './core/learning/random.ts';
import { TASKS } from './core/task/task.ts';

type Print = (line: string) => void;
interface CommonOptions {
  readonly config?: string;
}

/** `outrider models list`: the catalogue with its prices and what outcomes, without any prior, have shown of each model. */
export function listModelsCommand(
  options: CommonOptions,
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withStore(options, { OUTRIDER_DETECT: 'all', ...env }, async (store, { models }) => {
    const learner = createLearner({ models, random: createRandom(0) });
    for (const { modelId, epoch } of await store.loadEpochs()) learner.openEpoch(modelId, epoch);
    for (const delta of (await store.loadBeliefs()).beliefs) learner.apply(delta);
    if (models.length === 0) print('No models: outrider.toml lists none, and none were found.');
    for (const { id, type, endpoints } of models) {
      const epoch = learner.epochOf(id);
      print(`${id}  ${type}${epoch > 0 ? `  epoch ${epoch}` : ''}`);
      for (const { id: endpoint, price, isPriceKnown } of endpoints) {
        const { inputUsdPerMillion: input, outputUsdPerMillion: output } = price;
        print(
          `  at ${endpoint}, ${isPriceKnown ? `$${input} / $${output} per million tokens` : 'price unknown'}`,
        );
      }
      for (const task of TASKS) {
        const { mean, low90, high90, samples, evidence } = learner.qualityOf(task, id);
        if (evidence === 'prior') continue;
        const interval = `${low90.toFixed(2)} to ${high90.toFixed(2)}`;
        print(`  ${task}: ${mean.toFixed(2)} (${interval}, ${samples.toFixed(1)} outcomes, ${evidence})`);
      }
    }
  });
}

/**
 * `outrider models reevaluate`: asks the running gateway, which alone knows what is on trial. The key comes from
 * `OUTRIDER_API_KEY` and needs the scope `admin`, once any key exists.
 */
export function reevaluateModelCommand(
  id: string,
  options: CommonOptions & { readonly url?: string; readonly maxRequests?: number },
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withConfig(options, env, async ({ api }) => {
    const body = await askGateway<Reevaluation>(
      gatewayUrl(options.url, api.address),
      actionPath(id, 'reevaluate'),
      { max_requests: options.maxRequests },
      { key: env.OUTRIDER_API_KEY, isAnswer: (answer) => 'trial' in answer },
    );
    const { trial, may_cost: cost } = body;
    print(
      body.opened_epoch
        ? `${id} is looked at again: older outcomes count a tenth (epoch ${body.epoch}).`
        : `${id} is on trial already; nothing new was begun.`,
    );
    print(
      `It gets ${100 * trial.share_of_choices} % of the choices, at most ${trial.remaining} more requests.`,
    );
    print(
      `If it is no better than believed, they cost $${Math.abs(cost.extra_cost_usd)} ${cost.extra_cost_usd < 0 ? 'less' : 'more'} than the best models of their tasks, and ${cost.quality_lost_per_request} points of quality each.`,
    );
  });
}

/** `outrider models exposure`: asks the running gateway, as `models reevaluate` does. */
export function capExposureCommand(
  id: string,
  options: CommonOptions & {
    readonly url?: string;
    readonly maxShare?: number;
    readonly task?: string;
    readonly remove?: boolean;
  },
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  const { maxShare, task, remove = false } = options;
  return withConfig(options, env, async ({ api }) => {
    if (remove === (maxShare !== undefined)) {
      throw new Mistake(
        'Say what it may get at most, with --max-share 0.2, or take the cap away with --remove.',
      );
    }
    const { caps } = await askGateway<Exposure>(
      gatewayUrl(options.url, api.address),
      actionPath(id, 'exposure'),
      { max_share: maxShare ?? null, task },
      { key: env.OUTRIDER_API_KEY, isAnswer: (answer) => 'caps' in answer },
    );
    if (caps.length === 0) print(`${id} is not capped.`);
    for (const cap of caps) print(`${id} ${atMost(cap)}`);
  });
}

/** `outrider models pause` and `resume`: asks the running gateway, as `models reevaluate` does. */
export function pauseModelCommand(
  id: string,
  action: 'pause' | 'resume',
  options: CommonOptions & { readonly url?: string },
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withConfig(options, env, async ({ api }) => {
    const { paused, others_in_service: others } = await askGateway<{
      readonly paused: boolean;
      readonly others_in_service: number | null;
    }>(
      gatewayUrl(options.url, api.address),
      actionPath(id, action),
      {},
      { key: env.OUTRIDER_API_KEY, isAnswer: (answer) => 'paused' in answer },
    );
    if (others === null) print(`${id} is paused no more; it is not configured.`);
    else if (paused) print(`${id} is out of service. Of its type ${others} can still answer.`);
    else print(`${id} is in service.`);
  });
}

/** `outrider models restricted`: what operators have set, as the running gateway knows it. */
export function listRestrictedCommand(
  options: CommonOptions & { readonly url?: string },
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<void> {
  return withConfig(options, env, async ({ api }) => {
    const { data } = await askGateway<{
      readonly data: readonly (Exposure & {
        readonly model: string;
        readonly configured: boolean;
        readonly paused: boolean;
      })[];
    }>(gatewayUrl(options.url, api.address), '/v1/intelligence/exposure', undefined, {
      key: env.OUTRIDER_API_KEY,
      isAnswer: (answer) => 'data' in answer,
    });
    if (data.length === 0) print('No model is paused or capped.');
    for (const { model, configured, paused, caps } of data) {
      const gone = configured ? '' : ' (not configured any more)';
      if (paused) print(`${model}${gone} is paused.`);
      for (const cap of caps) print(`${model}${gone} ${atMost(cap)}`);
    }
  });
}

function atMost({ task, max_share: share }: Exposure['caps'][number]): string {
  return `gets at most ${Number((100 * share).toFixed(2))} % of the choices of ${task ?? 'each task'}.`;
}

interface Exposure {
  readonly caps: readonly { readonly task: string | null; readonly max_share: number }[];
}

function actionPath(id: string, action: string): string {
  return `/v1/intelligence/models/${encodeURIComponent(id)}/${action}`;
}

interface Reevaluation {
  readonly opened_epoch: boolean;
  readonly epoch: number;
  readonly trial: { readonly share_of_choices: number; readonly remaining: number };
  readonly may_cost: { readonly extra_cost_usd: number; readonly quality_lost_per_request: number };
}
