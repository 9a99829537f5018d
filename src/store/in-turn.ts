/**
 * Work that waits for its turn: what shares a key runs one after the other, in the order it came. Two hundred that would
 * wait for one row inside their transactions would each hold a connection meanwhile, and leave none to the others.
 */
export function createTurns(): <Result>(key: string, work: () => Promise<Result>) => Promise<Result> {
  const keyToLast = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const before = keyToLast.get(key) ?? Promise.resolve();
    const own = before.then(work, work);
    keyToLast.set(key, own);
    const forget = () => {
      if (keyToLast.get(key) === own) keyToLast.delete(key);
    };
    own.then(forget, forget);
    return own;
  };
}
