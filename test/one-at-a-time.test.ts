import { expect, test } from 'vitest';
import { oneAtATime } from '../src/one-at-a-time.ts';

/** Work whose runs end when they are told to. */
function scripted() {
  const ends: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const run = oneAtATime(() => new Promise<number>((resolve, reject) => ends.push({ resolve, reject })));
  return { run, ends };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('runs follow each other, and those who came during one share the next', async () => {
  const { run, ends } = scripted();
  const first = run();
  await turn();
  const second = run();
  const third = run();
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]?.resolve(1);
  expect(await first).toBe(1);
  await turn();
  expect(ends).toHaveLength(2);
  ends[1]?.resolve(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  await turn();
  expect(ends).toHaveLength(2);
});

test('a run that fails is heard by those who asked for it, and by nobody after', async () => {
  const { run, ends } = scripted();
  const first = run();
  await turn();
  const heard = expect(first).rejects.toThrow('no');
  const second = run();
  ends[0]?.reject(new Error('no'));
  await heard;
  await turn();
  ends[1]?.resolve(2);
  expect(await second).toBe(2);
});
