import { useState } from 'preact/hooks';
import type { ModelList, Rankings, Reevaluation } from '../answers.ts';
import { ApiError, call } from '../api.ts';
import { colourOf } from '../colours.ts';
import { count, NONE, percent, usd } from '../format.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Failure } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { useData } from '../use-data.ts';

type Model = ModelList['data'][number];
/** That an operator may choose from. */
const SHARES: readonly number[] = [0.5, 0.25, 0.1, 0.05, 0.01];

type Action = 'pause' | 'resume' | 'reevaluate';

/** The models with their prices, and what an operator can do with each. */
export function ModelTable(props: { list: ModelList; onChanged: () => void }) {
  const [error, setError] = useState<ApiError>();
  const [told, setTold] = useState('');
  const act = async (id: string, action: Action) => {
    try {
      const answer = await call<Partial<Reevaluation>>(pathOf(id, action), {
        method: 'POST',
        body: {},
      });
      setError(undefined);
      setTold(wordsOf(id, action, answer.trial?.max_requests));
      props.onChanged();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  const rankings = useData<Rankings>('intelligence/rankings?window=1h', { everyMs: 30_000 });
  const cap = async (id: string, maxShare: number | null) => {
    try {
      await call(pathOf(id, 'exposure'), { method: 'POST', body: { max_share: maxShare } });
      setError(undefined);
      setTold(
        maxShare === null
          ? `${id} may get any share of the choices.`
          : `${id} gets at most ${percent(maxShare)} of the choices of each task.`,
      );
      rankings.reload();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  const models = props.list.data.filter(({ id }) => id !== 'auto' && !id.startsWith('@preset/'));
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
          'Kind',
          { number: 'Context', isMinor: true },
          { number: 'USD per million, in / out' },
          { text: 'Can', isMinor: true },
          { text: 'Providers', isMinor: true },
          'Gets at most',
          '',
        ]}
      >
        {models.map((model) => (
          <Row
            key={model.id}
            model={model}
            act={(action) => act(model.id, action)}
            cap={capOf(rankings.answer, model.id)}
            onCapped={(maxShare) => cap(model.id, maxShare)}
          />
        ))}
      </DataTable>
    </>
  );
}

function pathOf(id: string, action: string): string {
  return `api/intelligence/models/${id.split('/').map(encodeURIComponent).join('/')}/${action}`;
}

/** What holds for each task: a cap that only some tasks have is told with the task. */
function capOf(rankings: Rankings | undefined, id: string): number | null {
  let cap = 0;
  for (const { models } of rankings?.data ?? []) {
    const exposure = models.find(({ model }) => model === id)?.exposure;
    if (!exposure) return null;
    cap = Math.max(cap, exposure.max_share);
  }
  return rankings === undefined ? null : cap;
}

function Row(props: {
  model: Model;
  act: (action: Action) => void;
  cap: number | null;
  onCapped: (maxShare: number | null) => void;
}) {
  const { model, act } = props;
  const isPaused = model.status === 'paused';
  return (
    <tr data-model={model.id}>
      <th scope="row" class="name">
        <span class="swatch" style={{ background: colourOf(model.id) }} />
        {model.id}
      </th>
      <td>
        {model.type} {model.status && model.status !== 'ready' ? <Status status={model.status} /> : null}
      </td>
      <td class="right">{count(model.context_length)}</td>
      <td class="right">{priceOf(model)}</td>
      <td class="small">{model.capabilities.join(', ') || NONE}</td>
      <td class="small">{model.providers?.join(', ')}</td>
      <td>
        {model.type === 'chat' ? <Cap id={model.id} cap={props.cap} onCapped={props.onCapped} /> : NONE}
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

/** The most of the choices of each task that are left to the router. */
function Cap(props: { id: string; cap: number | null; onCapped: (maxShare: number | null) => void }) {
  const { id, cap } = props;
  const shares = cap === null || SHARES.includes(cap) ? SHARES : [...SHARES, cap].sort((a, b) => b - a);
  return (
    <select
      aria-label={`The most of the choices that ${id} gets`}
      value={cap === null ? '' : String(cap)}
      onChange={({ currentTarget: { value } }) => props.onCapped(value === '' ? null : Number(value))}
    >
      <option value="">any share</option>
      {shares.map((share) => (
        <option key={share} value={String(share)}>
          {percent(share)}
        </option>
      ))}
    </select>
  );
}

function priceOf({ pricing_per_million: tokens, pricing_per_unit: unit }: Model): string {
  if (unit) return `${usd(unit.usd)} a${unit.unit === 'image' ? 'n' : ''} ${unit.unit}`;
  return tokens ? `${tokens.prompt} / ${tokens.completion}` : NONE;
}

function wordsOf(id: string, action: Action, requests = 0): string {
  switch (action) {
    case 'pause':
      return `${id} is out of service: nobody is sent there until it is resumed.`;
    case 'resume':
      return `${id} is back in service.`;
    case 'reevaluate':
      return `${id} is looked at again: it gets a share of the next ${requests} choices.`;
  }
}
