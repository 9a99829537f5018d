import { useState } from 'preact/hooks';
import type { ChartProps } from './chart.tsx';
import { Columns } from './columns.tsx';
import { Scroll } from './scroll.tsx';

/** The same numbers for those who cannot see the picture, or want to read one of them. */
export function ChartTable(props: { chart: ChartProps; nameOf: (index: number) => string }) {
  const [isOpen, setOpen] = useState(false);
  const { times, series, band, label, format } = props.chart;
  const told = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : format(value);
  return (
    <details class="small" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary class="quiet">As a table</summary>
      {isOpen ? (
        <Scroll label={label}>
          <table>
            <caption class="sr">{label}</caption>
            <Columns
              names={[
                'When',
                ...series.map((one) => ({ number: one.label })),
                ...(band ? [{ number: band.label }] : []),
              ]}
            />
            <tbody>
              {times.map((time, index) => (
                <tr key={time}>
                  <th scope="row">{props.nameOf(index)}</th>
                  {series.map((one) => (
                    <td key={one.label} class="right">
                      {told(one.values[index])}
                    </td>
                  ))}
                  {band ? (
                    <td class="right">
                      {told(band.low[index])} – {told(band.high[index])}
                    </td>
                  ) : null}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : null}
    </details>
  );
}
