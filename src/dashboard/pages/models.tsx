import type { ExposureList, Health, ModelList, Rankings } from '../answers.ts';
import { Endpoints } from '../parts/endpoints.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { useData } from '../use-data.ts';
import { Caps } from './caps.tsx';
import { ModelTable } from './model-table.tsx';

/** How every endpoint is, and what can be done with a model. */
export function ModelsPage() {
  const health = useData<Health>('intelligence/health', { isLive: true });
  const list = useData<ModelList>('models', { everyMs: 30_000 });
  const exposure = useData<ExposureList>('intelligence/exposure', { everyMs: 30_000 });
  const rankings = useData<Rankings>('intelligence/rankings?window=1h', { everyMs: 600_000 });
  const changed = () => {
    list.reload();
    exposure.reload();
  };
  return (
    <>
      <PageHead
        title="Models & providers"
        about="An endpoint is a model at one provider. Its breaker opens when it fails and tries again by itself."
      />
      <Loaded data={health}>
        {(answer) => (
          <>
            {answer.data.map(({ provider, status, endpoints }) => (
              <section class="card stack" key={provider}>
                <h2>
                  {provider} <Status status={status} />
                </h2>
                <Endpoints endpoints={endpoints} />
              </section>
            ))}
          </>
        )}
      </Loaded>
      <section class="card stack">
        <h2>Models</h2>
        <Loaded data={list}>
          {(answer) => (
            <ModelTable models={modelsOf(answer)} exposure={exposure.answer} onChanged={changed} />
          )}
        </Loaded>
      </section>
      {exposure.answer && list.answer ? (
        <Caps
          exposure={exposure.answer}
          models={modelsOf(list.answer)}
          tasks={rankings.answer?.data.map(({ task }) => task) ?? []}
          onChanged={changed}
        />
      ) : null}
    </>
  );
}

/** What can be routed to; those of a type stand together, in the order in which the types come. */
function modelsOf({ data }: ModelList): ModelList['data'] {
  const models = data.filter(({ id }) => id !== 'auto' && !id.startsWith('@preset/'));
  const types = [...new Set(models.map(({ type }) => type))];
  return types.flatMap((type) => models.filter((model) => model.type === type));
}
