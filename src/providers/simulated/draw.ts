import type { Random } from '../../core/learning/random.ts';

/** Outcomes a Beta of these draws stands for: standard deviation 0.11 at a skill of 0.9, 0.19 at 0.5. */
const CONCENTRATION = 6;

/** Quality of one answer, Beta(6·skill, 6·(1−skill)): as two gamma draws. */
export function drawQuality(skill: number, random: Random): number {
  const alpha = CONCENTRATION * Math.min(Math.max(skill, 0.02), 0.98);
  const beta = CONCENTRATION - alpha;
  const first = drawGamma(alpha, random);
  const second = drawGamma(beta, random);
  return first / (first + second);
}

/** Marsaglia & Tsang 2000; shapes below 1 by the boost of its section 6. */
function drawGamma(shape: number, random: Random): number {
  if (shape < 1) return drawGamma(shape + 1, random) * positive(random) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(positive(random))) * Math.cos(2 * Math.PI * random());
    const cubed = (1 + c * normal) ** 3;
    if (
      cubed > 0 &&
      Math.log(positive(random)) < 0.5 * normal * normal + d - d * cubed + d * Math.log(cubed)
    ) {
      return d * cubed;
    }
  }
}

function positive(random: Random): number {
  return 1 - random();
}

export function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
