import { useState } from 'preact/hooks';
import type { RequestList as Answer, Rankings } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { ago, hundredths, milliseconds, NONE, usd, words } from '../format.ts';
import { Command } from '../parts/command.tsx';
import { DataTable } from '../parts/data-table.tsx';
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
  const filter = new URLSearchParams({ limit: '25' });
  if (model !== '') filter.set('model', model);
  if (task !== '') filter.set('task', task);
  if (reason !== '') filter.set('reason', reason);
  if (before !== undefined) filter.set('before', before);
  const data = useData<Answer>(`requests?${filter}`, {
    everyMs: before === undefined ? 5_000 : 3_600_000,
    isLive: before === undefined,
  });
  const known = useData<Rankings>('intelligence/rankings?window=1h', { everyMs: 600_000 }).answer?.data ?? [];
  const isFiltered = model !== '' || task !== '' || reason !== '';
  const changing = (set: (text: string) => void) => (event: { currentTarget: { value: string } }) => {
    set(event.currentTarget.value.trim());
    setPlaces([]);
  };
  return (
    <section class="card stack">
      <div class="row">
        <label>
          Model
          <input onChange={changing(setModel)} placeholder="any" list="models" />
          <datalist id="models">
            {known[0]?.models.map((one) => (
              <option key={one.model} value={one.model} />
            ))}
          </datalist>
        </label>
        <label>
          Task
          <select onChange={changing(setTask)}>
            <option value="">any</option>
            {known.map((one) => (
              <option key={one.task} value={one.task}>
                {words(one.task)}
              </option>
            ))}
          </select>
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
              <Nothing hasOlder={answer.next_before !== null} isFiltered={isFiltered} />
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

function Nothing(props: { hasOlder: boolean; isFiltered: boolean }) {
  if (props.hasOlder) {
    return (
      <Empty title="None among these 2,000 requests">
        <p>Older ones may fit.</p>
      </Empty>
    );
  }
  if (props.isFiltered) {
    return (
      <Empty title="None fits">
        <p>No request of this kind was made.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No requests yet">
      <p>
        Each request that is made gets a line here, and behind it the whole story: who could have answered,
        with what probability each was chosen, what it cost. Where one went without being sent can be asked,
        too:
      </p>
      <Command
        text={`curl ${location.origin}/v1/route \\
  -H "authorization: Bearer $OUTRIDER_KEY" -H 'content-type: application/json' \\
  -d '{"model": "auto", "messages": [{"role": "user", "content": "Translate: good morning"}]}'`}
      />
    </Empty>
  );
}

function Lines(props: { rows: Answer['data'] }) {
  const nowMs = Date.now();
  return (
    <DataTable
      caption="Requests, the newest first"
      isLines
      columns={[
        'When',
        'Task',
        { text: 'Asked for', isMinor: true },
        'Answered by',
        { text: 'Because', isMinor: true },
        'Ended',
        { number: 'Cost' },
        { number: 'Took', isMinor: true },
        { number: 'Score' },
      ]}
    >
      {props.rows.map((row) => (
        <tr key={row.request_id}>
          <td class="nowrap when">
            <a
              href={hrefOf('requests', row.request_id)}
              title={row.request_id}
              aria-label={`${ago(row.created_at, nowMs)}, ${words(row.task).toLowerCase()} by ${row.model ?? 'nobody'}: explain`}
            >
              {ago(row.created_at, nowMs)}
            </a>
          </td>
          <td>{words(row.task)}</td>
          <td class="quiet">{row.requested_model}</td>
          <td class="name">
            <span class="swatch" style={{ background: colourOf(row.model ?? '') }} />
            {row.model ?? NONE}
          </td>
          <td class="quiet">{row.reason}</td>
          <td class="ending">
            {row.ending === 'completed' ? (
              <span class="quiet">completed</span>
            ) : (
              <Status status={row.ending} />
            )}
          </td>
          <td class="right">{usd(row.cost_usd)}</td>
          <td class="right">{milliseconds(row.latency_ms)}</td>
          <td class="right told">{hundredths(row.score)}</td>
        </tr>
      ))}
    </DataTable>
  );
}
