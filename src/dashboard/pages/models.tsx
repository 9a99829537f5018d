import type { Health, ModelList } from '../answers.ts';
import { Endpoints } from '../parts/endpoints.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { useData } from '../use-data.ts';
import { ModelTable } from './model-table.tsx';

/** How every endpoint is, and what can be done with a model. */
export function ModelsPage() {
  const health = useData<Health>('intelligence/health', { isLive: true });
  const models = useData<ModelList>('models', { everyMs: 30_000 });
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
        <Loaded data={models}>{(answer) => <ModelTable list={answer} onChanged={models.reload} />}</Loaded>
      </section>
    </>
  );
}
