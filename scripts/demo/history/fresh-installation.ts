import { existsSync } from 'node:fs';
import type { Store } from '../../../src/store/contract.ts';

/** As the name of a state says that the demo filled a store. */
export const DEMO_STATE = 'demo';

/** @throws Error which says what is there, if anything is */
export async function refuseUsedStore(store: Store, path: string): Promise<void> {
  if ((await store.loadState(DEMO_STATE)) !== undefined) {
    throw new Error(
      `The demo has filled ${path} already. To fill it anew, remove it first, and the outrider.toml beside it.`,
    );
  }
  const nothing = { limit: 1, before: undefined, keyId: undefined, task: undefined, reason: undefined };
  const { requests } = await store.listRequests({ ...nothing, modelId: undefined });
  const { beliefs } = await store.loadBeliefs();
  const evaluations = await store.listEvaluations();
  const isUsed =
    requests.length > 0 || beliefs.length > 0 || evaluations.length > 0 || (await store.hasKeys());
  if (isUsed) {
    throw new Error(
      `${path} holds requests, keys or results of its own: the demo fills only a fresh installation. Name another folder for it: npm run demo -- --folder demo`,
    );
  }
}

/** @throws Error when the settings there are somebody's */
export function refuseOwnSettings(configPath: string): void {
  if (!existsSync(configPath)) return;
  throw new Error(
    `There are settings already in ${configPath}: the demo brings its own. Name another folder for it: npm run demo -- --folder demo`,
  );
}
