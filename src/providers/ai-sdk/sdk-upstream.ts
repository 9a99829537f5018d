import { endedBy } from '../../core/outcome/gateway-error.ts';
import { openPool } from '../openai/open-pool.ts';
import {
  newProgress,
  type Upstream,
  type UpstreamAnswer,
  type UpstreamCall,
  type UpstreamLimits,
} from '../upstream.ts';
import { SdkCall, type SdkLink } from './sdk-call.ts';
import type { TongueSettings } from './settings.ts';

/** Calls to one provider that speaks Anthropic's, Google's or Bedrock's language. Loads nothing before the first. */
export function createSdkUpstream(
  settings: TongueSettings,
  deps: { limits: UpstreamLimits; nowMs: () => number; monotonicMs: () => number },
): Upstream {
  const { pool, wasConnected } = openPool(settings, deps.monotonicMs);
  const context = { timeouts: settings.timeouts, wasConnected, ...deps };
  const link: SdkLink = {
    settings,
    dispatch({ path, headers, body }, handler) {
      pool.dispatch({ path, method: 'POST', headers, body }, handler);
    },
  };
  return {
    call(call: UpstreamCall) {
      const progress = newProgress();
      let own: SdkCall | undefined;
      const done = new Promise<UpstreamAnswer>((resolve, reject) => {
        own = new SdkCall(context, call, progress, { resolve, reject }, link);
        own.start();
      });
      return { done, progress, abort: (ending) => own?.fail(endedBy(ending, 'The call was given up.')) };
    },
    close: () => pool.destroy(),
    drain: () => pool.close(),
  };
}
