/** Mean quality and cost of answers under one setting of a policy. */
export interface OperatingPoint {
  readonly quality: number;
  readonly costUsd: number;
}

/**
 * The upper hull of what can be had by mixing settings at random: cost rising, quality rising, slope falling
 * (the non-decreasing convex hull of RouterBench, Hu et al. 2024).
 */
export function frontierOf(points: readonly OperatingPoint[]): OperatingPoint[] {
  const byCost = [...points].sort((one, other) => one.costUsd - other.costUsd || other.quality - one.quality);
  const hull: OperatingPoint[] = [];
  for (const point of byCost) {
    const last = hull[hull.length - 1];
    if (last !== undefined && point.quality <= last.quality) continue;
    while (hull.length >= 2) {
      const middle = hull[hull.length - 1] as OperatingPoint;
      const first = hull[hull.length - 2] as OperatingPoint;
      if (slope(first, middle) > slope(middle, point)) break;
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}

/** The least cost at which a frontier reaches a quality, USD; undefined when it never does. */
export function costAtQuality(frontier: readonly OperatingPoint[], quality: number): number | undefined {
  for (const [index, point] of frontier.entries()) {
    if (point.quality < quality) continue;
    const cheaper = frontier[index - 1];
    if (cheaper === undefined) return point.costUsd;
    const share = (quality - cheaper.quality) / (point.quality - cheaper.quality);
    return cheaper.costUsd + share * (point.costUsd - cheaper.costUsd);
  }
  return undefined;
}

/**
 * AIQ, average improvement in quality (RouterBench): the mean height of a frontier over the costs from the cheapest
 * to the dearest single model. Below its cheapest point a frontier has nothing to offer but a share of it.
 */
export function averageQuality(frontier: readonly OperatingPoint[], lowUsd: number, highUsd: number): number {
  if (!(highUsd > lowUsd)) return frontier[frontier.length - 1]?.quality ?? 0;
  const corners = [lowUsd, highUsd, ...frontier.map(({ costUsd }) => costUsd)]
    .filter((cost) => cost >= lowUsd && cost <= highUsd)
    .sort((one, other) => one - other);
  let area = 0;
  for (const [index, cost] of corners.entries()) {
    const next = corners[index + 1];
    if (next !== undefined)
      area += ((heightAt(frontier, cost) + heightAt(frontier, next)) / 2) * (next - cost);
  }
  return area / (highUsd - lowUsd);
}

/** The quality that a frontier has for a cost: that of the dearest point beyond it, a share of the cheapest before. */
export function heightAt(frontier: readonly OperatingPoint[], costUsd: number): number {
  let before: OperatingPoint = { quality: 0, costUsd: 0 };
  for (const point of frontier) {
    if (point.costUsd >= costUsd) {
      const width = point.costUsd - before.costUsd;
      const share = width > 0 ? (costUsd - before.costUsd) / width : 1;
      return before.quality + share * (point.quality - before.quality);
    }
    before = point;
  }
  return before.quality;
}

function slope(one: OperatingPoint, other: OperatingPoint): number {
  return (other.quality - one.quality) / Math.max(1e-15, other.costUsd - one.costUsd);
}
