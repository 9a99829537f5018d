/** Words after `auto:` that mean a built-in wish and so cannot name a strategy of one's own. */
export const RESERVED_STRATEGY_NAMES: ReadonlySet<string> = new Set(['floor', 'fast', 'nitro', 'best']);

/** Model names with which a client asks for routing. A model called so could never be reached. */
export function isReservedModelId(id: string): boolean {
  return (
    ['auto', 'openrouter/auto', 'cheapest', 'fastest', 'best'].includes(id) ||
    id.startsWith('auto:') ||
    id.startsWith('openrouter/auto:') ||
    id.startsWith('@preset/')
  );
}
