/** What is still to come, the earliest first: a binary heap. */
export interface TimeQueue<Item> {
  push(atMs: number, item: Item): void;
  /** Undefined when nothing is left. */
  pop(): { readonly atMs: number; readonly item: Item } | undefined;
}

export function createTimeQueue<Item>(): TimeQueue<Item> {
  const heap: { atMs: number; order: number; item: Item }[] = [];
  let pushed = 0;
  // What is due at the same time keeps its order: runs of one seed are alike.
  const isBefore = (one: number, other: number): boolean => {
    const [first, second] = [heap[one], heap[other]];
    if (first === undefined || second === undefined) return false;
    return first.atMs < second.atMs || (first.atMs === second.atMs && first.order < second.order);
  };
  const swap = (one: number, other: number) => {
    const [first, second] = [heap[one], heap[other]];
    if (first === undefined || second === undefined) return;
    heap[one] = second;
    heap[other] = first;
  };
  return {
    push(atMs, item) {
      heap.push({ atMs, order: pushed++, item });
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isBefore(at, parent)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      swap(0, heap.length - 1);
      const top = heap.pop();
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        let least = isBefore(left, at) ? left : at;
        if (isBefore(right, least)) least = right;
        if (least === at) return top;
        swap(at, least);
        at = least;
      }
    },
  };
}
