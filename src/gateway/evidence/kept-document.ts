import { GatewayError } from '../../core/outcome/gateway-error.ts';
import type { Store } from '../../store/contract.ts';

/** Each time one loses, another has won: only that many changes at the same moment would exhaust it. */
const MOST_TRIES = 100;

/** A document in the store that several processes change, each a part of it. */
export interface KeptDocument<Content> {
  /** What is stored now. */
  read(): Promise<Content>;
  /**
   * Changes what is stored, whatever others change at the same time in this process or another: `change` is given what is
   * there, and once more where somebody else was faster.
   *
   * @returns what is stored then
   * @throws GatewayError 503 when it cannot be stored; nothing is changed then
   */
  change(change: (content: Content) => Content): Promise<Content>;
}

/**
 * @param name  of the state in the store
 * @param parse of what is stored, undefined where nothing was: never throws, and leaves out what makes no sense
 */
export function createKeptDocument<Content>(
  store: Pick<Store, 'loadState' | 'exchangeState'>,
  name: string,
  parse: (text: string | undefined) => Content,
  write: (content: Content) => string,
): KeptDocument<Content> {
  return {
    read: async () => parse(await store.loadState(name)),
    async change(change) {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const text = await store.loadState(name);
        const next = change(parse(text));
        if (await store.exchangeState(name, text, write(next))) return next;
      }
      throw new GatewayError({
        status: 503,
        code: 'storage_unavailable',
        message: 'It was changed too often by others at the same time. Nothing was changed; try again.',
        retryAfterSeconds: 1,
      });
    },
  };
}
