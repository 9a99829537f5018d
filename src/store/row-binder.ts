import { is, Param, Placeholder } from 'drizzle-orm';
import type { Queryable, Row, RowStatement } from './database.ts';

export interface CompiledRow {
  readonly sql: string;
  /** The row's values in the order of the statement's parameters. */
  bind(row: Row): unknown[];
}

interface Slot {
  readonly name: string;
  readonly encode: ((value: unknown) => unknown) | undefined;
  readonly constant: unknown;
}

/** Compiles a statement by drizzle once; binding a row is then one array and no drizzle. */
export function compileRow(queryable: Queryable, statement: RowStatement): CompiledRow {
  const { sql, params } = statement.build(queryable).toSQL();
  const slots = params.map(slotOf);
  const { positional } = statement;
  if (positional !== undefined) {
    const places = slots.map(({ name }) => positional.columns.indexOf(name));
    return {
      sql,
      bind(row) {
        const given = positional.valuesOf(row);
        const values = new Array<unknown>(slots.length);
        for (let i = 0; i < slots.length; i++) {
          const slot = slots[i] as Slot;
          const place = places[i] as number;
          values[i] = place < 0 ? slot.constant : encoded(slot, given[place]);
        }
        return values;
      },
    };
  }
  return {
    sql,
    bind(row) {
      const values = new Array<unknown>(slots.length);
      for (let i = 0; i < slots.length; i++) values[i] = boundValue(slots[i] as Slot, row);
      return values;
    },
  };
}

function boundValue(slot: Slot, row: Row): unknown {
  return slot.name === '' ? slot.constant : encoded(slot, row[slot.name]);
}

function encoded(slot: Slot, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  return slot.encode === undefined ? value : slot.encode(value);
}

function slotOf(param: unknown): Slot {
  if (is(param, Placeholder)) return { name: param.name, encode: undefined, constant: undefined };
  if (is(param, Param) && is(param.value, Placeholder)) {
    const { encoder } = param;
    // Only booleans and JSON need encoding; calling the identity for every other column costs as much as binding.
    const isIdentity = encoder.mapToDriverValue(0) === 0 && encoder.mapToDriverValue('a') === 'a';
    const encode = isIdentity ? undefined : (value: unknown) => encoder.mapToDriverValue(value);
    return { name: param.value.name, encode, constant: undefined };
  }
  return { name: '', encode: undefined, constant: param };
}
