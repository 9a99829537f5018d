import { createSeries, type FamilyOptions, headOf, type LabelValues, sample } from './exposition.ts';

export interface Histogram {
  /** What is no number is not counted. */
  observe(value: number): void;
}

/**
 * Histograms whose hot side is a short search and two additions: keep what `of` returns.
 *
 * @param options.bounds upper bounds of the buckets, each included, rising
 */
export function createHistograms<const Labels extends readonly string[]>(
  options: FamilyOptions<Labels> & { readonly bounds: readonly number[] },
) {
  const { name, bounds } = options;
  const series = createSeries(options, (labels) => {
    const counts = new Float64Array(bounds.length + 1);
    let sum = 0;
    return {
      observe(value: number) {
        if (Number.isNaN(value)) return;
        let bucket = 0;
        while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1;
        counts[bucket] = (counts[bucket] as number) + 1;
        sum += value;
      },
      render() {
        const prefix = labels === '' ? '' : `${labels},`;
        let total = 0;
        let text = '';
        for (const [bucket, count] of counts.entries()) {
          total += count;
          text += sample(`${name}_bucket`, `${prefix}le="${bounds[bucket] ?? '+Inf'}"`, total);
        }
        return text + sample(`${name}_sum`, labels, sum) + sample(`${name}_count`, labels, total);
      },
    };
  });
  return {
    of: (...labelValues: LabelValues<Labels>): Histogram => series.of(labelValues),
    render: () => headOf(options, 'histogram') + Array.from(series.all(), (one) => one.render()).join(''),
  };
}
