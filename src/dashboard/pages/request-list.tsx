import { useState } from 'preact/hooks';
import type { RequestList as Answer } from '../answers.ts';
import { ago, hundredths, milliseconds, NONE, usd, words } from '../format.ts';
import { Columns } from '../parts/columns.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { hrefOf } from '../route.ts';
import { useData } from '../use-data.ts';

const REASONS = ['', 'auto', 'explore', 'explicit', 'sticky', 'fallback', 'dry-run', 'judge'] as const;

/** The newest requests, and those that a filter finds among them. */
export function RequestList() {
  const [model, setModel] = useState('');
  const [task, setTask] = useState('');
  const [reason, setReason] = useState('');
  /** Where the pages before this one began; the last is this page's. */
  const [places, setPlaces] = useState<readonly string[]>([]);
  const before = places.at(-1);
  const filter = new URLSearchParams();
  if (model !== '') filter.set('model', model);
  if (task !== '') filter.set('task', task);
  if (reason !== '') filter.set('reason', reason);
  if (before !== undefined) filter.set('before', before);
  const data = useData<Answer>(`requests?${filter}`, before === undefined ? 5_000 : 3_600_000);
  const changing = (set: (text: string) => void) => (event: { currentTarget: { value: string } }) => {
    set(event.currentTarget.value.trim());
    setPlaces([]);
  };
  return (
    <section class="card stack">
      <div class="row">
        <label>
          Model
          <input onChange={changing(setModel)} placeholder="any" />
        </label>
        <label>
          Task
          <input onChange={changing(setTask)} placeholder="any" />
        </label>
        <label>
          Reason
          <select onChange={changing(setReason)}>
            {REASONS.map((name) => (
              <option key={name} value={name}>
                {name === '' ? 'any' : name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Loaded data={data}>
        {(answer) => (
          <>
            {answer.data.length === 0 ? (
              <Empty title={answer.next_before ? 'None among these 2,000 requests' : 'No requests'}>
                <p>{answer.next_before ? 'Older ones may fit.' : 'None fits, or none was made yet.'}</p>
              </Empty>
            ) : (
              <Lines rows={answer.data} />
            )}
            <div class="row">
              {places.length > 0 ? (
                <button type="button" class="button" onClick={() => setPlaces(places.slice(0, -1))}>
                  ← Newer
                </button>
              ) : null}
              {answer.next_before ? (
                <button
                  type="button"
                  class="button"
                  onClick={() => setPlaces([...places, answer.next_before ?? ''])}
                >
                  Older →
                </button>
              ) : null}
            </div>
          </>
        )}
      </Loaded>
    </section>
  );
}

function Lines(props: { rows: Answer['data'] }) {
  const nowMs = Date.now();
  return (
    <div class="scroll">
      <table>
        <caption class="sr">Requests, the newest first</caption>
        <Columns
          names={[
            'When',
            'Task',
            'Asked for',
            'Answered by',
            'Because',
            'Ended',
            { number: 'Cost' },
            { number: 'Took' },
            { number: 'Score' },
          ]}
        />
        <tbody>
          {props.rows.map((row) => (
            <tr key={row.request_id}>
              <td class="nowrap">
                <a href={hrefOf('requests', row.request_id)} title={row.request_id}>
                  {ago(row.created_at, nowMs)}
                </a>
              </td>
              <td>{words(row.task)}</td>
              <td class="quiet">{row.requested_model}</td>
              <td class="name">{row.model ?? NONE}</td>
              <td class="quiet">{row.reason}</td>
              <td>
                <Status status={row.ending} />
              </td>
              <td class="right">{usd(row.cost_usd)}</td>
              <td class="right">{milliseconds(row.latency_ms)}</td>
              <td class="right">{hundredths(row.score)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
