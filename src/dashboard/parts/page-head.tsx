import type { ComponentChildren } from 'preact';

/** To which the keyboard goes when another page is looked at. */
export const TITLE_ID = 'title';

/** What a page is about, in one line, and what changes all of it. */
export function PageHead(props: { title: string; about: string; children?: ComponentChildren }) {
  return (
    <div class="head">
      <div>
        <h1 id={TITLE_ID} tabIndex={-1}>
          {props.title}
        </h1>
        <p>{props.about}</p>
      </div>
      {props.children ? <div class="row">{props.children}</div> : null}
    </div>
  );
}
