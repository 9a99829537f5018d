import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Model } from '../../src/core/catalog/model.ts';
// @ts-expect-error plain JavaScript, so that it runs before anything is installed
import { ROOT } from '../ensure-ready.mjs';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;

/** The built gateway in a process of its own, on a database and a configuration that go with it. */
export interface GatewayUnderTest {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * @param options.providerUrls base URLs; models are dealt out to them in turn
 * @param options.valueOfQualityUsd V of the default strategy; a second costs nothing in it
 * @param options.seed of the gateway's own randomness
 * @throws Error with what it wrote when it does not start
 */
export async function startGatewayUnderTest(options: {
  readonly models: readonly Model[];
  readonly providerUrls: readonly string[];
  readonly valueOfQualityUsd: number;
  readonly seed: number;
}): Promise<GatewayUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-live-'));
  const configPath = join(folder, 'outrider.toml');
  await writeFile(configPath, tomlOf(options, join(folder, 'outrider.db')));
  const cli = pathToFileURL(join(ROOT, 'dist/cli.js')).href;
  const serve = `const { runCli } = await import(${JSON.stringify(cli)});
await runCli(['serve', '--config', ${JSON.stringify(configPath)}]);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', serve], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      OUTRIDER_DETECT: 'none',
      OUTRIDER_LOG_LEVEL: 'silent',
      OUTRIDER_SEED: String(options.seed),
    },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const remove = () => rm(folder, { recursive: true, force: true });
  const stop = async () => {
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(limit);
    await remove();
  };
  let written = '';
  const url = await new Promise<string | undefined>((resolve) => {
    const limit = setTimeout(() => resolve(undefined), START_LIMIT_MS);
    child.stderr.on('data', (data) => {
      written += data;
      const found = /listens on (http:\/\/[^\s]+)/.exec(written)?.[1];
      if (found !== undefined) {
        clearTimeout(limit);
        resolve(found);
      }
    });
    void exited.then(() => {
      clearTimeout(limit);
      resolve(undefined);
    });
  });
  if (url !== undefined) return { url, stop };
  await stop();
  throw new Error(`the gateway did not start:\n${written}`);
}

function tomlOf(
  options: {
    readonly models: readonly Model[];
    readonly providerUrls: readonly string[];
    readonly valueOfQualityUsd: number;
  },
  databaseFile: string,
): string {
  const lines = [
    '[api]',
    'address = "127.0.0.1:0"',
    // Limits are out of the way.
    'max_requests_per_minute = 1_000_000_000',
    'max_tokens_per_minute = 1_000_000_000_000',
    '[store]',
    `url = ${JSON.stringify(`sqlite:${databaseFile}`)}`,
    // The replay begins at zero.
    '[learning]',
    'shipped_priors = false',
    '[routing]',
    'default_strategy = "as-replayed"',
    '[strategies.as-replayed]',
    `value_of_quality_usd = ${options.valueOfQualityUsd}`,
    'value_of_second_usd = 0',
  ];
  for (const [index, url] of options.providerUrls.entries()) {
    lines.push(`[providers.${providerName(index)}]`, `base_url = ${JSON.stringify(url)}`);
  }
  for (const [index, { id, contextLength, endpoints }] of options.models.entries()) {
    const name = JSON.stringify(id);
    const provider = providerName(index % options.providerUrls.length);
    const { inputUsdPerMillion = 0, outputUsdPerMillion = 0 } = endpoints[0]?.price ?? {};
    lines.push(
      `[api.models.${name}]`,
      `context_length = ${contextLength}`,
      `endpoints = [{ provider = "${provider}", model = ${name}, input_usd_per_million = ${inputUsdPerMillion}, output_usd_per_million = ${outputUsdPerMillion} }]`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function providerName(index: number): string {
  return `recorded-${index + 1}`;
}
