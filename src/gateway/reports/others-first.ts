/** A report may take its time; requests may not have to wait for it. */
export function othersFirst(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
