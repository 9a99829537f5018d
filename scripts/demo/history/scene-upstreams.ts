import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import type { Random } from '../../../src/core/learning/random.ts';
import type { Upstreams } from '../../../src/providers/open-upstreams.ts';
import { createPassThrough } from '../../../src/providers/openai/pass-through.ts';
import { simulatedModel } from '../../../src/providers/simulated/catalog.ts';
import { startSimulatedServer } from '../../../src/providers/simulated/server.ts';
import type { CallProgress, Upstream, UpstreamCall } from '../../../src/providers/upstream.ts';
import type { World } from '../../../src/serve.ts';
import { drawFromMix } from './draw-from-mix.ts';
import { EVERYDAY_TROUBLE, type Happenings, type Stretch, type Trouble } from './scene.ts';
import { startTroubleServer } from './trouble-server.ts';
import type { VirtualClock } from './virtual-clock.ts';

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const TROUBLES: readonly Trouble[] = ['unavailable', 'rate_limited', 'broken', 'reset'];
/** Milliseconds until a provider that is in trouble says so, on an average. */
const TROUBLE_MS: Readonly<Record<Trouble, number>> = {
  unavailable: 900,
  rate_limited: 60,
  broken: 1_500,
  reset: 4_000,
};
/** Standard deviation of the logarithm of a time to the first token. */
const SPREAD = 0.3;
/** How many times as long as a simulated answer a real one is. */
const LENGTH = { least: 4, most: 24 };
const usageSchema = z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() });

/** The ways to the demo's providers: the gateway's own, to simulated models that answer at once. */
export interface SceneUpstreams {
  readonly open: World['openUpstreams'];
  /** Calls under way. */
  running(): number;
}

/**
 * Each answer comes at once. It counts as long as answers of real models are, and as having taken what it would have:
 * the clock moves on by that.
 */
export function createSceneUpstreams(options: {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly happenings: Happenings;
}): SceneUpstreams {
  const { clock, random, happenings } = options;
  const { outage, relapse } = happenings;
  let running = 0;

  function troubleAt(provider: string): Trouble | undefined {
    if (provider === outage.provider && isWithin(outage, clock.nowMs())) {
      return random() < 0.7 ? 'unavailable' : 'reset';
    }
    const mix = EVERYDAY_TROUBLE[provider];
    if (mix === undefined) return undefined;
    const share = Object.values(mix).reduce((sum, part) => sum + part, 0);
    return random() < share ? drawFromMix(mix, random) : undefined;
  }

  function around(provider: string, calm: Upstream, troubled: ReadonlyMap<Trouble, Upstream>): Upstream {
    const all = [calm, ...troubled.values()];
    return {
      call(call) {
        const trouble = troubleAt(provider);
        const way = (trouble && troubled.get(trouble)) ?? calm;
        running += 1;
        const handle = way.call(call);
        const { progress } = handle;
        const settle = () => {
          running -= 1;
          progress.usage = asLongAsReal(progress.usage, random);
          const { ttftMs, totalMs } =
            trouble === undefined
              ? timesOf(call, progress, random)
              : { ttftMs: 0, totalMs: TROUBLE_MS[trouble] * (0.5 + random()) };
          progress.ttftMs = ttftMs;
          progress.workedMs = totalMs;
          clock.advance(totalMs);
        };
        // Before anybody hears of the end.
        const done = handle.done.finally(settle);
        return { done, progress, abort: handle.abort };
      },
      close: async () => void (await Promise.all(all.map((one) => one.close()))),
      drain: async () => void (await Promise.all(all.map((one) => one.drain()))),
    };
  }

  async function open(settings: Parameters<World['openUpstreams']>[0]): Promise<Upstreams> {
    const real = settings.find(({ kind }) => kind !== 'simulated');
    if (real !== undefined) throw new Error(`Provider '${real.name}' is a real one: the demo calls none.`);
    const troubleServer = await startTroubleServer();
    const simulated = await startSimulatedServer({
      random,
      now: clock.nowMs,
      speed: 0,
      skillFactorOf: (modelId) =>
        modelId === relapse.model && isWithin(relapse, clock.nowMs()) ? relapse.skillFactor : 1,
    });
    // Deadlines are of the real clock: the other one leaps.
    const deps = {
      limits: { maxAnswerBytes: MAX_ANSWER_BYTES },
      nowMs: clock.nowMs,
      monotonicMs: () => performance.now(),
    };
    const byProvider = new Map<string, Upstream>();
    for (const provider of settings) {
      if (provider.kind !== 'simulated') continue;
      const wayTo = (baseUrl: string) => createPassThrough({ ...provider, baseUrl }, deps);
      const troubled = new Map(TROUBLES.map((trouble) => [trouble, wayTo(troubleServer.baseUrlOf(trouble))]));
      byProvider.set(provider.name, around(provider.name, wayTo(simulated.baseUrl), troubled));
    }
    const all = [...byProvider.values()];
    const closeServers = async () => {
      await simulated.close();
      await troubleServer.close();
    };
    return {
      byProvider,
      async close() {
        await Promise.all(all.map((one) => one.close()));
        await closeServers();
      },
      async drain() {
        await Promise.all(all.map((one) => one.drain()));
        await closeServers();
      },
    };
  }

  return { open, running: () => running };
}

/** Milliseconds that the model would have taken, around its own median; as its provider is a little slower when it is busy. */
function timesOf(
  { endpoint, isStream }: UpstreamCall,
  { usage }: CallProgress,
  random: Random,
): { ttftMs: number; totalMs: number } {
  const model = simulatedModel(endpoint.upstreamModel);
  if (model === undefined) throw new Error(`There is no simulated model ${endpoint.upstreamModel}.`);
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const firstTokenMs = model.ttftMs * Math.exp(SPREAD * normal);
  const tokens = outputTokensOf(usage);
  const perTokenMs = model.tokensPerSecond > 0 ? (1000 / model.tokensPerSecond) * (0.9 + 0.2 * random()) : 0;
  const totalMs = firstTokenMs + tokens * perTokenMs;
  return { ttftMs: isStream ? firstTokenMs : totalMs, totalMs };
}

function outputTokensOf(usage: unknown): number {
  return tokensIn(usage)?.completion_tokens ?? 0;
}

/** Simulated models say everything in a sentence or two; what a real one is paid for is a page now and then. */
function asLongAsReal(usage: unknown, random: Random): unknown {
  const tokens = tokensIn(usage);
  if (tokens === undefined) return usage;
  const completion = Math.round(
    tokens.completion_tokens * (LENGTH.least * (LENGTH.most / LENGTH.least) ** random()),
  );
  return { ...tokens, completion_tokens: completion, total_tokens: tokens.prompt_tokens + completion };
}

function tokensIn(usage: unknown) {
  const read = usageSchema.safeParse(usage);
  return read.success ? read.data : undefined;
}

function isWithin({ fromMs, toMs }: Stretch, atMs: number): boolean {
  return atMs >= fromMs && atMs < toMs;
}
