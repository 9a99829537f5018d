export interface FlowNode {
  readonly name: string;
  readonly usd: number;
  /** Of all that was spent, 0–1. */
  readonly share: number;
  /** In pixels from the top: the room for its name, and in the middle of it a bar as thick as its share. */
  readonly top: number;
  readonly room: number;
  readonly thickness: number;
}

/** From one column to the next: as thick at both ends, in pixels. */
export interface FlowBand {
  readonly from: string;
  readonly to: string;
  readonly usd: number;
  readonly share: number;
  readonly fromTop: number;
  readonly toTop: number;
  readonly thickness: number;
}

export interface MoneyFlow {
  /** Who spends, for which work, on which models. */
  readonly columns: readonly [readonly FlowNode[], readonly FlowNode[], readonly FlowNode[]];
  readonly bands: readonly [readonly FlowBand[], readonly FlowBand[]];
  readonly height: number;
}

export interface FlowRow {
  /** One name of each column. */
  readonly path: readonly [string, string, string];
  readonly usd: number;
}

export const OTHERS = 'others';
/** Of more nobody reads the names. */
const MOST_NODES = 7;
/** All the money together is so thick. */
const THICKNESS = 240;
/** A name needs so much. */
const LEAST_ROOM = 26;
const GAP = 6;

/**
 * Where the money comes from and goes to, as bands between three columns, the dearest on top; what is small is put together
 * as `others`, and so is what `rows` leave of `totalUsd`.
 *
 * @param totalUsd at least what the rows have together
 * @returns undefined where nothing was spent
 */
export function moneyFlow(rows: readonly FlowRow[], totalUsd: number): MoneyFlow | undefined {
  if (totalUsd <= 0) return undefined;
  const told = rows.reduce((sum, { usd }) => sum + usd, 0);
  const all: FlowRow[] = [...rows.filter(({ usd }) => usd > 0)];
  // Sums of millionths differ in the last digits.
  if (totalUsd - told > totalUsd / 1e6) all.push({ path: [OTHERS, OTHERS, OTHERS], usd: totalUsd - told });
  const named = [0, 1, 2].map((place) => shownNames(all, place as 0 | 1 | 2));
  const nameOf = (row: FlowRow, place: 0 | 1 | 2) =>
    named[place]?.has(row.path[place]) ? row.path[place] : OTHERS;
  const column = (place: 0 | 1 | 2) =>
    nodesOf(
      sumBy(all, (row) => nameOf(row, place)),
      totalUsd,
    );
  const columns = [column(0), column(1), column(2)] as const;
  const band = (place: 0 | 1) =>
    bandsOf(
      columns[place],
      columns[place === 0 ? 1 : 2],
      (from, to) =>
        all
          .filter((row) => nameOf(row, place) === from && nameOf(row, place === 0 ? 1 : 2) === to)
          .reduce((sum, { usd }) => sum + usd, 0),
      totalUsd,
    );
  const bottoms = columns.map((nodes) => Math.max(...nodes.map(({ top, room }) => top + room)));
  return { columns, bands: [band(0), band(1)], height: Math.max(...bottoms) };
}

function sumBy(rows: readonly FlowRow[], nameOf: (row: FlowRow) => string): Map<string, number> {
  const nameToUsd = new Map<string, number>();
  for (const row of rows) nameToUsd.set(nameOf(row), (nameToUsd.get(nameOf(row)) ?? 0) + row.usd);
  return nameToUsd;
}

/** The dearest; where only one were left out it is shown itself. */
function shownNames(rows: readonly FlowRow[], place: 0 | 1 | 2): ReadonlySet<string> {
  const names = [...sumBy(rows, ({ path }) => path[place])]
    .filter(([name]) => name !== OTHERS)
    .sort(([, one], [, other]) => other - one)
    .map(([name]) => name);
  return new Set(names.length > MOST_NODES + 1 ? names.slice(0, MOST_NODES) : names);
}

function nodesOf(nameToUsd: ReadonlyMap<string, number>, totalUsd: number): FlowNode[] {
  let top = 0;
  return [...nameToUsd]
    .sort(([one, oneUsd], [other, otherUsd]) =>
      one === OTHERS ? 1 : other === OTHERS ? -1 : otherUsd - oneUsd,
    )
    .map(([name, usd]) => {
      const share = usd / totalUsd;
      const thickness = share * THICKNESS;
      const room = Math.max(LEAST_ROOM, thickness);
      const node = { name, usd, share, top, room, thickness };
      top += room + GAP;
      return node;
    });
}

/** Bands leave and arrive in the order of the nodes they lead to and come from, so that as few as can be cross. */
function bandsOf(
  left: readonly FlowNode[],
  right: readonly FlowNode[],
  usdOf: (from: string, to: string) => number,
  totalUsd: number,
): FlowBand[] {
  const barTop = ({ top, room, thickness }: FlowNode) => top + (room - thickness) / 2;
  const arrivedAt = right.map(barTop);
  return left.flatMap((from) => {
    let leavesAt = barTop(from);
    return right.flatMap((to, place): FlowBand[] => {
      const usd = usdOf(from.name, to.name);
      if (usd <= 0) return [];
      const thickness = (usd / totalUsd) * THICKNESS;
      const fromTop = leavesAt;
      const toTop = arrivedAt[place] ?? 0;
      leavesAt += thickness;
      arrivedAt[place] = toTop + thickness;
      return [{ from: from.name, to: to.name, usd, share: usd / totalUsd, fromTop, toTop, thickness }];
    });
  });
}
