import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api.ts';
import type { Data } from '../use-data.ts';

/** What is there when nothing is there yet: what would fill this, and how. */
export function Empty(props: { title: string; children: ComponentChildren }) {
  return (
    <div class="card empty">
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

export function Failure(props: { error: ApiError }) {
  const isMissingScope = props.error.code === 'missing_scope';
  return (
    <div class="notice bad" role="alert">
      {props.error.message}
      {isMissingScope ? ' Log in with another key to see this part.' : null}
    </div>
  );
}

/** The content once it is there; what hinders it otherwise. What was read before stays while a read fails. */
export function Loaded<Answer>(props: {
  data: Data<Answer>;
  children: (answer: Answer) => ComponentChildren;
}) {
  const { answer, error } = props.data;
  return (
    <>
      {error ? <Failure error={error} /> : null}
      {answer !== undefined ? props.children(answer) : error ? null : <p class="quiet">Loading …</p>}
    </>
  );
}
