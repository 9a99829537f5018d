import type { Tongue } from '../catalog/model.ts';
import type { CannotCarry } from './cannot-carry.ts';

/** What in a request for embeddings `tongue` cannot carry. */
export function cannotEmbed(
  { input }: { readonly input?: unknown },
  tongue: Tongue,
): CannotCarry | undefined {
  if (tongue === 'anthropic') return { param: 'model', because: 'has no embeddings' };
  const isText = typeof input === 'string' || (Array.isArray(input) && typeof input[0] === 'string');
  return isText ? undefined : { param: 'input', because: 'takes texts, no tokens' };
}
