import type { Changes as Answer } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { useData } from '../use-data.ts';
import { Loaded } from './states.tsx';

type Change = Answer['data'][number];

const CAUSE_TO_WORDS: Readonly<Record<string, string>> = {
  quality_alarm: 'Its answers became better or worse: what was known of it counts a tenth since.',
  second_look: 'It fell behind once and is tried again: what was held against it has faded.',
  reevaluation: 'An operator asked for another look at it.',
  ttft_alarm: 'Its first token comes sooner or later than before.',
  token_time_alarm: 'It writes faster or slower than before.',
};

/** Alarms and looks again: when the ground moved. */
export function Changes() {
  const changes = useData<Answer>('intelligence/changes?limit=20', { everyMs: 15_000 });
  return (
    <section class="card stack" data-field="changes">
      <h2>Noticed changes</h2>
      <Loaded data={changes}>
        {({ data }) =>
          data.length === 0 ? (
            <p class="quiet small">
              None so far. When a model's answers become better or worse, or an endpoint faster or slower, an
              alarm stands here, and what was known before counts a tenth from then on.
            </p>
          ) : (
            <ul class="plain">
              {data.map((change) => (
                <li key={`${change.endpoint ?? change.model} ${change.epoch}`} class="change">
                  <time class="small quiet nowrap" dateTime={change.at}>
                    {new Date(change.at).toLocaleString('en-GB', {
                      day: 'numeric',
                      month: 'short',
                      hour: '2-digit',
                      minute: '2-digit',
                    })}
                  </time>
                  <span>
                    <Name change={change} />{' '}
                    <span class="small">{CAUSE_TO_WORDS[change.cause] ?? change.cause}</span>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

function Name({ change }: { change: Change }) {
  return (
    <>
      <span class="swatch" style={{ background: colourOf(change.model) }} />
      <strong>{change.endpoint ?? change.model}.</strong>
    </>
  );
}
