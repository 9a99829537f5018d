import uPlot from 'uplot';
import type { ChartProps } from './chart.tsx';

interface Layers {
  readonly data: uPlot.AlignedData;
  readonly series: uPlot.Series[];
  readonly bands: uPlot.Band[];
}

/** What uPlot draws, in its order: the last lies on top. */
export function layersOf(props: ChartProps): Layers {
  return props.kind === 'stacked' ? stacked(props) : lines(props);
}

function lines({ times, series, band, kind }: ChartProps): Layers {
  const values = series.map((one) => [...one.values]);
  const drawn: uPlot.Series[] = series.map(({ label, colour, isDashed }) => ({
    label,
    stroke: colour,
    width: 2,
    ...(isDashed ? { dash: [6, 5] } : {}),
    ...(kind === 'areas' ? { fill: `${colour}22` } : {}),
    points: { show: times.length < 3 },
  }));
  if (band === undefined) return { data: [[...times], ...values], series: drawn, bands: [] };
  const place = drawn.length + 1;
  return {
    data: [[...times], ...values, [...band.high], [...band.low]],
    series: [
      ...drawn,
      { label: 'high', width: 0, points: { show: false } },
      { label: 'low', width: 0, points: { show: false } },
    ],
    bands: [{ series: [place, place + 1], fill: `${series[0]?.colour ?? '#888888'}44` }],
  };
}

/** The lowest layer is drawn last, over what is below the others. */
function stacked({ times, series }: ChartProps): Layers {
  const totals = times.map(() => 0);
  const layers = series.map((one) =>
    times.map((_, at) => {
      totals[at] = (totals[at] ?? 0) + (one.values[at] ?? 0);
      return totals[at] ?? 0;
    }),
  );
  return {
    data: [[...times], ...layers.reverse()],
    series: [...series].reverse().map(({ label, colour }) => ({
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
