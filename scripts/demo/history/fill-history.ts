import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Client } from 'undici';
import { createRandom } from '../../../src/core/learning/random.ts';
import { serve } from '../../../src/serve.ts';
import { openStore } from '../../../src/store/open.ts';
import { DEMO_STATE, refuseOwnSettings, refuseUsedStore } from './fresh-installation.ts';
import { type Lived, liveThrough } from './live-through.ts';
import { planArrivals } from './plan-arrivals.ts';
import { readPrompts } from './read-prompts.ts';
import { type Happenings, happeningsOf, TEAMS, type Team } from './scene.ts';
import { sceneToml } from './scene-config.ts';
import { createSceneUpstreams } from './scene-upstreams.ts';
import { createVirtualClock } from './virtual-clock.ts';

const DAY_MS = 24 * 3_600_000;
export const DAYS = 14;
/**
 * The breaker's timers are of the real clock, in which two weeks are less than a minute: 30 s are a millisecond there.
 */
const HASTE = `[routing.breaker]
open_ms = 1
window_ms = 1000
`;
const UNLIMITED = 'max_requests_per_minute = "none"\nmax_tokens_per_minute = "none"\nunready_seconds = 0';

const HEAD = `# Made by \`npm run demo\`: three providers of simulated models, and two weeks of invented traffic in outrider.db.
# For an installation of your own remove both; outrider.example.toml shows what can be set.

`;
/** Whoever wants to look around has no key yet. */
const OPEN_TO_THIS_MACHINE = 'require_auth = false                  # this machine may come without a key';

export interface Filled extends Lived {
  readonly configPath: string;
  readonly databasePath: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly happenings: Happenings;
}

/**
 * Writes `outrider.toml` and `outrider.db` into a folder where neither is: a gateway of its own lives through two weeks
 * of requests there. When it fails or is given up, nothing of it is left.
 *
 * @param options.requests expected, those that follow from others not counted
 * @param options.endMs epoch milliseconds: the end of the two weeks
 * @param options.onProgress told how much of the two weeks is over, 0–1
 * @throws Error when the installation is not fresh; StoreUnusableError when a gateway serves there
 */
export async function fillHistory(options: {
  readonly folder: string;
  readonly requests: number;
  readonly seed: number;
  readonly endMs: number;
  readonly onProgress: (share: number, lived: Lived) => void;
  readonly signal: AbortSignal;
}): Promise<Filled> {
  const folder = resolve(options.folder);
  const configPath = join(folder, 'outrider.toml');
  const databasePath = join(folder, 'outrider.db');
  refuseOwnSettings(configPath);
  await mkdir(folder, { recursive: true });
  /** Not what somebody else has made. */
  let mayRemove = !existsSync(databasePath);
  const scratch = await mkdtemp(join(tmpdir(), 'outrider-demo-'));
  let isWhole = false;
  try {
    const keys = await makeKeys(databasePath, { startMs: options.endMs - DAYS * DAY_MS, seed: options.seed });
    mayRemove = true;
    const filled = await fill({ ...options, ...keys, databasePath, scratch });
    const isDefaultPlace = folder === process.cwd();
    await writeFile(
      configPath,
      sceneToml({
        head: HEAD,
        api: OPEN_TO_THIS_MACHINE,
        storeUrl: isDefaultPlace ? 'sqlite:./outrider.db' : `sqlite:${databasePath}`,
        hasNewcomer: true,
      }),
      { flag: 'wx' },
    );
    isWhole = true;
    return { ...filled, configPath, databasePath };
  } finally {
    await rm(scratch, { recursive: true, force: true });
    if (!isWhole && mayRemove) await removeDatabase(databasePath);
  }
}

interface Keys {
  readonly teamToKey: ReadonlyMap<Team, string>;
  readonly operatorKey: string;
}

async function fill(
  options: Keys & {
    readonly databasePath: string;
    readonly scratch: string;
    readonly requests: number;
    readonly seed: number;
    readonly endMs: number;
    readonly onProgress: (share: number, lived: Lived) => void;
    readonly signal: AbortSignal;
  },
): Promise<Lived & Pick<Filled, 'startMs' | 'endMs' | 'happenings'>> {
  const { databasePath, seed, endMs, teamToKey, operatorKey } = options;
  const startMs = endMs - DAYS * DAY_MS;
  const happenings = happeningsOf(startMs);
  const clock = createVirtualClock(startMs);
  const shareOf = () => (clock.nowMs() - startMs) / (endMs - startMs);
  const url = `sqlite:${databasePath}`;

  const configPath = join(options.scratch, 'outrider.toml');
  const writeStage = (hasNewcomer: boolean) =>
    writeFile(
      configPath,
      sceneToml({
        api: `address = "127.0.0.1:0"\n${UNLIMITED}`,
        storeUrl: url,
        routing: HASTE,
        hasNewcomer,
      }),
    );
  await writeStage(false);
  const upstreams = createSceneUpstreams({ clock, random: createRandom(seed + 10), happenings });
  const serving = await serve({
    configPath,
    env: { OUTRIDER_DETECT: 'none', OUTRIDER_LOG_LEVEL: 'silent', OUTRIDER_SEED: String(seed) },
    print: () => {},
    world: { nowMs: clock.nowMs, monotonicMs: clock.monotonicMs, openUpstreams: upstreams.open },
  });
  try {
    const lived = await liveThrough({
      url: serving.url,
      arrivals: planArrivals({
        startMs,
        endMs,
        launchAtMs: happenings.launchAtMs,
        requests: options.requests,
        random: createRandom(seed + 11),
      }),
      deeds: [
        {
          atMs: happenings.newcomer.atMs,
          run: async () => {
            await writeStage(true);
            await serving.reload();
          },
        },
        {
          atMs: happenings.lookAgainAtMs,
          run: (client) => lookAgain(client, happenings.relapse.model, operatorKey),
        },
      ],
      endMs,
      keyOf: (team) => {
        const key = teamToKey.get(team);
        if (key === undefined) throw new Error(`${team.key.name} has no key`);
        return key;
      },
      prompts: readPrompts(),
      clock,
      random: createRandom(seed + 12),
      isBusy: () => upstreams.running() > 0,
      onProgress: (soFar) => options.onProgress(shareOf(), soFar),
      signal: options.signal,
    });
    return { ...lived, startMs, endMs, happenings };
  } finally {
    await serving.close();
  }
}

/** Only in a store that is fresh and that nobody serves on. @throws Error, StoreUnusableError */
async function makeKeys(
  databasePath: string,
  { startMs, seed }: { readonly startMs: number; readonly seed: number },
): Promise<Keys> {
  const store = await openStore({ url: `sqlite:${databasePath}`, now: () => startMs });
  try {
    await refuseUsedStore(store, databasePath);
    // A gateway that is open because it has no key would be closed to its users by the first one.
    await store.recoverPending();
    await store.saveState(DEMO_STATE, JSON.stringify({ seed }));
    const teamToKey = new Map<Team, string>();
    for (const team of TEAMS) teamToKey.set(team, (await store.createKey(team.key)).key);
    const operator = await store.createKey({ name: 'operator', scopes: ['admin'] });
    return { teamToKey, operatorKey: operator.key };
  } finally {
    await store.close();
  }
}

async function lookAgain(client: Client, model: string, operatorKey: string): Promise<void> {
  const { statusCode, body } = await client.request({
    method: 'POST',
    path: `/v1/intelligence/models/${model}/reevaluate`,
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ max_requests: 150 }),
  });
  await body.dump();
  if (statusCode !== 200) throw new Error(`${model} could not be looked at again: ${statusCode}`);
}

/** With everything that lies beside it under its name. */
async function removeDatabase(databasePath: string): Promise<void> {
  const name = basename(databasePath);
  for (const file of await readdir(dirname(databasePath))) {
    if (file === name || file.startsWith(`${name}-`) || file === `${name}.serving`) {
      await rm(join(dirname(databasePath), file), { force: true });
    }
  }
}
