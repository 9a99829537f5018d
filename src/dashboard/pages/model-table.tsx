import { useState } from 'preact/hooks';
import type { ModelList } from '../answers.ts';
import { ApiError, call } from '../api.ts';
import { colourOf } from '../colours.ts';
import { count, NONE, usd } from '../format.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Failure } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';

type Model = ModelList['data'][number];

/** The models with their prices, and what an operator can do with each. */
export function ModelTable(props: { list: ModelList; onChanged: () => void }) {
  const [error, setError] = useState<ApiError>();
  const [told, setTold] = useState('');
  const act = async (id: string, action: 'pause' | 'resume' | 'reevaluate') => {
    const path = `api/intelligence/models/${id.split('/').map(encodeURIComponent).join('/')}/${action}`;
    try {
      const answer = await call<{ trial?: { max_requests: number } }>(path, { method: 'POST', body: {} });
      setError(undefined);
      setTold(wordsOf(id, action, answer.trial?.max_requests));
      props.onChanged();
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
          '',
        ]}
      >
        {models.map((model) => (
          <Row key={model.id} model={model} act={(action) => act(model.id, action)} />
        ))}
      </DataTable>
    </>
  );
}

function Row(props: { model: Model; act: (action: 'pause' | 'resume' | 'reevaluate') => void }) {
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

function priceOf({ pricing_per_million: tokens, pricing_per_unit: unit }: Model): string {
  if (unit) return `${usd(unit.usd)} a${unit.unit === 'image' ? 'n' : ''} ${unit.unit}`;
  return tokens ? `${tokens.prompt} / ${tokens.completion}` : NONE;
}

function wordsOf(id: string, action: 'pause' | 'resume' | 'reevaluate', requests = 0): string {
  switch (action) {
    case 'pause':
      return `${id} is out of service: nobody is sent there until it is resumed.`;
    case 'resume':
      return `${id} is back in service.`;
    case 'reevaluate':
      return `${id} is looked at again: it gets a share of the next ${requests} choices.`;
  }
}
