import { useRef, useState } from 'preact/hooks';
import type { Explanation, FeedbackAnswer } from '../answers.ts';
import { ApiError, call } from '../api.ts';
import { colourOf } from '../colours.ts';
import { hundredths, words } from '../format.ts';
import { Interval } from '../parts/interval.tsx';
import { Failure } from '../parts/states.tsx';

const VERDICTS = [
  { label: 'Good', score: 1 },
  { label: 'So-so', score: 0.5 },
  { label: 'Bad', score: 0 },
] as const;

/** What was said of an answer, three buttons to say more, and how far that moved what is believed. */
export function Feedback(props: { answer: Explanation; onGiven: () => void }) {
  const { answer } = props;
  const [moved, setMoved] = useState<FeedbackAnswer>();
  const [error, setError] = useState<ApiError>();
  const verdicts = useRef<HTMLFieldSetElement>(null);
  const path = `api/feedback/${encodeURIComponent(answer.request_id)}`;
  const send = async (method: 'POST' | 'DELETE', score?: number) => {
    try {
      const given = await call<FeedbackAnswer>(method === 'DELETE' ? `${path}?source=dashboard` : path, {
        method,
        body: score === undefined ? undefined : { score, source: 'dashboard' },
      });
      // What was pressed goes, and would take the focus along.
      if (method === 'DELETE') verdicts.current?.querySelector('button')?.focus();
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
            The answer itself suggests {hundredths(automatic.quality)} (
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
      <fieldset class="row" ref={verdicts}>
        <legend class="sr">Your verdict</legend>
        {VERDICTS.map(({ label, score }) => (
          <button
            key={label}
            type="button"
            class="button"
            aria-pressed={answer.feedback.some((one) => one.source === 'dashboard' && one.score === score)}
            onClick={() => send('POST', score)}
          >
            {label}
          </button>
        ))}
        {answer.feedback.some(({ source }) => source === 'dashboard') ? (
          <button type="button" class="button" onClick={() => send('DELETE')}>
            Take it back
          </button>
        ) : null}
      </fieldset>
      {error ? <Failure error={error} /> : null}
      <div role="status" class="small stack">
        {moved ? <Moved given={moved} /> : null}
      </div>
    </section>
  );
}

function Moved({ given: { moved, note } }: { given: FeedbackAnswer }) {
  const { model, task, before, after } = moved;
  const colour = colourOf(model);
  return (
    <>
      <p>
        What is believed of {model} on {words(task).toLowerCase()}{' '}
        {before.quality === after.quality
          ? `stays at ${after.quality.toFixed(4)}.`
          : `moved from ${before.quality.toFixed(4)} to ${after.quality.toFixed(4)}.`}{' '}
        {note ?? ''}
      </p>
      <div class="moved">
        <span class="quiet">Before</span>
        <Interval mean={before.quality} low={before.low_90} high={before.high_90} colour={colour} />
        <span class="quiet">After</span>
        <Interval mean={after.quality} low={after.low_90} high={after.high_90} colour={colour} />
      </div>
    </>
  );
}
