import { badRequest } from '../../core/outcome/gateway-error.ts';

const MAX_LIMIT = 1_000;

export interface RankPage {
  /** Rows of each list that an answer shows at most. */
  readonly limit: number;
  /** Undefined for the first page. */
  readonly cursor: string | undefined;
}

/** The pages of lists whose order changes while they are read: beliefs move with every answer. */
export interface RankPages {
  /**
   * The best rows of a list that no page before has shown.
   *
   * @param list   its number, from 0
   * @param ranked all its rows, best first
   */
  take<Row>(list: number, ranked: readonly Row[], idOf: (row: Row) => string): Row[];
  /** Once all lists were taken from. */
  next(): { readonly has_more: boolean; readonly next_cursor: string | null };
}

/** @throws GatewayError 400 */
export function rankPageOf(
  { limit, cursor }: { readonly limit?: string; readonly cursor?: string },
  otherwise: number,
  most = MAX_LIMIT,
): RankPage {
  const count = limit === undefined ? otherwise : /^\d{1,9}$/.test(limit) ? Number(limit) : Number.NaN;
  if (!(count >= 1 && (limit === undefined || count <= most))) {
    throw badRequest(`'limit' must be a whole number from 1 to ${most}.`, 'limit');
  }
  return { limit: count, cursor };
}

/**
 * A cursor says which rows were shown, a bit for each row of each list: a place in the order would show those twice that fell
 * behind it meanwhile, and those never that rose before it.
 *
 * @param ids       of all rows that may be in the lists, in any order
 * @param listCount all are of the same rows
 * @throws GatewayError 400 for a cursor that no answer said, or that is of other rows
 */
export function openRankPages({ limit, cursor }: RankPage, ids: readonly string[], listCount = 1): RankPages {
  const sorted = [...ids].sort();
  const idToBit = new Map(sorted.map((id, index) => [id, index]));
  const kind = checksumOf(JSON.stringify([listCount, sorted]));
  const wasShown = shownBy(cursor, kind, Math.ceil((sorted.length * listCount) / 8));
  const isShown = Uint8Array.from(wasShown);
  let hasMore = false;

  return {
    take(list, ranked, idOf) {
      const rows: (typeof ranked)[number][] = [];
      for (const row of ranked) {
        const index = idToBit.get(idOf(row));
        if (index === undefined) throw new RangeError(`'${idOf(row)}' is not among the rows there may be`);
        const bit = list * sorted.length + index;
        if (((wasShown[bit >> 3] ?? 0) >> (bit & 7)) & 1) continue;
        if (rows.length === limit) {
          hasMore = true;
          break;
        }
        rows.push(row);
        isShown[bit >> 3] = (isShown[bit >> 3] ?? 0) | (1 << (bit & 7));
      }
      return rows;
    },
    next: () => ({
      has_more: hasMore,
      next_cursor: hasMore ? `${kind}.${Buffer.from(isShown).toString('base64url')}` : null,
    }),
  };
}

/** @throws GatewayError 400 */
function shownBy(cursor: string | undefined, kind: string, byteCount: number): Uint8Array {
  if (cursor === undefined) return new Uint8Array(byteCount);
  const [, kindThen, text = ''] = /^([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/.exec(cursor) ?? [];
  if (kindThen === undefined) {
    throw badRequest("'cursor' must be what an answer said in 'next_cursor'.", 'cursor');
  }
  const shown = Buffer.from(text, 'base64url');
  if (kindThen === kind && shown.length === byteCount) return shown;
  throw badRequest(
    "'cursor' is of another list: another task was asked for, or models came or left since. Begin again without it.",
    'cursor',
  );
}

/** FNV-1a, 32 bits as hex digits. */
function checksumOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
