import { badRequest } from '../../core/outcome/gateway-error.ts';

const MAX_LIMIT = 1_000;

/** The ranks that an answer shows of a ranking: those behind `after`, `limit` of them at most. */
export interface RankPage {
  readonly after: number;
  readonly limit: number;
}

/** @throws GatewayError 400 */
export function rankPageOf(
  { limit, cursor }: { readonly limit?: string; readonly cursor?: string },
  otherwise: number,
  most = MAX_LIMIT,
): RankPage {
  const count = limit === undefined ? otherwise : wholeIn(limit);
  if (!(count >= 1 && (limit === undefined || count <= most))) {
    throw badRequest(`'limit' must be a whole number from 1 to ${most}.`, 'limit');
  }
  const after = cursor === undefined ? 0 : wholeIn(cursor);
  if (Number.isNaN(after))
    throw badRequest("'cursor' must be what an answer said in 'next_cursor'.", 'cursor');
  return { after, limit: count };
}

export function pageOf<Row>(ranked: readonly Row[], { after, limit }: RankPage): Row[] {
  return ranked.slice(after, after + limit);
}

/** @param longest rows of the longest ranking */
export function nextOf({ after, limit }: RankPage, longest: number) {
  const hasMore = after + limit < longest;
  return { has_more: hasMore, next_cursor: hasMore ? String(after + limit) : null };
}

function wholeIn(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
