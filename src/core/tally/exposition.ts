/** A family of series, as Prometheus reads it. */
export interface FamilyOptions<Labels extends readonly string[]> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: Labels;
}

/** As many label values as there are label names. */
export type LabelValues<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };

/** The series of a family by their label values. One without labels exists from the start, at 0. */
export function createSeries<Labels extends readonly string[], Series>(
  { labelNames }: FamilyOptions<Labels>,
  make: (labels: string) => Series,
): { of(labelValues: LabelValues<Labels>): Series; all(): Iterable<Series> } {
  const known = new Map<string, Series>();
  const of = (labelValues: readonly string[]): Series => {
    const labels = labelNames
      .map((name, index) => `${name}="${escaped(labelValues[index] ?? '')}"`)
      .join(',');
    let series = known.get(labels);
    if (series === undefined) {
      series = make(labels);
      known.set(labels, series);
    }
    return series;
  };
  if (labelNames.length === 0) of([]);
  return { of, all: () => known.values() };
}

/** The two lines above the samples of a family (Prometheus text format 0.0.4). */
export function headOf(
  { name, help }: { name: string; help: string },
  type: 'counter' | 'histogram',
): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

export function sample(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
