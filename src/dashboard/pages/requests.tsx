import { useState } from 'preact/hooks';
import type { Explanation } from '../answers.ts';
import { ApiError, call } from '../api.ts';
import { hundredths, milliseconds, NONE, percent, usd, words } from '../format.ts';
import { Columns } from '../parts/columns.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Failure, Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { hrefOf } from '../route.ts';
import { useData } from '../use-data.ts';
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

function Explained(props: { answer: Explanation; onFeedback: () => void }) {
  const { answer } = props;
  return (
    <>
      <div class="two">
        <section class="card">
          <h2>What was asked, and who answered</h2>
          <dl class="facts">
            <dt>Id</dt>
            <dd>
              <code>{answer.request_id}</code>
            </dd>
            <dt>At</dt>
            <dd>{new Date(answer.created_at).toLocaleString('en-GB')}</dd>
            <dt>Asked for</dt>
            <dd>{answer.requested_model}</dd>
            <dt>Answered</dt>
            <dd>{answer.model ? `${answer.model} at ${answer.provider}` : 'by nobody'}</dd>
            <dt>Because</dt>
            <dd>
              {words(answer.reason)}, by '{answer.strategy}'
            </dd>
            <dt>Task</dt>
            <dd>
              {words(answer.task.type)}, {percent(answer.task.confidence)} sure; {answer.task.input_tokens}{' '}
              tokens, {answer.task.language}
            </dd>
            <dt>Cost</dt>
            <dd>
              {usd(answer.cost.actual_usd)} (estimated {usd(answer.cost.estimated_usd)})
            </dd>
          </dl>
        </section>
        <Feedback answer={answer} onGiven={props.onFeedback} />
      </div>
      <section class="card">
        <h2>Candidates</h2>
        <div class="scroll">
          <table>
            <caption>In the order of the draw: the first one was asked, the others stood by</caption>
            <Columns
              names={[
                'Model',
                'Provider',
                { number: 'Probability' },
                { number: 'Quality' },
                { number: 'Expected cost' },
                { number: 'Expected time' },
                { number: 'Worth' },
              ]}
            />
            <tbody>
              {answer.candidates.map((candidate) => (
                <tr key={candidate.endpoint}>
                  <th scope="row" class="name">
                    {candidate.model}
                  </th>
                  <td>{candidate.provider}</td>
                  <td class="right">{percent(candidate.probability, 1)}</td>
                  <td class="right">{hundredths(candidate.quality)}</td>
                  <td class="right">{usd(candidate.expected_cost_usd)}</td>
                  <td class="right">{milliseconds(candidate.expected_latency_ms)}</td>
                  <td class="right">{usd(candidate.utility_usd)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {answer.excluded.length > 0 ? (
          <p class="small quiet">
            Left out:{' '}
            {answer.excluded
              .map(({ endpoint, reason }) => `${endpoint} (${words(reason).toLowerCase()})`)
              .join(', ')}
          </p>
        ) : null}
      </section>
      <section class="card">
        <h2>Attempts</h2>
        <div class="scroll">
          <table>
            <caption class="sr">Every call to a provider</caption>
            <Columns
              names={[
                'Endpoint',
                'Ended',
                { number: 'Tokens in / out' },
                { number: 'Cost' },
                { number: 'First token' },
                { number: 'Took' },
              ]}
            />
            <tbody>
              {answer.attempts.map((attempt) => (
                <tr key={attempt.number}>
                  <th scope="row" class="name">
                    {attempt.endpoint}
                  </th>
                  <td>
                    <Status status={attempt.ending} /> {attempt.error_code}
                  </td>
                  <td class="right">
                    {attempt.usage.input_tokens} / {attempt.usage.output_tokens}
                  </td>
                  <td class="right">
                    {usd(attempt.cost.actual_usd)}
                    {attempt.cost.is_estimate ? ' est.' : ''}
                  </td>
                  <td class="right">{attempt.ttft_ms > 0 ? milliseconds(attempt.ttft_ms) : NONE}</td>
                  <td class="right">{milliseconds(attempt.latency_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

interface Moved {
  readonly counted?: boolean;
  readonly note?: string;
  readonly moved: {
    readonly task: string;
    readonly model: string;
    readonly before: { readonly quality: number };
    readonly after: { readonly quality: number };
  };
}

const VERDICTS = [
  { label: 'Good', score: 1 },
  { label: 'So-so', score: 0.5 },
  { label: 'Bad', score: 0 },
] as const;

function Feedback(props: { answer: Explanation; onGiven: () => void }) {
  const { answer } = props;
  const [moved, setMoved] = useState<Moved>();
  const [error, setError] = useState<ApiError>();
  const path = `api/feedback/${encodeURIComponent(answer.request_id)}`;
  const send = async (method: 'POST' | 'DELETE', score?: number) => {
    try {
      const given = await call<Moved>(method === 'DELETE' ? `${path}?source=dashboard` : path, {
        method,
        body: score === undefined ? undefined : { score, source: 'dashboard' },
      });
      setMoved(given);
      setError(undefined);
      props.onGiven();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  return (
    <section class="card stack">
      <h2>How good was it?</h2>
      {answer.learnt.map(({ attempt, automatic }) =>
        automatic ? (
          <p key={attempt} class="small">
            Its answer showed by itself: {hundredths(automatic.quality)} (
            {words(automatic.source).toLowerCase()}, weight {hundredths(automatic.weight)})
            {automatic.counted ? '' : '; a verdict from outside took its place'}.
          </p>
        ) : null,
      )}
      {answer.feedback.map(({ source, score, updated_at }) => (
        <p key={source} class="small">
          <strong>{source}</strong> says {hundredths(score)}, {new Date(updated_at).toLocaleString('en-GB')}.
        </p>
      ))}
      <div class="row">
        {VERDICTS.map(({ label, score }) => (
          <button key={label} type="button" class="button" onClick={() => send('POST', score)}>
            {label}
          </button>
        ))}
        {answer.feedback.some(({ source }) => source === 'dashboard') ? (
          <button type="button" class="button" onClick={() => send('DELETE')}>
            Take it back
          </button>
        ) : null}
      </div>
      {error ? <Failure error={error} /> : null}
      <p role="status" class="small">
        {moved
          ? `What is believed of ${moved.moved.model} on ${words(moved.moved.task).toLowerCase()} moved from ${moved.moved.before.quality.toFixed(4)} to ${moved.moved.after.quality.toFixed(4)}. ${moved.note ?? ''}`
          : ''}
      </p>
    </section>
  );
}
