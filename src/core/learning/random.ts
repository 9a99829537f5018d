/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, 32 bits a call, about 3 ns. The same seed gives the
 * same sequence on every machine.
 *
 * @param seed any finite number; its integer part modulo 2³² counts
 */
export function createRandom(seed: number): Random {
  // A typed array, not four variables: 32-bit values in closure variables are boxed, one allocation per call.
  const state = new Int32Array([seed, seed ^ 0x9e3779b9, 0xdeadbeef, 1]);
  const next = (): number => {
    const a = state[0] as number;
    const b = state[1] as number;
    const c = state[2] as number;
    const counter = state[3] as number;
    const result = (((a + b) | 0) + counter) | 0;
    state[3] = counter + 1;
    state[0] = b ^ (b >>> 9);
    state[1] = (c + (c << 3)) | 0;
    state[2] = ((c << 21) | (c >>> 11)) + result;
    return (result >>> 0) / 4294967296;
  };
  // The first outputs of neighbouring seeds resemble each other.
  for (let warmUp = 0; warmUp < 20; warmUp += 1) next();
  return next;
}
