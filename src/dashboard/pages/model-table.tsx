import type { ExposureList, ModelList } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, exactPercent, NONE, usd, words } from '../format.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Failure } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { type Action, useModelActions } from '../use-model-actions.ts';

type Model = ModelList['data'][number];
type Caps = ExposureList['data'][number]['caps'];
/** That an operator may choose from. */
const SHARES: readonly number[] = [0.5, 0.25, 0.1, 0.05, 0.01];

/** The models with their prices, and what an operator can do with each. */
export function ModelTable(props: {
  models: readonly Model[];
  exposure: ExposureList | undefined;
  onChanged: () => void;
}) {
  const { error, told, act, cap } = useModelActions(props.onChanged);
  return (
    <>
      {error ? <Failure error={error} /> : null}
      <p role="status" class={told === '' ? 'sr' : 'notice'}>
        {told}
      </p>
      <DataTable
        caption="Models with their prices"
        columns={[
          'Model',
          { text: 'Kind', isMinor: true },
          { number: 'Context', isMinor: true },
          { number: 'USD per million, in / out' },
          { text: 'Can', isMinor: true },
          { text: 'Providers', isMinor: true },
          'Gets at most',
          '',
        ]}
      >
        {props.models.map((model) => (
          <Row
            key={model.id}
            model={model}
            act={(action) => act(model.id, action)}
            caps={props.exposure?.data.find((one) => one.model === model.id)?.caps ?? []}
            onCapped={(maxShare) => cap(model.id, null, maxShare)}
          />
        ))}
      </DataTable>
    </>
  );
}

function Row(props: {
  model: Model;
  act: (action: Action) => void;
  caps: Caps;
  onCapped: (maxShare: number | null) => void;
}) {
  const { model, act } = props;
  const isPaused = model.status === 'paused';
  return (
    <tr data-model={model.id}>
      <th scope="row" class="name">
        <span class="swatch" style={{ background: colourOf(model.id) }} />
        {model.id}
        {model.status && model.status !== 'ready' ? <Status status={model.status} /> : null}
      </th>
      <td>{model.type}</td>
      <td class="right">{count(model.context_length)}</td>
      <td class="right">{priceOf(model)}</td>
      <td class="small">{model.capabilities.join(', ') || NONE}</td>
      <td class="small">{model.providers?.join(', ')}</td>
      <td>
        {model.type === 'chat' ? <Cap id={model.id} caps={props.caps} onCapped={props.onCapped} /> : NONE}
      </td>
      <td>
        <div class="row tight">
          <button
            type="button"
            class="button"
            aria-label={`${isPaused ? 'Resume' : 'Pause'} ${model.id}`}
            onClick={() => act(isPaused ? 'resume' : 'pause')}
          >
            {isPaused ? 'Resume' : 'Pause'}
          </button>
          {model.type === 'chat' ? (
            <button
              type="button"
              class="button"
              title="What was known of it counts a tenth, and it gets a bounded share of choices"
              aria-label={`Look again at ${model.id}`}
              onClick={() => act('reevaluate')}
            >
              Look again
            </button>
          ) : null}
        </div>
      </td>
    </tr>
  );
}

/** The most of the choices of each task that are left to the router; caps of one task stand below it. */
function Cap(props: { id: string; caps: Caps; onCapped: (maxShare: number | null) => void }) {
  const { id, caps } = props;
  const cap = caps.find(({ task }) => task === null)?.max_share ?? null;
  const shares = cap === null || SHARES.includes(cap) ? SHARES : [...SHARES, cap].sort((a, b) => b - a);
  const ofTasks = caps.flatMap(({ task, max_share: share }) =>
    task === null ? [] : [`${words(task).toLowerCase()} ${exactPercent(share)}`],
  );
  return (
    <>
      <select
        aria-label={`The most of the choices that ${id} gets`}
        value={cap === null ? '' : String(cap)}
        onChange={({ currentTarget: { value } }) => props.onCapped(value === '' ? null : Number(value))}
      >
        <option value="">any share</option>
        {shares.map((share) => (
          <option key={share} value={String(share)}>
            {exactPercent(share)}
          </option>
        ))}
      </select>
      {ofTasks.length === 0 ? null : <div class="small quiet">{ofTasks.join(', ')}</div>}
    </>
  );
}

function priceOf({ pricing_per_million: tokens, pricing_per_unit: unit }: Model): string {
  if (unit) return `${usd(unit.usd)} a${unit.unit === 'image' ? 'n' : ''} ${unit.unit}`;
  return tokens ? `${tokens.prompt} / ${tokens.completion}` : NONE;
}
