import { Mistake, withStore } from './command-store.ts';
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
  return withStore(options, env, async (_store, { api }) => {
    const url = actionUrl(options.url, api.address, id, 'reevaluate');
    const body = await post<Reevaluation>(url, { max_requests: options.maxRequests }, env.OUTRIDER_API_KEY);
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
  return withStore(options, env, async (_store, { api }) => {
    if (remove === (maxShare !== undefined)) {
      throw new Mistake(
        'Say what it may get at most, with --max-share 0.2, or take the cap away with --remove.',
      );
    }
    const url = actionUrl(options.url, api.address, id, 'exposure');
    const { caps } = await post<Exposure>(url, { max_share: maxShare ?? null, task }, env.OUTRIDER_API_KEY);
    if (caps.length === 0) print(`${id} is not capped.`);
    for (const cap of caps) {
      print(
        `${id} gets at most ${Number((100 * cap.max_share).toFixed(2))} % of the choices of ${cap.task ?? 'each task'}.`,
      );
    }
  });
}

interface Exposure {
  readonly caps: readonly { readonly task: string | null; readonly max_share: number }[];
}

function actionUrl(
  named: string | undefined,
  { host, port }: { readonly host: string; readonly port: number },
  id: string,
  action: string,
): string {
  const base = named ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `${base.replace(/\/+$/, '')}/v1/intelligence/models/${encodeURIComponent(id)}/${action}`;
}

interface Reevaluation {
  readonly opened_epoch: boolean;
  readonly epoch: number;
  readonly trial: { readonly share_of_choices: number; readonly remaining: number };
  readonly may_cost: { readonly extra_cost_usd: number; readonly quality_lost_per_request: number };
}

/** @throws Mistake in the gateway's own words */
async function post<Answer>(url: string, body: object, key: string | undefined): Promise<Answer> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (key) headers.authorization = `Bearer ${key}`;
  const answer = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Mistake(
      `No gateway answers at ${new URL(url).origin}. Start it, or name its address with --url.`,
    );
  });
  const json = (await answer.json().catch(() => ({}))) as Answer & { error?: { message?: string } };
  if (answer.ok) return json;
  throw new Mistake(json.error?.message ?? `The gateway answered ${answer.status}.`);
}
