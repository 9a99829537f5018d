/** Counts who still works with something, so that it is closed only behind the last of them. */
export interface Tenancy {
  hold(): void;
  release(): void;
  /** Resolves once nobody holds it. */
  whenFree(): Promise<void>;
}

export function createTenancy(): Tenancy {
  let holders = 0;
  let waiting: (() => void)[] = [];
  return {
    hold() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders > 0) return;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    whenFree: () => (holders === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
