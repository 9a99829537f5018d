import { type Live, useLive } from '../live.ts';

const STATE_TO_WORDS: Readonly<Record<Live['state'], string>> = {
  connecting: 'Connecting …',
  live: 'Live',
  reconnecting: 'Reconnecting …',
  resting: 'Resting',
  closed: 'Not live',
};
const STATE_TO_TITLE: Readonly<Record<Live['state'], string>> = {
  connecting: 'Decisions are about to be shown as they are made',
  live: 'Decisions are shown as they are made',
  reconnecting: 'The gateway does not answer; it is asked again',
  resting: 'Nothing is asked while the page is not looked at',
  closed: 'This key may not watch decisions: numbers are read every few seconds',
};

/** Whether what is shown is of this moment. */
export function LiveSign() {
  const { state } = useLive();
  return (
    <span class={`live ${state}`} role="status" title={STATE_TO_TITLE[state]}>
      <span class="dot" aria-hidden="true" />
      {STATE_TO_WORDS[state]}
    </span>
  );
}
