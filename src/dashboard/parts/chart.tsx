import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useAppearance } from '../theme.tsx';
import { layersOf } from './chart-layers.ts';
import { ChartTable } from './chart-table.tsx';

export interface Series {
  readonly label: string;
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly isDashed?: boolean;
}

export interface ChartProps {
  /** Seconds since 1970, or any numbers where `formatAt` is given. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly kind: 'lines' | 'stacked' | 'areas';
  readonly label: string;
  readonly format: (value: number) => string;
  /** What `times` are, where they are no times. */
  readonly formatAt?: (value: number) => string;
  /** `hours`: each value is of an hour; otherwise of a day. */
  readonly step?: 'hours' | 'days';
  readonly band?: {
    readonly label: string;
    readonly low: readonly (number | null)[];
    readonly high: readonly (number | null)[];
  };
  /** The highest value that is always shown. */
  readonly top?: number;
  readonly hasNoScale?: boolean;
  readonly height?: number;
  /** A table would hold hundreds of points of a curve: what stands beside it says the same. */
  readonly hasNoTable?: boolean;
}

/** Lines, bars or areas; the legend tells the values under the pointer, a table all of them. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number>();
  const appearance = useAppearance();
  const drawn = JSON.stringify([props.times, props.series, props.kind, props.band, props.top]);
  const height = props.height ?? 220;

  // `drawn` and the colours of the page are all that changes the picture.
  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    const ink = getComputedStyle(current).color;
    const { data, series, bands } = layersOf(props);
    const pad = padOf(props);
    const { formatAt, top = 0 } = props;
    const axis = {
      font: FONT,
      stroke: ink,
      grid: { stroke: 'rgba(128, 136, 150, 0.18)' },
      ticks: { show: false },
    };
    const plot = new uPlot(
      {
        width: current.clientWidth,
        height,
        // Days are those of UTC, like all that is summed up by the day.
        ...(props.step === 'days'
          ? { tzDate: (time) => uPlot.tzDate(new Date(1_000 * time), 'Etc/UTC') }
          : {}),
        series: [{}, ...series],
        bands,
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        legend: { show: false },
        padding: [10, 20, 0, 0],
        scales: {
          x: {
            time: formatAt === undefined,
            range: (_plot, low, high) => [low - pad, high + pad],
          },
          y: {
            range: (_plot, _low, high) => {
              const most = Math.max(high ?? 0, top);
              return [0, most > 0 ? most * 1.06 : 1];
            },
          },
        },
        axes: [
          formatAt === undefined
            ? { ...axis, size: props.step === 'hours' ? 42 : 30, values: TIME_MARKS }
            : { ...axis, size: 30, values: (_plot, marks) => marks.map(formatAt) },
          props.hasNoScale
            ? { show: false }
            : { ...axis, size: widthOf, values: (_plot, marks) => marks.map(props.format) },
        ],
        hooks: { setCursor: [({ cursor }) => setAt(cursor.idx ?? undefined)] },
      },
      data,
      current,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: current.clientWidth, height }));
    watch.observe(current);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [drawn, appearance]);

  return (
    <figure class="stack chart-figure">
      <div
        class="chart quiet"
        ref={place}
        role="img"
        aria-label={props.label}
        style={{ minHeight: `${height}px` }}
      />
      <figcaption class="legend" aria-hidden={props.hasNoTable ? undefined : 'true'}>
        {props.series.map(({ label, colour, values, isDashed }) => (
          <span key={label}>
            <span
              class={isDashed ? 'swatch dashed' : 'swatch'}
              style={isDashed ? { color: colour } : { background: colour }}
            />
            {label}
            {at === undefined || props.hasNoScale ? null : (
              <span class="number value">{told(values[at], props.format)}</span>
            )}
          </span>
        ))}
        {props.band ? (
          <span>
            <span class="swatch" style={{ background: props.series[0]?.colour, opacity: 0.25 }} />
            {props.band.label}
            {at === undefined ? null : (
              <span class="number value">
                {told(props.band.low[at], props.format)} – {told(props.band.high[at], props.format)}
              </span>
            )}
          </span>
        ) : null}
        {at === undefined || props.hasNoScale ? null : <span class="quiet">{nameOf(props, at)}</span>}
      </figcaption>
      {props.hasNoTable ? null : <ChartTable chart={props} nameOf={(index) => nameOf(props, index)} />}
    </figure>
  );
}

/** Of the longest mark: a few millionths of a dollar are longer than a hundred dollars. */
function widthOf(_plot: uPlot, marks: string[] | null): number {
  return 16 + 7.2 * Math.max(4, ...(marks ?? []).map((mark) => mark.length));
}

const FONT = '12px system-ui, sans-serif';

/** A day and a month, in the order of the rest of the page; uPlot's own put the month first. */
const TIME_MARKS = [
  [86_400, '{D} {MMM}', null, null, null, null, null, null, 1],
  [3_600, '{HH}:00', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
] as uPlot.Axis.Values;

function told(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

function nameOf({ times, formatAt, step }: ChartProps, index: number): string {
  const value = times[index] ?? 0;
  if (formatAt !== undefined) return formatAt(value);
  const date = new Date(1_000 * value);
  return step === 'hours'
    ? date.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
    : date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

/** Half a bar, so that the first and the last are whole. */
function padOf({ times, kind }: ChartProps): number {
  const [first = 0, second = first + 3_600] = times;
  return kind === 'stacked' ? (second - first) / 2 : 0;
}
