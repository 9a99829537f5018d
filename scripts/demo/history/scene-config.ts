import { SIMULATED_MODELS } from '../../../src/providers/simulated/catalog.ts';
import { CHAT_MODEL_TO_SELLERS, NEWCOMER_MODEL, OTHER_SELLER } from './scene.ts';

/** What the second seller of a model takes beside the first. */
const SECOND_SELLER_FACTOR = 1.15;

/**
 * The demo's `outrider.toml`.
 *
 * @param options.api below `[api]`
 * @param options.routing below `[routing]` and in tables under it
 * @param options.hasNewcomer whether the model is there that comes in the second week
 */
export function sceneToml(options: {
  readonly head?: string;
  readonly api: string;
  readonly storeUrl: string;
  readonly routing?: string;
  readonly hasNewcomer: boolean;
}): string {
  const models = SIMULATED_MODELS.filter(({ id }) => options.hasNewcomer || id !== NEWCOMER_MODEL);
  return `${options.head ?? ''}[api]
${options.api}

[store]
url = ${JSON.stringify(options.storeUrl)}

[budgets]
usd_per_month = 25

${options.routing ?? ''}
[judge]
enabled = true
model = "sim-atlas-large"
share = 0.05
budget_usd_per_day = 2

[strategies.support-desk]
value_of_quality_usd = 0.02
value_of_second_usd = 0.0005
min_quality = 0.4

# Three providers of simulated models: they cost nothing and go nowhere.
[providers.northwind]
kind = "simulated"

[providers.aurora]
kind = "simulated"

[providers.harbor]
kind = "simulated"

${models.map(modelToml).join('\n')}`;
}

function modelToml({
  id,
  type,
  inputUsdPerMillion,
  outputUsdPerMillion,
}: (typeof SIMULATED_MODELS)[number]): string {
  const sellers = CHAT_MODEL_TO_SELLERS[id] ?? [OTHER_SELLER];
  const endpoints = sellers.map((provider, place) => {
    const dearer = (usd: number) => Number((usd * SECOND_SELLER_FACTOR).toPrecision(3));
    const price =
      place === 0
        ? ''
        : `, input_usd_per_million = ${dearer(inputUsdPerMillion)}, output_usd_per_million = ${dearer(outputUsdPerMillion)}`;
    return `  { provider = "${provider}", model = "${id}"${price} },`;
  });
  return `[api.models."${id}"]\ntype = "${type}"\nendpoints = [\n${endpoints.join('\n')}\n]\n`;
}
