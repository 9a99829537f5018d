import { expect, test } from 'vitest';
import { type FlowNode, moneyFlow } from '../../src/dashboard/money-flow.ts';

const row = (key: string, task: string, model: string, usd: number) => ({
  path: [key, task, model] as [string, string, string],
  usd,
});
const namesOf = (nodes: readonly FlowNode[] | undefined) => nodes?.map(({ name }) => name);

test('each column adds up to all that was spent, the dearest on top', () => {
  const rows = [
    row('bot', 'Code', 'large', 6),
    row('web', 'Chat', 'small', 1),
    row('web', 'Code', 'small', 3),
  ];
  const flow = moneyFlow(rows, 10);
  expect(flow?.columns.map(namesOf)).toEqual([
    ['bot', 'web'],
    ['Code', 'Chat'],
    ['large', 'small'],
  ]);
  for (const column of flow?.columns ?? []) {
    expect(column.reduce((sum, { usd }) => sum + usd, 0)).toBeCloseTo(10, 9);
    expect(column.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  }
});

test('what leaves a bar and what arrives at one is as thick as the bar, and stays within it', () => {
  const rows = ['a', 'b', 'c'].flatMap((key, one) =>
    ['x', 'y'].map((task, other) => row(key, task, other === 0 ? 'm' : 'n', 1 + one + 3 * other)),
  );
  const flow = moneyFlow(
    rows,
    rows.reduce((sum, { usd }) => sum + usd, 0),
  );
  for (const side of [0, 1] as const) {
    const ends = [
      { nodes: flow?.columns[side], name: 'from', top: 'fromTop' },
      { nodes: flow?.columns[side === 0 ? 1 : 2], name: 'to', top: 'toTop' },
    ] as const;
    for (const { nodes, name, top } of ends) {
      for (const node of nodes ?? []) {
        const bands = (flow?.bands[side] ?? []).filter((band) => band[name] === node.name);
        const barTop = node.top + (node.room - node.thickness) / 2;
        expect(bands.reduce((sum, { thickness }) => sum + thickness, 0)).toBeCloseTo(node.thickness, 6);
        expect(Math.min(...bands.map((band) => band[top]))).toBeCloseTo(barTop, 6);
        expect(Math.max(...bands.map((band) => band[top] + band.thickness))).toBeCloseTo(
          barTop + node.thickness,
          6,
        );
      }
    }
  }
});

test('what is small stands together as others, below all, and so does what the rows leave out', () => {
  const rows = Array.from({ length: 12 }, (_, index) => row(`key ${index}`, 'Code', 'large', 12 - index));
  const flow = moneyFlow(rows, 100);
  const [keys, tasks] = flow?.columns ?? [];
  expect(namesOf(keys)).toEqual([...rows.slice(0, 7).map(({ path }) => path[0]), 'others']);
  // 5 keys with 5 + 4 + 3 + 2 + 1, and 22 that no row tells.
  expect(keys?.at(-1)?.usd).toBeCloseTo(37, 9);
  expect(namesOf(tasks)).toEqual(['Code', 'others']);
});

test('names have room, however little they cost', () => {
  const rows = [row('bot', 'Code', 'large', 1_000), row('web', 'Chat', 'small', 0.001)];
  const [keys] = moneyFlow(rows, 1_000.001)?.columns ?? [];
  const [first, second] = keys ?? [];
  expect(second?.room).toBeGreaterThanOrEqual(20);
  expect(second?.top).toBeGreaterThan((first?.top ?? 0) + (first?.room ?? 0));
});

test('nothing spent is no picture', () => {
  expect(moneyFlow([], 0)).toBeUndefined();
  expect(moneyFlow([row('a', 'b', 'c', 0)], 0)).toBeUndefined();
});
