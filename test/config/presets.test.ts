import { expect, test } from 'vitest';
import { loadText, mistakesOf } from './load-text.ts';

const SIMULATED = '[providers.simulated]\nkind = "simulated"\n';

test('a preset with everything', async () => {
  const { presets, models } = await loadText(
    `${SIMULATED}[presets.mine]\nmodel = "auto:price"\nstrategy = "quality"\nsystem_prompt = "Be brief."
route = { max_cost_usd = 0.1, provider_allow = ["simulated"] }\nprovider = { order = ["simulated"] }\nparameters = { temperature = 0.2, top_k = 5 }
[presets.list]\nmodels = ["auto", "best", "auto:combined"]`,
  );
  expect(presets.mine).toEqual({
    name: 'mine',
    models: ['auto:price'],
    strategy: 'quality',
    systemPrompt: 'Be brief.',
    route: { max_cost_usd: 0.1, provider_allow: ['simulated'] },
    provider: { order: ['simulated'] },
    parameters: { temperature: 0.2, top_k: 5 },
  });
  expect(presets.list?.models).toEqual(['auto', 'best', 'auto:combined']);
  const id = models[0]?.id;
  await loadText(
    `${SIMULATED}[presets.a]\nmodels = ["${id}", "${id}:floor", "simulated/${id}", "simulated/${id}:nitro"]`,
  );
});

test.each([
  ['model = "nobody"', 'presets.x.model', /^there is no model nobody; there are /],
  ['models = ["auto", "auto:turbo"]', 'presets.x.models', /no model auto:turbo/],
  ['model = "@preset/y"', 'presets.x.model', /no model @preset\/y/],
  ['strategy = "price"', 'presets.x', /needs a model/],
  ['model = "auto"\nmodels = ["auto"]', 'presets.x', /not both/],
  ['model = "auto"\nroute = { models = ["nobody"] }', 'presets.x.route.models', /no model nobody/],
  [
    'model = "auto"\nroute = { provider_deny = ["azure"] }',
    'presets.x.route.provider_deny[0]',
    /there are simulated/,
  ],
  ['model = "auto"\nroute = { max_cost = 1 }', 'presets.x.route.max_cost', /known here: .*max_cost_usd/],
  [
    'model = "auto"\nprovider = { odrer = ["simulated"] }',
    'presets.x.provider.odrer',
    /did you mean order\?/,
  ],
  ['model = "auto"\nparameters = { temperature = 3 }', 'presets.x.parameters.temperature', /2/],
  [
    'model = "auto"\nparameters = { messages = [], stream = true }',
    'presets.x.parameters',
    /may not set messages, stream/,
  ],
])('%s is refused', async (lines, path, message) => {
  const [mistake, ...others] = await mistakesOf(`${SIMULATED}[presets.x]\n${lines}`);
  expect(others).toEqual([]);
  expect(mistake).toMatchObject({ path, message: expect.stringMatching(message) });
  expect(mistake?.line).toBeGreaterThan(2);
});

test('what a model cannot do is no parameter to leave out', async () => {
  const [mistake] = await mistakesOf(
    `[providers.up]\nbase_url = "http://127.0.0.1:1/v1"\n[api.models.a]\nunsupported_parameters = ["tools"]\nendpoints = [{ provider = "up", model = "a" }]`,
  );
  expect(mistake?.message).toMatch(/capabilities/);
});
