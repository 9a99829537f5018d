import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Series {
  readonly label: string;
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

/** Lines, bars or stacked areas over time; a table of the same numbers stands beside it for those who cannot see it. */
export function Chart(props: {
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly kind: 'lines' | 'stacked' | 'bars';
  readonly label: string;
  readonly format: (value: number) => string;
  readonly band?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
  readonly height?: number;
}) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = JSON.stringify([props.times, props.series, props.kind, props.band]);

  // `drawn` is all that changes the picture.
  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    const style = getComputedStyle(current);
    const ink = style.getPropertyValue('--quiet-ink').trim() || style.color;
    const { data, series, bands } = layersOf(props);
    const pad = padOf(props);
    const axis = { stroke: ink, grid: { stroke: 'rgba(128, 136, 150, 0.18)' }, ticks: { show: false } };
    const plot = new uPlot(
      {
        width: current.clientWidth,
        height: props.height ?? 220,
        series: [{}, ...series],
        bands,
        cursor: { y: false, points: { show: false } },
        legend: { show: false },
        scales: {
          x: { range: (_plot, low, high) => [low - pad, high + pad] },
          y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] },
        },
        axes: [axis, { ...axis, size: 64, values: (_plot, ticks) => ticks.map(props.format) }],
      },
      data,
      current,
    );
    const watch = new ResizeObserver(() =>
      plot.setSize({ width: current.clientWidth, height: props.height ?? 220 }),
    );
    watch.observe(current);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [drawn]);

  return (
    <figure class="stack" style={{ margin: 0 }}>
      <div class="chart quiet" ref={place} role="img" aria-label={props.label} />
      <figcaption class="legend">
        {props.series.map(({ label, colour }) => (
          <span key={label}>
            <span class="swatch" style={{ background: colour }} />
            {label}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** Half a bar, so that the first and the last are whole. */
function padOf({ times, kind }: Parameters<typeof Chart>[0]): number {
  const [first = 0, second = first + 3_600] = times;
  return kind === 'lines' ? 0 : (second - first) / 2;
}

function layersOf(props: Parameters<typeof Chart>[0]): {
  data: uPlot.AlignedData;
  series: uPlot.Series[];
  bands: uPlot.Band[];
} {
  const { times, kind, band } = props;
  if (kind !== 'stacked') {
    const paths = kind === 'bars' && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 48] }) } : {};
    const series = props.series.map(({ label, colour }) => ({
      label,
      stroke: colour,
      width: 2,
      points: { show: times.length < 3 },
      ...(kind === 'bars' ? { fill: colour, ...paths } : {}),
    }));
    const values = props.series.map((one) => [...one.values]);
    if (band === undefined) return { data: [[...times], ...values], series, bands: [] };
    const place = series.length + 1;
    const fill = `${props.series[0]?.colour ?? '#888888'}33`;
    return {
      data: [[...times], ...values, [...band.high], [...band.low]],
      series: [
        ...series,
        { label: 'p90', width: 0, points: { show: false } },
        { label: 'p10', width: 0, points: { show: false } },
      ],
      bands: [{ series: [place, place + 1], fill }],
    };
  }
  // The lowest layer is drawn last, over what is below the others.
  const totals = times.map(() => 0);
  const layers = props.series.map((one) =>
    times.map((_, at) => {
      totals[at] = (totals[at] ?? 0) + (one.values[at] ?? 0);
      return totals[at] ?? 0;
    }),
  );
  return {
    data: [[...times], ...layers.reverse()],
    series: [...props.series].reverse().map(({ label, colour }) => ({
      label,
      stroke: colour,
      fill: colour,
      width: 0,
      points: { show: false },
      paths: uPlot.paths.bars?.({ size: [0.85, 60] }),
    })),
    bands: [],
  };
}
