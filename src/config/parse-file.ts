import { parse, TomlError } from 'smol-toml';
import { BUILT_IN_STRATEGIES, type Strategy } from '../core/choice/strategy.ts';
import type { Mistake } from './config-error.ts';
import { explainIssues } from './explain-issues.ts';
import { type ConfigFile, fileSchema, type Surroundings, strategyNamesOf } from './file-schema.ts';
import { findKeyLines } from './key-lines.ts';
import { formatKeyPath, type KeyPath } from './key-path.ts';
import { mistakesOfKind } from './kind-mistakes.ts';
import { KNOWN_PROVIDERS, knownProviderAt } from './known-providers.ts';
import type { SimulatedModel } from './simulated-model.ts';

/** TOML text → the checked file, or undefined with everything that is wrong with it. */
export function parseFile(
  text: string,
  {
    env,
    simulatedModels,
  }: Pick<Surroundings, 'env'> & { readonly simulatedModels: readonly SimulatedModel[] },
): { file: ConfigFile | undefined; mistakes: Mistake[] } {
  let raw: Record<string, unknown>;
  try {
    raw = parse(text, { unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [summary = ''] = error.message.split('\n');
    const message = `${summary.replace(/^Invalid TOML document: /, '')} (column ${error.column})`;
    return { file: undefined, mistakes: [{ path: '', line: error.line, message }] };
  }
  const lineOf = findKeyLines(text);
  const surroundings: Surroundings = {
    env,
    providerNames: Object.keys(tableAt(raw, 'providers')),
    strategyNames: strategyNamesOf(Object.keys(tableAt(raw, 'strategies'))),
  };
  const result = fileSchema(surroundings).safeParse(raw);
  const mistakes = [
    ...explainIssues(result.error?.issues ?? [], raw, surroundings, lineOf),
    ...findContradictions(raw, simulatedModels).map(({ path, message }) => ({
      path: formatKeyPath(path),
      line: lineOf(path),
      message,
    })),
  ];
  mistakes.sort((left, right) => (left.line ?? 0) - (right.line ?? 0));
  return { file: result.data, mistakes };
}

/**
 * What is wrong between values, each of which is right by itself. Reads the file unchecked, so that these are found
 * together with the rest.
 */
function findContradictions(
  raw: Record<string, unknown>,
  simulatedModels: readonly SimulatedModel[],
): { path: KeyPath; message: string }[] {
  const found: { path: KeyPath; message: string }[] = [];
  const providers = tableAt(raw, 'providers');
  for (const [name, provider] of Object.entries(providers)) {
    const table = tableOf(provider);
    const { kind, base_url: baseUrl, api_key_env: keyName, headers_env: headers } = table;
    for (const { key, message } of mistakesOfKind(table)) {
      found.push({ path: ['providers', name, key], message });
    }
    if (kind === 'simulated') continue;
    const known = knownProviderAt(name, {
      kind,
      base_url: typeof baseUrl === 'string' ? baseUrl : undefined,
    });
    if (baseUrl === undefined && known === undefined && kind !== 'bedrock') {
      found.push({ path: ['providers', name, 'base_url'], message: 'is missing' });
    }
    if (known !== undefined && keyName === undefined && headers === undefined) {
      const usual = KNOWN_PROVIDERS[known].keyNames[0];
      const message = `is missing; ${known} answers nobody without a key: api_key_env = "${usual}"`;
      found.push({ path: ['providers', name, 'api_key_env'], message });
    }
  }
  for (const [name, strategy] of Object.entries(tableAt(raw, 'strategies'))) {
    const { kind, budget_usd_per_1k_requests: budget } = tableOf(strategy);
    if (budget === undefined || (kind ?? kindOfBuiltIn(name)) === 'bandit') continue;
    found.push({
      path: ['strategies', name, 'budget_usd_per_1k_requests'],
      message:
        'needs a strategy of kind "bandit": the order of the others does not depend on what money is worth',
    });
  }
  const { mode, baseline } = tableAt(raw, 'routing');
  if (mode === 'observe' && baseline === undefined) {
    found.push({
      path: ['routing', 'mode'],
      message: 'needs a baseline, the model that serves meanwhile: baseline = "…"',
    });
  }
  const endpointToModel = new Map<string, string>();
  for (const [modelId, model] of Object.entries(tableAt(tableAt(raw, 'api'), 'models'))) {
    const endpoints = tableOf(model).endpoints;
    if (!Array.isArray(endpoints)) continue;
    endpoints.forEach((endpoint: unknown, index) => {
      const { provider, model: upstreamModel } = tableOf(endpoint);
      if (typeof provider !== 'string' || typeof upstreamModel !== 'string') return;
      const path = ['api', 'models', modelId, 'endpoints', index, 'model'];
      const id = `${provider}/${upstreamModel}`;
      const taken = endpointToModel.get(id);
      if (taken !== undefined) {
        found.push({
          path,
          message: `${id} is already an endpoint of ${taken}; it can belong to one model only`,
        });
      }
      endpointToModel.set(id, modelId);
      const isSimulated = tableOf(providers[provider]).kind === 'simulated';
      if (isSimulated && !simulatedModels.some((candidate) => candidate.id === upstreamModel)) {
        const ids = simulatedModels.map((candidate) => candidate.id).join(', ');
        found.push({ path, message: `there is no simulated model of this name; there are ${ids}` });
      }
    });
  }
  return found;
}

function kindOfBuiltIn(name: string): Strategy['kind'] {
  const builtIn: Readonly<Record<string, Strategy>> = BUILT_IN_STRATEGIES;
  return (Object.hasOwn(builtIn, name) ? builtIn[name] : undefined)?.kind ?? 'bandit';
}

function tableAt(table: Record<string, unknown>, key: string): Record<string, unknown> {
  return tableOf(table[key]);
}

function tableOf(value: unknown): Record<string, unknown> {
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isTable ? (value as Record<string, unknown>) : {};
}
