import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openStore } from '../../src/store/open.ts';
import { freePort, type ServerProcess, startServer } from './server-process.ts';

/** Names of the models the gateway under test offers; the first stands for a named one. */
export const MODELS = ['large', 'medium', 'small', 'tiny', 'other-large'] as const;
const USD_PER_MILLION: Readonly<Record<(typeof MODELS)[number], readonly [number, number]>> = {
  large: [2.5, 10],
  medium: [0.6, 2.4],
  small: [0.15, 0.6],
  tiny: [0.05, 0.1],
  'other-large': [3, 15],
};

/**
 * The built gateway as an operator would run it: a key that every request must carry, a database file, a log file,
 * metrics, five priced models at two providers.
 */
export async function startGateway(options: {
  readonly folder: string;
  readonly distFolder: string;
  readonly upstreamPort: number;
  readonly nodeArgs: readonly string[];
}): Promise<ServerProcess & { readonly key: string }> {
  const port = await freePort();
  const databaseUrl = `sqlite:${join(options.folder, 'outrider.db')}`;
  const configPath = join(options.folder, 'outrider.toml');
  writeFileSync(configPath, tomlOf(port, databaseUrl, options.upstreamPort));
  const store = await openStore({ url: databaseUrl, now: () => Date.now() });
  const { key } = await store.createKey({ name: 'bench', scopes: ['inference'] });
  await store.close();
  const serve = `const { runCli } = await import(${JSON.stringify(pathToFileURL(join(options.distFolder, 'cli.js')).href)});
await runCli(['serve', '--config', ${JSON.stringify(configPath)}]);`;
  const server = await startServer({
    port,
    args: [...options.nodeArgs, '--input-type=module', '--eval', serve],
    logFile: join(options.folder, 'gateway.log'),
    env: { OUTRIDER_DETECT: 'none', BENCH_PROVIDER_KEY: 'sk-bench-provider-key' },
  });
  return { ...server, key };
}

function tomlOf(port: number, databaseUrl: string, upstreamPort: number): string {
  const lines = [
    '[api]',
    `address = "127.0.0.1:${port}"`,
    'require_auth = true',
    // Limits are counted, and out of the way.
    'max_requests_per_minute = 1_000_000_000',
    'max_tokens_per_minute = 1_000_000_000_000',
    '[store]',
    `url = ${JSON.stringify(databaseUrl)}`,
  ];
  for (const provider of ['north', 'south']) {
    lines.push(
      `[providers.${provider}]`,
      `base_url = "http://127.0.0.1:${upstreamPort}/v1"`,
      'api_key_env = "BENCH_PROVIDER_KEY"',
    );
  }
  for (const [index, model] of MODELS.entries()) {
    const [input, output] = USD_PER_MILLION[model];
    const provider = index % 2 === 0 ? 'north' : 'south';
    lines.push(
      `[api.models.${model}]`,
      'context_length = 128000',
      'capabilities = ["tools", "json", "vision"]',
      `endpoints = [{ provider = "${provider}", model = "${model}", input_usd_per_million = ${input}, output_usd_per_million = ${output} }]`,
    );
  }
  return `${lines.join('\n')}\n`;
}
