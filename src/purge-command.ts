import { setTimeout as sleep } from 'node:timers/promises';
import { Mistake, withStore } from './command-store.ts';
import { DAY_MS } from './core/durations.ts';
import { GatewayError } from './core/outcome/gateway-error.ts';
import type { Store } from './store/contract.ts';

type Print = (line: string) => void;

export interface PurgeOptions {
  readonly config?: string;
  readonly olderThan?: number;
  readonly key?: string;
  readonly dryRun?: true;
}

/** Between two steps: a gateway may be serving on the same store. */
const PAUSE_MS = 5;
/** Its transactions are short; so often ours waits for one of them, or for storage that is away for a moment. */
const TRIES = 50;
const RETRY_MS = 100;

/**
 * `outrider purge`: removes requests with their attempts, decisions and verdicts, a few at a time, also beside a running
 * gateway. Beliefs and totals are sums of their own and stay as they are. With a key alone everything that it left goes, and
 * its usage stands under nobody's name.
 */
export function purgeCommand(options: PurgeOptions, env: NodeJS.ProcessEnv, print: Print): Promise<void> {
  const commandEnv = { ...env, OUTRIDER_DETECT: env.OUTRIDER_DETECT ?? 'keys' };
  return withStore(options, commandEnv, async (store, { retention }) => {
    const { key: keyId, dryRun } = options;
    const record = keyId === undefined ? undefined : await store.findKey(keyId);
    if (keyId !== undefined && record === undefined) throw new Mistake(`There is no key '${keyId}'.`);
    const days = options.olderThan ?? (keyId === undefined ? retention.requestsDays : undefined);
    if (keyId === undefined && days === undefined) {
      throw new Mistake(
        "Which requests? --older-than DAYS, --key ID, or both: retention.requests_days is 'forever'.",
      );
    }
    const beforeMs = days === undefined ? undefined : Date.now() - days * DAY_MS;
    const whose = keyId === undefined ? '' : ` of ${keyId}`;
    const which = beforeMs === undefined ? '' : ` from before ${new Date(beforeMs).toISOString()}`;
    let found = 0;
    let removed = 0;
    let running = 0;
    if (dryRun !== true && keyId === undefined && beforeMs !== undefined) {
      await patiently(() => store.notePurged(beforeMs));
    }
    for await (const ids of store.requestsToPurge({ keyId, beforeMs })) {
      found += ids.length;
      if (dryRun === true) continue;
      const some = await patiently(() => store.removeRequests(ids));
      removed += some.removed;
      running += some.running;
      await sleep(PAUSE_MS);
    }
    if (dryRun === true) {
      print(`${found} requests${whose}${which} would be removed. Nothing is: this was a dry run.`);
      return;
    }
    print(`${removed} requests${whose}${which} are removed, with their attempts, decisions and verdicts.`);
    if (running > 0) print(`${running} have not ended and stay.`);
    if (keyId !== undefined && beforeMs === undefined) await forgetKey(store, keyId, print);
  });
}

async function forgetKey(store: Store, keyId: string, print: Print): Promise<void> {
  const { usageHours, responses, isNameForgotten } = await patiently(() => store.forgetKey(keyId));
  print(`Its usage of ${usageHours} hours counts as nobody's now; ${responses} kept responses are removed.`);
  for (;;) {
    const waitMs = await patiently(() => store.rollUp());
    if (waitMs === undefined) break;
    await sleep(waitMs);
  }
  print(
    isNameForgotten
      ? 'Its name is forgotten too.'
      : `The key itself is still valid and keeps its name: outrider keys revoke ${keyId}, and purge again.`,
  );
}

async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'storage_unavailable' || tries === TRIES)
        throw error;
    }
    await sleep(RETRY_MS);
  }
}
