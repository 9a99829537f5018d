import type { Model } from '../../core/catalog/model.ts';
import { isPermitted, type Permits } from '../admission/key-permits.ts';
import { unknownModel } from '../catalog.ts';
import type { GatewayDeps, LiveSettings } from '../deps.ts';
import type { Preset } from '../request/preset.ts';
import { architectureOf, describeModel } from './describe-model.ts';
import { readinessOf, soonestOf } from './endpoint-status.ts';

const PRESET = '@preset/';

/** Models this key may use, `auto` first and the presets last, in OpenAI's shape with what else is known of them. */
export function listModels(deps: GatewayDeps, permits: Permits): object {
  const models = usableModels(deps.live, permits);
  return {
    object: 'list',
    data: [
      describeAuto(deps, models, permits),
      ...models.map((model) => describeModel(deps, model, permits)),
      ...usablePresets(deps.live, models).map((preset) => describePreset(deps, preset, models, permits)),
    ],
  };
}

/** @throws GatewayError 404 `model_not_found`, `preset_not_found` */
export function describeModelNamed(deps: GatewayDeps, id: string, permits: Permits): object {
  const { catalog } = deps.live;
  const models = usableModels(deps.live, permits);
  if (id.startsWith(PRESET)) {
    const preset = catalog.preset(id.slice(PRESET.length));
    if (!usablePresets(deps.live, models).includes(preset)) throw unknownModel(id);
    return describePreset(deps, preset, models, permits);
  }
  const { candidates, isExplicit } = catalog.named(id);
  if (!isExplicit) return { ...describeAuto(deps, models, permits), id };
  const model = candidates[0]?.model;
  if (!model || !models.includes(model)) throw unknownModel(id);
  return describeModel(deps, model, permits);
}

function usableModels({ catalog }: LiveSettings, permits: Permits): readonly Model[] {
  return catalog.models.filter(({ id, endpoints }) =>
    endpoints.some(({ provider }) => isPermitted(permits, id, provider)),
  );
}

function describeAuto(deps: GatewayDeps, models: readonly Model[], permits: Permits): object {
  const chat = models.filter((model) => model.type === 'chat');
  const capabilities = new Set(chat.flatMap((model) => [...model.capabilities]));
  const readiness = chat.flatMap(({ id, endpoints }) =>
    endpoints.flatMap((endpoint) =>
      isPermitted(permits, id, endpoint.provider) ? [readinessOf(deps, endpoint)] : [],
    ),
  );
  return {
    id: 'auto',
    object: 'model',
    created: 0,
    owned_by: 'outrider',
    name: 'Auto: chooses a model for each request',
    type: 'chat',
    context_length: Math.max(0, ...chat.map((model) => model.contextLength)),
    capabilities: [...capabilities],
    architecture: architectureOf('chat', capabilities),
    ...soonestOf(readiness),
  };
}

/** As pickers of models can offer it. What it can do depends on the model that answers: as for `auto`. */
function describePreset(
  deps: GatewayDeps,
  { name }: Preset,
  usable: readonly Model[],
  permits: Permits,
): object {
  return { ...describeAuto(deps, usable, permits), id: `${PRESET}${name}`, name: `Preset: ${name}` };
}

/** Those that lead to a model this key may use. */
function usablePresets({ catalog }: LiveSettings, models: readonly Model[]): readonly Preset[] {
  const ids = new Set(models.map(({ id }) => id));
  return catalog.presets.filter((preset) =>
    preset.models.some((name) => catalog.named(name).candidates.some(({ model }) => ids.has(model.id))),
  );
}
