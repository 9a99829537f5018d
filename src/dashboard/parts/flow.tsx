import { percent, usd } from '../format.ts';
import type { FlowBand, FlowNode, MoneyFlow } from '../money-flow.ts';

/** Of the picture of bands, which is stretched to the room there is. */
const WIDTH = 100;

/** Three columns of names with bars, and the bands between them; the tables beside it tell every number. */
export function Flow(props: {
  flow: MoneyFlow;
  titles: readonly [string, string, string];
  colourOf: (name: string) => string;
}) {
  const { flow, titles, colourOf } = props;
  const [first, second, third] = flow.columns;
  const plain = () => 'var(--quiet)';
  return (
    <figure class="flow" aria-label={`Money from ${titles.join(' to ').toLowerCase()}`}>
      <Nodes title={titles[0]} nodes={first} height={flow.height} colourOf={plain} bars="after" />
      <Bands bands={flow.bands[0]} height={flow.height} colourOf={plain} />
      <Nodes title={titles[1]} nodes={second} height={flow.height} colourOf={plain} bars="both" />
      <Bands bands={flow.bands[1]} height={flow.height} colourOf={({ to }) => colourOf(to)} />
      <Nodes
        title={titles[2]}
        nodes={third}
        height={flow.height}
        colourOf={({ name }) => colourOf(name)}
        bars="before"
      />
    </figure>
  );
}

function Nodes(props: {
  title: string;
  nodes: readonly FlowNode[];
  height: number;
  colourOf: (node: FlowNode) => string;
  /** On the sides from which bands come and to which they go. */
  bars: 'before' | 'after' | 'both';
}) {
  const bar = (node: FlowNode) => (
    <span
      class="bar"
      style={{ height: `${Math.max(1, node.thickness)}px`, background: props.colourOf(node) }}
    />
  );
  return (
    <div>
      <h3 class="small quiet">{props.title}</h3>
      <ol class="flow-nodes" style={{ height: `${props.height}px` }}>
        {props.nodes.map((node) => (
          <li key={node.name} style={{ top: `${node.top}px`, height: `${node.room}px` }}>
            {props.bars === 'after' ? null : bar(node)}
            <span class="flow-name" title={node.name}>
              {node.name}
            </span>
            <span class="number small quiet">
              {usd(node.usd)} · {percent(node.share)}
            </span>
            {props.bars === 'before' ? null : bar(node)}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Bands(props: { bands: readonly FlowBand[]; height: number; colourOf: (band: FlowBand) => string }) {
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${props.height}`}
      preserveAspectRatio="none"
      height={props.height}
      aria-hidden="true"
    >
      {props.bands.map((band) => (
        <path key={`${band.from} ${band.to}`} d={pathOf(band)} style={{ fill: props.colourOf(band) }}>
          <title>{`${band.from} → ${band.to}: ${usd(band.usd)}, ${percent(band.share)}`}</title>
        </path>
      ))}
    </svg>
  );
}

/** As thick all the way: two curves that leave and arrive level. */
function pathOf({ fromTop, toTop, thickness }: FlowBand): string {
  const half = WIDTH / 2;
  const thick = Math.max(0.75, thickness);
  return [
    `M0 ${fromTop}`,
    `C${half} ${fromTop} ${half} ${toTop} ${WIDTH} ${toTop}`,
    `V${toTop + thick}`,
    `C${half} ${toTop + thick} ${half} ${fromTop + thick} 0 ${fromTop + thick}`,
    'Z',
  ].join('');
}
