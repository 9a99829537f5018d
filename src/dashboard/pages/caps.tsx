import { useRef, useState } from 'preact/hooks';
import type { ExposureList, ModelList, Rankings } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { exactPercent, words } from '../format.ts';
import { DataTable } from '../parts/data-table.tsx';
import { Failure } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { type Actions, useModelActions } from '../use-model-actions.ts';

/** Every cap there is, also of models that have left, with a form for one more. */
export function Caps(props: {
  exposure: ExposureList;
  models: ModelList['data'];
  tasks: readonly Rankings['data'][number]['task'][];
  onChanged: () => void;
}) {
  const actions = useModelActions(props.onChanged);
  const title = useRef<HTMLHeadingElement>(null);
  /** What was pressed goes with its row, and would take the focus along. */
  const removing = async (work: Promise<boolean>) => {
    if (await work) title.current?.focus();
  };
  return (
    <section class="card stack" data-field="caps">
      <h2 ref={title} tabIndex={-1}>
        Caps
      </h2>
      <p class="small quiet">
        Of the choices that are left to the router a capped model gets at most this share, of each task or of
        one. Of two caps the smaller holds; who asks for a model by name gets it all the same.
      </p>
      {actions.error ? <Failure error={actions.error} /> : null}
      <p role="status" class={actions.told === '' ? 'sr' : 'notice'}>
        {actions.told}
      </p>
      {props.exposure.data.some(isShown) ? (
        <DataTable
          caption="Caps, and models that have left while something was set for them"
          columns={['Model', 'Of', 'Gets at most', '']}
        >
          {props.exposure.data.filter(isShown).flatMap((model) => rowsOf(model, actions, removing))}
        </DataTable>
      ) : (
        <p class="small">None is set: every model may get any share.</p>
      )}
      <NewCap models={props.models} tasks={props.tasks} actions={actions} />
    </section>
  );
}

type Restricted = ExposureList['data'][number];

/** A pause of a model that is there is told, and ended, in the table of models. */
function isShown({ caps, configured, paused }: Restricted): boolean {
  return caps.length > 0 || (paused && !configured);
}

function rowsOf(
  { model, configured, paused, caps }: Restricted,
  actions: Actions,
  removing: (work: Promise<boolean>) => Promise<void>,
) {
  const name = (
    <th scope="row" class="name">
      <span class="swatch" style={{ background: colourOf(model) }} />
      {model}
      {configured ? null : <span class="tag">not offered any more</span>}
    </th>
  );
  const rows = caps.map(({ task, max_share: share }) => {
    const work = task === null ? 'each task' : words(task);
    return (
      <tr key={`${model} ${task}`}>
        {name}
        <td>{work}</td>
        <td>{exactPercent(share)}</td>
        <td>
          <button
            type="button"
            class="button"
            aria-label={`Remove the cap on ${model}, ${work.toLowerCase()}`}
            onClick={() => removing(actions.cap(model, task, null))}
          >
            Remove
          </button>
        </td>
      </tr>
    );
  });
  if (!paused || configured) return rows;
  return [
    ...rows,
    <tr key={`${model} paused`}>
      {name}
      <td>
        <Status status="paused" />
      </td>
      <td />
      <td>
        <button
          type="button"
          class="button"
          aria-label={`Resume ${model}`}
          onClick={() => removing(actions.act(model, 'resume'))}
        >
          Resume
        </button>
      </td>
    </tr>,
  ];
}

function NewCap(props: {
  models: ModelList['data'];
  tasks: readonly Rankings['data'][number]['task'][];
  actions: Actions;
}) {
  const { models, actions } = props;
  const [model, setModel] = useState('');
  // Models of other types have one kind of work each, so that a cap is of all of it.
  const tasks = models.find(({ id }) => id === model)?.type === 'chat' ? props.tasks : [];
  const set = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    const task = tasks.find((one) => one === fields.get('task')) ?? null;
    const isSet = await actions.cap(model, task, Number(fields.get('percent')) / 100);
    if (isSet) {
      form.reset();
      setModel('');
    }
  };
  return (
    <form class="row" onSubmit={set}>
      <label>
        Model
        <select required value={model} onChange={(event) => setModel(event.currentTarget.value)}>
          <option value="">choose …</option>
          {models.map(({ id }) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      </label>
      <label>
        Of
        <select name="task">
          <option value="">each task</option>
          {tasks.map((task) => (
            <option key={task} value={task}>
              {words(task)}
            </option>
          ))}
        </select>
      </label>
      <label>
        At most, %
        <input name="percent" type="number" min="0" max="100" step="any" required placeholder="20" />
      </label>
      <button type="submit" class="button">
        Cap
      </button>
    </form>
  );
}
