import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import OpenAI from 'openai';
import { createRandom } from '../../src/core/learning/random.ts';
import { serve } from '../../src/serve.ts';
import { describeShift, type TaskRanking } from './describe-shift.ts';
import { type Sent, sendTraffic } from './send-traffic.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';
const CONCURRENCY = 6;

interface Server {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Sends hundreds of mixed tasks with feedback through a server and prints how the traffic of each moved.
 *
 * @param options.url of a running server; without it the usual one if it runs, else one of its own
 * @throws Error when there is no such server, or it has real models
 */
export async function runLiveDemo(options: {
  readonly requests: number;
  readonly url: string | undefined;
  readonly seed: number;
}): Promise<void> {
  const { requests, seed } = options;
  const server = await findServer(options.url, seed);
  try {
    const client = new OpenAI({
      baseURL: `${server.url}/v1`,
      apiKey: apiKey(),
      maxRetries: 0,
    });
    await refuseRealModels(client);
    const bar = new SingleBar(
      {
        format: '{bar} {value}/{total} · quality of the last 50 answers {quality}',
        noTTYOutput: true,
        notTTYSchedule: 5_000,
        hideCursor: true,
      },
      Presets.shades_classic,
    );
    bar.start(requests, 0, { quality: '–' });
    const latest: Sent[] = [];
    const { sent, failures } = await sendTraffic({
      client,
      requests,
      concurrency: CONCURRENCY,
      random: createRandom(seed),
      onAnswer(answer) {
        if (answer !== undefined) latest.push(answer);
        if (latest.length > 50) latest.shift();
        const sum = latest.reduce((total, { quality }) => total + quality, 0);
        bar.increment({ quality: (sum / Math.max(1, latest.length)).toFixed(2) });
      },
    });
    bar.stop();
    const { data } = await client.get<{ data: TaskRanking[] }>('/intelligence/rankings');
    console.log(['', ...describeShift(sent, data)].join('\n'));
    if (failures.length > 0) {
      console.log(`\n${failures.length} requests failed, the first with: ${failures[0]}`);
      process.exitCode = 1;
    }
  } finally {
    await server.close();
  }
}

/** The server asked for, the one at the default address, or one of our own with simulated models. */
async function findServer(url: string | undefined, seed: number): Promise<Server> {
  const asked = url ?? DEFAULT_URL;
  if (await isOutrider(asked)) {
    console.log(`Sending to the server at ${asked}.`);
    return { url: asked, close: async () => {} };
  }
  if (url !== undefined) throw new Error(`No Outrider answers at ${url}.`);
  const folder = await mkdtemp(join(tmpdir(), 'outrider-demo-'));
  const configPath = join(folder, 'outrider.toml');
  const database = JSON.stringify(`sqlite:${join(folder, 'demo.db')}`);
  await writeFile(
    configPath,
    `[api]\naddress = "127.0.0.1:0"\n[store]\nurl = ${database}\n[providers.simulated]\nkind = "simulated"\n`,
  );
  const env = { OUTRIDER_DETECT: 'none', OUTRIDER_LOG_LEVEL: 'silent', OUTRIDER_SEED: String(seed) };
  const remove = () => rm(folder, { recursive: true, force: true });
  const serving = await serve({ configPath, env, print: () => {} }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  console.log(`Nothing answers at ${asked}: a server of our own with simulated models, gone when this ends.`);
  return {
    url: serving.url,
    async close() {
      await serving.close();
      await remove();
    },
  };
}

/** @throws Error when the server there wants another key than the one given */
export async function isOutrider(url: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${apiKey()}` };
  let response: Response;
  try {
    response = await fetch(`${url}/v1/models/auto`, { headers, signal: AbortSignal.timeout(2_000) });
  } catch {
    return false;
  }
  if (response.status === 401) throw new Error(`The server at ${url} asks for a key: set OUTRIDER_API_KEY.`);
  return response.ok && (await response.text()).includes('"outrider"');
}

function apiKey(): string {
  return process.env.OUTRIDER_API_KEY ?? 'none';
}

/** Hundreds of requests to real models cost real money, and real answers do not say what they are worth. */
async function refuseRealModels(client: OpenAI): Promise<void> {
  const { data } = await client.models.list();
  const real = data.filter(({ id, owned_by }) => id !== 'auto' && owned_by !== 'outrider-simulated');
  if (real.length === 0) return;
  throw new Error(
    `This server has real models (${real[0]?.id}, …): the demo needs simulated ones, and would cost money.`,
  );
}
