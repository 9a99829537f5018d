import { strategyOfAlias } from '../core/choice/strategy-names.ts';
import type { Config } from './build-config.ts';
import { closestName } from './closest-name.ts';
import type { Mistake } from './config-error.ts';
import type { KeyPath } from './key-path.ts';
import { formatKeyPath } from './key-path.ts';
import { isReservedModelId } from './reserved-names.ts';

/** Presets of models that there are not. Which there are is known only once they are found. */
export function mistakesOfPresets(
  { presets, models, strategies }: Pick<Config, 'presets' | 'models' | 'strategies'>,
  lineOf: (path: KeyPath) => number | undefined,
): Mistake[] {
  const ids = models.map(({ id }) => id);
  const names = new Set([
    ...ids,
    ...models.flatMap(({ id, endpoints }) =>
      endpoints.flatMap((endpoint) => [endpoint.id, `${endpoint.provider}/${id}`]),
    ),
  ]);
  const isStrategy = (name: string) => Object.hasOwn(strategies, strategyOfAlias(name));
  const isKnown = (name: string): boolean => {
    if (names.has(name)) return true;
    const colon = name.lastIndexOf(':');
    if (colon < 0) return isReservedModelId(name);
    const base = name.slice(0, colon);
    return isStrategy(name.slice(colon + 1)) && (names.has(base) || isReservedModelId(base));
  };
  return Object.values(presets).flatMap((preset) => {
    const at = (key: string, unknown: string | undefined): Mistake[] => {
      if (unknown === undefined) return [];
      const closest = closestName(unknown, ids);
      const hint =
        closest === undefined ? `there are ${ids.join(', ') || 'none'}` : `did you mean ${closest}?`;
      const path = ['presets', preset.name, ...key.split('.')];
      return [
        {
          path: formatKeyPath(path),
          line: lineOf(path) ?? lineOf(['presets', preset.name]),
          message: `there is no model ${unknown}; ${hint}`,
        },
      ];
    };
    const unknown = preset.models.find((name) => name.startsWith('@preset/') || !isKnown(name));
    const narrowed = preset.route?.models?.find((id) => !ids.includes(id));
    return [...at(preset.models.length > 1 ? 'models' : 'model', unknown), ...at('route.models', narrowed)];
  });
}
