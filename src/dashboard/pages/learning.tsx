import { useState } from 'preact/hooks';
import type { Rankings } from '../answers.ts';
import { colourOf } from '../colours.ts';
import { count, words } from '../format.ts';
import { Changes } from '../parts/changes.tsx';
import { Command } from '../parts/command.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { hrefOf } from '../route.ts';
import { useData } from '../use-data.ts';
import { TaskBeliefs } from './task-beliefs.tsx';
import { TaskShares } from './task-shares.tsx';

const STRATEGIES = ['', 'balanced', 'quality', 'price', 'latency', 'throughput'] as const;

/** What is believed of each model on each task, and where the traffic went because of it. */
export function LearningPage(props: { detail: string }) {
  const [strategy, setStrategy] = useState('');
  const query = strategy === '' ? '' : `&strategy=${strategy}`;
  const rankings = useData<Rankings>(`intelligence/rankings?window=7d${query}`, { isLive: true });
  // The list is of chat's tasks; other work is shown when one comes from where it is named.
  const isOther = rankings.answer?.data.every(({ task }) => task !== props.detail) && props.detail !== '';
  const other = useData<Rankings>(
    isOther ? `intelligence/rankings?window=7d&task=${encodeURIComponent(props.detail)}${query}` : undefined,
    { everyMs: 30_000 },
  );
  return (
    <>
      <PageHead
        title="Learning"
        about="Per task, how good each model is believed to be here, from 0 to 1, and how likely it is the best once cost and waiting are taken off."
      >
        <label>
          By the values of
          <select value={strategy} onChange={(event) => setStrategy(event.currentTarget.value)}>
            {STRATEGIES.map((name) => (
              <option key={name} value={name}>
                {name === '' ? 'the default strategy' : name}
              </option>
            ))}
          </select>
        </label>
      </PageHead>
      <Loaded data={rankings}>
        {(answer) => (
          <Tasks
            rankings={answer}
            other={isOther ? other.answer?.data[0] : undefined}
            wanted={props.detail}
          />
        )}
      </Loaded>
    </>
  );
}

function Tasks(props: { rankings: Rankings; other: Rankings['data'][number] | undefined; wanted: string }) {
  const { strategy } = props.rankings;
  const data = props.other === undefined ? props.rankings.data : [...props.rankings.data, props.other];
  const byTraffic = [...data].sort((one, other) => other.requests - one.requests);
  const task = data.find((one) => one.task === props.wanted) ?? byTraffic[0];
  if (task === undefined || task.models.length === 0) return <NoModels />;
  return (
    <>
      <ul class="tasks plain" aria-label="Tasks">
        {byTraffic.map((one) => (
          <li key={one.task} class={one === task ? 'card chosen' : 'card'}>
            <a href={hrefOf('learning', one.task)} aria-current={one === task ? 'true' : undefined}>
              {words(one.task)}
            </a>
            <div class="small name-line">
              <span class="swatch" style={{ background: colourOf(one.best ?? '') }} />
              {one.best ?? 'nobody'}
            </div>
            <div class="quiet small">
              {one.requests > 0 ? `${count(one.requests)} in 7 days` : 'no traffic yet'}
            </div>
          </li>
        ))}
      </ul>
      <TaskBeliefs task={task} strategy={strategy} />
      <TaskShares task={task.task} />
      <Changes />
    </>
  );
}

function NoModels() {
  return (
    <Empty title="Nothing to learn about yet">
      <p>
        No chat model is offered. Put a provider's key into the environment before the start, or name models
        in <code>outrider.toml</code>:
      </p>
      <Command text={'export OPENAI_API_KEY=…\nnpm start'} />
    </Empty>
  );
}
