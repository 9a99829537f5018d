import type { Explanation } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { hundredths, language, milliseconds, NONE, percent, usd, words } from '../format.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Share } from '../parts/interval.tsx';
import { Status } from '../parts/status.tsx';
import { hrefOf } from '../route.ts';
import { Feedback } from './feedback.tsx';

const REASON_TO_WORDS: Readonly<Record<string, string>> = {
  explicit: 'it was asked for by name',
  auto: 'it won the draw among what is believed',
  explore: 'it was tried to learn more about it',
  sticky: 'the conversation stayed where its prompts are cached',
  fallback: 'those before it did not answer',
  'dry-run': 'a dry run had decided so',
  judge: 'the judge asked it',
};

/** Everything that is known of one request. */
export function Explained(props: { answer: Explanation; onFeedback: () => void }) {
  const { answer } = props;
  // Whoever was chosen, and for whatever reason: it did not answer.
  const reason = answer.attempts.length > 1 ? 'fallback' : answer.reason;
  return (
    <>
      <p class="lead">
        {answer.model ? (
          <>
            <span class="swatch" style={{ background: colourOf(answer.model) }} />
            <strong>{answer.model}</strong> answered, because{' '}
            {REASON_TO_WORDS[reason] ?? words(reason).toLowerCase()}.
          </>
        ) : (
          'Nobody answered: what went wrong stands under the attempts.'
        )}
      </p>
      <div class="two">
        <Facts answer={answer} />
        <Feedback answer={answer} onGiven={props.onFeedback} />
      </div>
      <Candidates answer={answer} />
      <Attempts answer={answer} />
    </>
  );
}

function Facts({ answer }: { answer: Explanation }) {
  return (
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
          <a href={hrefOf('learning', answer.task.type)}>{words(answer.task.type)}</a>,{' '}
          {percent(answer.task.confidence)} sure; {answer.task.input_tokens} tokens
          {answer.task.language === 'und' ? '' : `, ${language(answer.task.language)}`}
        </dd>
        <dt>Cost</dt>
        <dd>
          {usd(answer.cost.actual_usd)} (estimated {usd(answer.cost.estimated_usd)})
        </dd>
      </dl>
    </section>
  );
}

function Candidates({ answer }: { answer: Explanation }) {
  const asked = new Set(answer.attempts.map(({ endpoint }) => endpoint));
  return (
    <section class="card">
      <h2>Candidates</h2>
      <DataTable
        caption="In the order of the draw: the first one was asked, the others stood by"
        isCaptionShown
        columns={[
          'Model',
          'Provider',
          'Probability',
          { number: 'Quality' },
          { number: 'Expected cost' },
          { number: 'Expected time' },
          { number: 'Worth' },
        ]}
      >
        {answer.candidates.map((candidate) => (
          <tr key={candidate.endpoint}>
            <th scope="row" class="name">
              <span class="swatch" style={{ background: colourOf(candidate.model) }} />
              {candidate.model}
              {asked.has(candidate.endpoint) ? <span class="tag">asked</span> : null}
            </th>
            <td>{candidate.provider}</td>
            <td>
              <div class="measure wide">
                <span class="number">{percent(candidate.probability, 1)}</span>
                <Share share={candidate.probability} colour={colourOf(candidate.model)} />
              </div>
            </td>
            <td class="right">{hundredths(candidate.quality)}</td>
            <td class="right">{usd(candidate.expected_cost_usd)}</td>
            <td class="right">{milliseconds(candidate.expected_latency_ms)}</td>
            <td class="right">{usd(candidate.utility_usd)}</td>
          </tr>
        ))}
      </DataTable>
      <p class="small quiet">
        Worth: the believed quality in dollars, less the cost and the waiting.
        {answer.excluded.length > 0
          ? ` Left out: ${answer.excluded
              .map(({ endpoint, reason }) => `${endpoint} (${words(reason).toLowerCase()})`)
              .join(', ')}.`
          : ''}
      </p>
    </section>
  );
}

function Attempts({ answer }: { answer: Explanation }) {
  return (
    <section class="card">
      <h2>Attempts</h2>
      <DataTable
        caption="Every call to a provider"
        columns={[
          'Endpoint',
          'Ended',
          { number: 'Tokens in / out' },
          { number: 'Cost' },
          { number: 'First token' },
          { number: 'Took' },
        ]}
      >
        {answer.attempts.map((attempt) => (
          <tr key={attempt.number}>
            <th scope="row" class="name">
              {attempt.endpoint}
            </th>
            <td>
              <Status status={attempt.ending} /> <span class="small">{attempt.error_code}</span>
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
      </DataTable>
    </section>
  );
}
