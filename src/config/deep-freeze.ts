/** `T` with everything below it read-only; functions and read-only sets are left as they are. */
export type Frozen<T> = T extends ((...args: never[]) => unknown) | ReadonlySet<unknown>
  ? T
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** Freezes `value` and all it holds, in place. Without it one request could change the settings of the next. */
export function deepFreeze<T>(value: T): Frozen<T> {
  freeze(value);
  return value as Frozen<T>;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (value instanceof Set) closeSet(value);
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}

/** `Object.freeze` leaves a set's contents open: they are no properties. */
function closeSet(set: Set<unknown>): void {
  for (const method of ['add', 'delete', 'clear'] as const) {
    Object.defineProperty(set, method, {
      value: () => {
        throw new TypeError('The configuration is frozen');
      },
    });
  }
}
