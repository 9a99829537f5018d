import type { Random } from '../core/learning/random.ts';
import { createSdkUpstream } from './ai-sdk/sdk-upstream.ts';
import type { TongueSettings } from './ai-sdk/settings.ts';
import { createPassThrough } from './openai/pass-through.ts';
import { startSimulatedServer } from './simulated/server.ts';
import type { Upstream, UpstreamSettings } from './upstream.ts';

/** Answers larger than this are cut: no honest completion comes near. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface Upstreams {
  readonly byProvider: ReadonlyMap<string, Upstream>;
  /** Cuts every call. */
  close(): Promise<void>;
  /** Closes once the calls in flight have ended. */
  drain(): Promise<void>;
}

type ProviderSettings = TongueSettings | (UpstreamSettings & { readonly kind: 'openai' | 'simulated' });

/** A way to each provider. Simulated ones get a real HTTP server on loopback, so that their path is the same. */
export async function openUpstreams(
  providers: readonly ProviderSettings[],
  deps: { readonly nowMs: () => number; readonly monotonicMs: () => number; readonly random: Random },
): Promise<Upstreams> {
  const limits = { maxAnswerBytes: MAX_ANSWER_BYTES };
  const byProvider = new Map<string, Upstream>();
  const closers: (() => Promise<void>)[] = [];
  for (const settings of providers) {
    if (speaksAnother(settings)) {
      byProvider.set(settings.name, createSdkUpstream(settings, { ...deps, limits }));
      continue;
    }
    let { baseUrl } = settings;
    if (settings.kind === 'simulated') {
      const server = await startSimulatedServer({ random: deps.random, now: deps.nowMs });
      closers.push(() => server.close());
      ({ baseUrl } = server);
    }
    byProvider.set(settings.name, createPassThrough({ ...settings, baseUrl }, { ...deps, limits }));
  }
  const closeServers = async () => {
    for (const close of closers) await close();
  };
  return {
    byProvider,
    async close() {
      for (const upstream of byProvider.values()) await upstream.close();
      await closeServers();
    },
    async drain() {
      for (const upstream of byProvider.values()) await upstream.drain();
      await closeServers();
    },
  };
}

function speaksAnother(settings: ProviderSettings): settings is TongueSettings {
  return settings.kind !== 'openai' && settings.kind !== 'simulated';
}
