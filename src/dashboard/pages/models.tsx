import { useState } from 'preact/hooks';
import type { Health, ModelList } from '../answers.ts';
import { ApiError, call } from '../api.ts';
import { count, milliseconds, NONE, percent, words } from '../format.ts';
import { Columns } from '../parts/columns.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Failure, Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { useData } from '../use-data.ts';

/** How every endpoint is, and what can be done with a model. */
export function ModelsPage() {
  const health = useData<Health>('intelligence/health');
  const models = useData<ModelList>('models', 30_000);
  return (
    <>
      <PageHead
        title="Models & providers"
        about="An endpoint is a model at one provider. Its breaker opens when it fails and tries again by itself."
      />
      <Loaded data={health}>
        {(answer) => (
          <>
            {answer.data.map((provider) => (
              <section class="card" key={provider.provider}>
                <h2>
                  {provider.provider} <Status status={provider.status} />
                </h2>
                <Endpoints endpoints={provider.endpoints} />
              </section>
            ))}
          </>
        )}
      </Loaded>
      <section class="card">
        <h2>Models</h2>
        <Loaded data={models}>{(answer) => <Models list={answer} onChanged={models.reload} />}</Loaded>
      </section>
    </>
  );
}

type Endpoint = Health['data'][number]['endpoints'][number];

function Endpoints(props: { endpoints: readonly Endpoint[] }) {
  return (
    <div class="scroll">
      <table>
        <caption class="sr">Endpoints: status, uptime, percentiles, breaker</caption>
        <Columns
          names={[
            'Endpoint',
            'Is',
            { number: 'Up 5 m / 30 m / 1 d' },
            { number: 'p50 / p90 / p99' },
            { number: 'First token' },
            'Errors, 30 min',
            'Breaker',
          ]}
        />
        <tbody>
          {props.endpoints.map((endpoint) => (
            <tr key={endpoint.endpoint}>
              <th scope="row" class="name">
                {endpoint.endpoint}
              </th>
              <td>
                <Status status={endpoint.status} />
              </td>
              <td class="right">
                {percent(endpoint.uptime['5m'])} / {percent(endpoint.uptime['30m'])} /{' '}
                {percent(endpoint.uptime['1d'])}
              </td>
              <td class="right">
                {endpoint.latency_ms
                  ? `${milliseconds(endpoint.latency_ms.p50)} / ${milliseconds(endpoint.latency_ms.p90)} / ${milliseconds(endpoint.latency_ms.p99)}`
                  : NONE}
              </td>
              <td class="right">{milliseconds(endpoint.ttft_ms?.p50)}</td>
              <td class="small">
                {Object.entries(endpoint.errors)
                  .map(([ending, share]) => `${words(ending)} ${percent(share)}`)
                  .join(', ') || NONE}
              </td>
              <td>
                <Breaker endpoint={endpoint} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Breaker(props: { endpoint: Endpoint }) {
  const { breaker, cooling_until: cooling } = props.endpoint;
  const until = cooling ?? breaker.next_probe_at;
  return (
    <>
      <Status status={cooling ? 'cooling' : breaker.state} />{' '}
      {until ? <span class="quiet small">tries at {new Date(until).toLocaleTimeString('en-GB')}</span> : null}
    </>
  );
}

function Models(props: { list: ModelList; onChanged: () => void }) {
  const [error, setError] = useState<ApiError>();
  const [told, setTold] = useState('');
  const actionPath = (id: string, action: string) =>
    `api/intelligence/models/${id.split('/').map(encodeURIComponent).join('/')}/${action}`;
  const pause = async (id: string, isPaused: boolean) => {
    try {
      await call(actionPath(id, isPaused ? 'pause' : 'resume'), { method: 'POST', body: {} });
      setError(undefined);
      setTold(
        isPaused
          ? `${id} is out of service: nobody is sent there until it is resumed.`
          : `${id} is back in service.`,
      );
      props.onChanged();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  const act = async (id: string) => {
    try {
      const answer = await call<{ trial: { max_requests: number } }>(actionPath(id, 'reevaluate'), {
        method: 'POST',
        body: {},
      });
      setError(undefined);
      setTold(`${id} is looked at again: it gets a share of the next ${answer.trial.max_requests} choices.`);
      props.onChanged();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  return (
    <>
      {error ? <Failure error={error} /> : null}
      <p role="status">{told}</p>
      <div class="scroll">
        <table>
          <caption class="sr">Models with their prices</caption>
          <Columns
            names={[
              'Model',
              'Kind',
              { number: 'Context' },
              { number: 'USD per million, in / out' },
              'Can',
              'Providers',
              '',
            ]}
          />
          <tbody>
            {props.list.data
              .filter(({ id }) => id !== 'auto' && !id.startsWith('@preset/'))
              .map((model) => (
                <tr key={model.id} data-model={model.id}>
                  <th scope="row" class="name">
                    {model.id}
                  </th>
                  <td>
                    {model.type}{' '}
                    {model.status && model.status !== 'ready' ? <Status status={model.status} /> : null}
                  </td>
                  <td class="right">{count(model.context_length)}</td>
                  <td class="right">
                    {model.pricing_per_million
                      ? `${model.pricing_per_million.prompt} / ${model.pricing_per_million.completion}`
                      : NONE}
                  </td>
                  <td class="small">{model.capabilities.join(', ') || NONE}</td>
                  <td class="small">{model.providers?.join(', ')}</td>
                  <td>
                    <div class="row tight">
                      <button
                        type="button"
                        class="button"
                        onClick={() => pause(model.id, model.status !== 'paused')}
                      >
                        {model.status === 'paused' ? 'Resume' : 'Pause'}
                      </button>
                      {model.type === 'chat' ? (
                        <button type="button" class="button" onClick={() => act(model.id)}>
                          Look again
                        </button>
                      ) : null}
                    </div>
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
