import type { Config } from './build-config.ts';

/** What was found, for the terminal at start: a line per provider and what follows from it. Holds no secret. */
export function describeConfig(config: Config): string[] {
  const providers = Object.values(config.providers);
  const lines = [
    config.source === undefined
      ? 'No outrider.toml: all settings at their defaults.'
      : `Settings from ${config.source}.`,
  ];
  for (const provider of providers) {
    const endpoints = config.models.flatMap((model) =>
      model.endpoints.filter((endpoint) => endpoint.provider === provider.name),
    );
    const unpriced = endpoints
      .filter((endpoint) => !endpoint.isPriceKnown)
      .map((endpoint) => endpoint.upstreamModel);
    const where = provider.kind === 'simulated' ? 'answered by this process' : provider.baseUrl;
    const key = provider.apiKeyEnv === undefined ? '' : `, key from ${provider.apiKeyEnv}`;
    const price = unpriced.length === 0 ? '' : `; price unknown, counted as free: ${unpriced.join(', ')}`;
    lines.push(`${provider.name}: ${counted(endpoints.length, 'model')} (${where}${key})${price}`);
  }
  if (config.models.length === 0) {
    lines.push('No models: every request will be refused until outrider.toml lists some.');
  } else if (config.models.every((model) => model.isSimulated)) {
    lines.push(
      'All models are SIMULATED: they show how routing learns and cost nothing. For real ones set a key such as OPENAI_API_KEY, or start Ollama.',
    );
  }
  return lines;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
