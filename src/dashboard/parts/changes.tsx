import type { Changes as Answer } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { hundredths, milliseconds } from '../format.ts';
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
                    <Name change={change} /> <span class="small">{wordsOf(change)}</span>
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

function wordsOf({ cause, direction, measure, before, after }: Change): string {
  if (direction === null || measure === null) return CAUSE_TO_WORDS[cause] ?? cause;
  const words = MEASURE_TO_WORDS[measure];
  const sizes =
    before === null || after === null ? '' : `, from ${words.size(before)} to ${words.size(after)}`;
  return `${words[direction]}${sizes}.${measure === 'quality' ? ' What was known of it counts a tenth since.' : ''}`;
}

const MEASURE_TO_WORDS = {
  quality: {
    better: 'Its answers became better',
    worse: 'Its answers became worse',
    size: hundredths,
  },
  ttft_ms: {
    better: 'Its first token comes sooner',
    worse: 'Its first token comes later',
    size: milliseconds,
  },
  ms_per_output_token: {
    better: 'It writes faster',
    worse: 'It writes slower',
    size: (value: number) => `${value.toFixed(1)} ms a token`,
  },
} as const;

function Name({ change }: { change: Change }) {
  return (
    <>
      <span class="swatch" style={{ background: colourOf(change.model) }} />
      <strong>{change.endpoint ?? change.model}.</strong>
    </>
  );
}
