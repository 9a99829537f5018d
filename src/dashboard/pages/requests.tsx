import { useState } from 'preact/hooks';
import type { Explanation } from '../answers.ts';
import { PageHead } from '../parts/page-head.tsx';
import { Loaded } from '../parts/states.tsx';
import { hrefOf } from '../route.ts';
import { useData } from '../use-data.ts';
import { Explained } from './explained.tsx';
import { RequestList } from './request-list.tsx';

/** Which requests there were, and of one of them everything that is known. */
export function RequestsPage(props: { detail: string }) {
  const [id, setId] = useState('');
  return (
    <>
      <PageHead title="Requests" about="Where each request went and why, what it cost, and how good it was.">
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (id.trim() !== '') location.hash = hrefOf('requests', id.trim());
          }}
        >
          <label>
            Request id, x-request-id
            <input value={id} onInput={(event) => setId(event.currentTarget.value)} placeholder="req_…" />
          </label>
          <button type="submit" class="button">
            Explain
          </button>
        </form>
      </PageHead>
      {props.detail === '' ? <RequestList /> : <OneRequest id={props.detail} />}
    </>
  );
}

function OneRequest(props: { id: string }) {
  const explanation = useData<Explanation>(`explain/${encodeURIComponent(props.id)}`);
  return (
    <>
      <p>
        <a href={hrefOf('requests')}>← All requests</a>
      </p>
      <Loaded data={explanation}>
        {(answer) => <Explained answer={answer} onFeedback={explanation.reload} />}
      </Loaded>
    </>
  );
}
