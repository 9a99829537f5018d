/** What the rows of `traffic_sums` tell apart. A level's rows of one hour or day add up to that of `traffic_hours`. */
export interface TrafficLevel {
  readonly name: string;
  readonly hasKey: boolean;
  /** Model and task. Without keys, these rows still tell the judge's calls from all others. */
  readonly hasCell: boolean;
}

export const HOUR = { name: 'hour', hasKey: false, hasCell: false } as const;
export const HOUR_KEY = { name: 'hour_key', hasKey: true, hasCell: false } as const;
export const HOUR_CELL = { name: 'hour_cell', hasKey: false, hasCell: true } as const;
/** As rows it is in `traffic_hours` itself. */
export const HOUR_KEY_CELL = { name: 'hour_key_cell', hasKey: true, hasCell: true } as const;
export const DAY = { name: 'day', hasKey: false, hasCell: false } as const;
export const DAY_KEY = { name: 'day_key', hasKey: true, hasCell: false } as const;
export const DAY_CELL = { name: 'day_cell', hasKey: false, hasCell: true } as const;
export const DAY_KEY_CELL = { name: 'day_key_cell', hasKey: true, hasCell: true } as const;

export const HOUR_LEVELS: readonly TrafficLevel[] = [HOUR, HOUR_KEY, HOUR_CELL];
export const DAY_LEVELS: readonly TrafficLevel[] = [DAY, DAY_KEY, DAY_CELL, DAY_KEY_CELL];

/** What the packs of a day hold. The one row that `DAY` has of a day is read as fast as it is. */
export const PACKED_HOUR_LEVELS: readonly TrafficLevel[] = [HOUR, HOUR_KEY, HOUR_CELL, HOUR_KEY_CELL];
export const PACKED_DAY_LEVELS: readonly TrafficLevel[] = [DAY_KEY, DAY_CELL, DAY_KEY_CELL];

/** The smallest level that tells so much apart; undefined where only the rows themselves do. */
export function levelFor(
  levels: readonly TrafficLevel[],
  needs: { readonly key: boolean; readonly cell: boolean },
): TrafficLevel | undefined {
  return levels.find((level) => level.hasKey === needs.key && level.hasCell === needs.cell);
}
