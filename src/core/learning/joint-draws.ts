import { probit } from 'simple-statistics';
import { at } from './belief-sums.ts';
import { CELL_FIELDS, CELL_STRIDE } from './contract.ts';
import type { Random } from './random.ts';

const NORMAL_BITS = 12;
const NORMAL_COUNT = 1 << NORMAL_BITS;
const NORMAL_MASK = NORMAL_COUNT - 1;
const NORMAL_PAIRS = NORMAL_COUNT * NORMAL_COUNT;

/** 4,096 equally likely standard normal values, variance 1: two of them cost one uniform number. */
const normals = buildNormals();

let scratch = new Float64Array(0);
const SHAPE_STRIDE = 6;

/**
 * Independent draws θ ~ Beta(ρα, ρβ) for several models at once, as G₁/(G₁+G₂) of two gamma variables, each by the
 * cube of a normal (Wilson & Hilferty 1931): G(a) = a·(1 − 1/(9a) + z/(3√a))³. Shapes here are at least 2, where its
 * mean and variance are within 0.1 % of the exact ones, and a θ costs 8 ns against 240 of a rejection sampler.
 *
 * @param cells as `readCell` writes them, one per model
 * @param into  θ of model m in joint draw d at `d · modelCount + m`
 */
export function drawJointQualities(
  cells: Float64Array,
  modelCount: number,
  drawCount: number,
  random: Random,
  into: Float64Array,
): void {
  if (scratch.length < modelCount * SHAPE_STRIDE) scratch = new Float64Array(modelCount * SHAPE_STRIDE * 2);
  const shapes = scratch;
  for (let model = 0; model < modelCount; model += 1) {
    writeShape(shapes, model * SHAPE_STRIDE, at(cells, model * CELL_STRIDE + CELL_FIELDS.reshapedAlpha));
    writeShape(shapes, model * SHAPE_STRIDE + 3, at(cells, model * CELL_STRIDE + CELL_FIELDS.reshapedBeta));
  }
  const shapeCount = modelCount * SHAPE_STRIDE;
  let position = 0;
  for (let draw = 0; draw < drawCount; draw += 1) {
    for (let shape = 0; shape < shapeCount; shape += SHAPE_STRIDE) {
      const bits = (random() * NORMAL_PAIRS) | 0;
      const z = normals[bits & NORMAL_MASK] as number;
      const other = normals[bits >>> NORMAL_BITS] as number;
      const successRoot = (shapes[shape + 1] as number) + (shapes[shape + 2] as number) * z;
      const failureRoot = (shapes[shape + 4] as number) + (shapes[shape + 5] as number) * other;
      const successes = (shapes[shape] as number) * successRoot * successRoot * successRoot;
      const failures = (shapes[shape + 3] as number) * failureRoot * failureRoot * failureRoot;
      into[position] = successes / (successes + failures);
      position += 1;
    }
  }
}

function writeShape(shapes: Float64Array, offset: number, shape: number): void {
  const bounded = shape > 2 ? shape : 2;
  shapes[offset] = bounded;
  shapes[offset + 1] = 1 - 1 / (9 * bounded);
  shapes[offset + 2] = 1 / (3 * Math.sqrt(bounded));
}

function buildNormals(): Float64Array {
  const values = new Float64Array(NORMAL_COUNT);
  let sumOfSquares = 0;
  for (let index = 0; index < NORMAL_COUNT / 2; index += 1) {
    const value = probit((index + 0.5) / NORMAL_COUNT);
    values[index] = value;
    values[NORMAL_COUNT - 1 - index] = -value;
    sumOfSquares += 2 * value * value;
  }
  const scale = Math.sqrt(NORMAL_COUNT / sumOfSquares);
  return values.map((value) => value * scale);
}
