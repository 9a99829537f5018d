/** One line of a plot. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [860, 460, 80, 170, 40, 50];
const COLOURS = [
  '#0b6e4f',
  '#c44536',
  '#2f5d9b',
  '#b8860b',
  '#6a4c93',
  '#3d3d3d',
  '#2a9d8f',
  '#e76f51',
  '#8d99ae',
  '#a05195',
];

/** A plain line chart as one SVG file: axes, a few grid lines, names at the right. */
export function lineChart(title: string, xName: string, yName: string, lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points);
  const [xLow, xHigh] = rangeOf(points.map(([x]) => x));
  const [yLow, yHigh] = rangeOf(points.map(([, y]) => y));
  const xAt = (x: number) => LEFT + ((x - xLow) / (xHigh - xLow)) * (WIDTH - LEFT - RIGHT);
  const yAt = (y: number) => HEIGHT - BOTTOM - ((y - yLow) / (yHigh - yLow)) * (HEIGHT - TOP - BOTTOM);
  const grid = ticksOf(yLow, yHigh).map(
    (y) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${yAt(y).toFixed(1)}" y2="${yAt(y).toFixed(1)}" stroke="${y === 0 ? '#555' : '#ddd'}"/>` +
      `<text x="${LEFT - 8}" y="${(yAt(y) + 4).toFixed(1)}" text-anchor="end">${shown(y)}</text>`,
  );
  const marks = ticksOf(xLow, xHigh).map(
    (x) =>
      `<text x="${xAt(x).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${shown(x)}</text>`,
  );
  const drawn = lines.map((line, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const path = line.points.map(([x, y]) => `${xAt(x).toFixed(1)},${yAt(y).toFixed(1)}`).join(' ');
    const labelY = TOP + 16 * index + 4;
    return (
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${index === 0 ? 2.5 : 1.5}"/>` +
      `<text x="${WIDTH - RIGHT + 12}" y="${labelY}" fill="${colour}">${escaped(line.name)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="22" font-size="15">${escaped(title)}</text>`,
    ...grid,
    ...marks,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(xName)}</text>`,
    `<text transform="translate(16 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escaped(yName)}</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

function rangeOf(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!(high > low)) return Number.isFinite(low) ? [low - 1, low + 1] : [0, 1];
  return [low, high];
}

/** About five round numbers inside a range. */
function ticksOf(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step); tick * step <= high; tick += 1) ticks.push(tick * step);
  return ticks;
}

function shown(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString('en');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
