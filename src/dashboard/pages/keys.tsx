import { useRef, useState } from 'preact/hooks';
import type { CreatedKey, KeyList } from '../answers.ts';
import { ApiError, call, login } from '../api.ts';
import { count, NONE, usd } from '../format.ts';
import { onLogInAsked } from '../logged-out.ts';
import { Command } from '../parts/command.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { PageHead, TITLE_ID } from '../parts/page-head.tsx';
import { Empty, Failure, Loaded } from '../parts/states.tsx';
import { useData } from '../use-data.ts';

const CREATE = 'npx outrider keys create --name me --scope admin';
const SCOPES = ['inference', 'feedback', 'intelligence', 'admin'] as const;

/** Who may call, and how much. */
export function KeysPage() {
  const keys = useData<KeyList>('keys?limit=100', { everyMs: 15_000, isWhole: true });
  const [fresh, setFresh] = useState('');
  const isForAdmins = keys.answer === undefined && keys.error?.status === 403;
  const isFirst = keys.answer?.data.length === 0;
  return (
    <>
      <PageHead
        title="Keys"
        about="Who may call, what for, and how much. Only a key of the scope admin may see this."
      />
      {fresh === '' ? null : (
        <div class="notice" role="status">
          <p>The new key, shown this once:</p>
          <Command text={fresh} field="new-key" />
        </div>
      )}
      {isForAdmins ? (
        <ForAdmins reason={keys.error?.message ?? ''} />
      ) : (
        <Loaded data={keys}>
          {(answer) =>
            answer.data.length === 0 ? (
              <Empty title="No key exists">
                <p>
                  Without one the gateway is open to this machine. The first key closes it, for this page too:
                  make one with the scope <code>admin</code>, below or in a terminal, and log in with it here.
                </p>
                <Command text={CREATE} />
              </Empty>
            ) : (
              <List keys={answer.data} onChanged={keys.reload} />
            )
          }
        </Loaded>
      )}
      {keys.answer === undefined ? null : (
        <NewKey
          key={isFirst ? 'first' : 'further'}
          isFirst={isFirst}
          onCreated={async (key) => {
            setFresh(key);
            // It closes the gateway, and without this the page on which it is shown.
            if (isFirst) await login(key);
            keys.reload();
          }}
        />
      )}
    </>
  );
}

/** Nothing is broken: another key sees it. */
function ForAdmins(props: { reason: string }) {
  return (
    <Empty title="This page needs an admin's key">
      <p>{props.reason}</p>
      <Command text={CREATE} />
      <button type="button" class="button main" onClick={() => onLogInAsked.current()}>
        Log in with it
      </button>
    </Empty>
  );
}

type Key = KeyList['data'][number];

function List(props: { keys: readonly Key[]; onChanged: () => void }) {
  const [error, setError] = useState<ApiError>();
  const [asked, setAsked] = useState('');
  const revoke = async (id: string) => {
    if (asked !== id) {
      setAsked(id);
      return;
    }
    try {
      await call(`api/keys/${encodeURIComponent(id)}`, { method: 'DELETE' });
      setError(undefined);
      // What was pressed goes, and would take the focus along.
      document.getElementById(TITLE_ID)?.focus();
      props.onChanged();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  return (
    <section class="card">
      {error ? <Failure error={error} /> : null}
      <DataTable
        caption="Keys"
        columns={[
          'Name',
          'Begins with',
          'State',
          'Scopes',
          { text: 'Plan', isMinor: true },
          { number: 'A minute' },
          { number: 'Budget, day / month' },
          'Models',
          '',
        ]}
      >
        {props.keys.map((key) => (
          <tr key={key.id}>
            <th scope="row" class="name">
              {key.name}
            </th>
            <td>
              <code>{key.prefix}…</code>
            </td>
            <td>
              <span class={`tag ${key.state === 'active' ? 'good' : 'bad'}`}>{key.state}</span>
            </td>
            <td class="small">{key.scopes.join(', ')}</td>
            <td>{key.plan ?? NONE}</td>
            <td class="right small">
              {key.limits.requests_per_minute === null && key.limits.tokens_per_minute === null ? (
                'no limit'
              ) : (
                <>
                  {limited(key.limits.requests_per_minute, 'requests')}
                  <br />
                  {limited(key.limits.tokens_per_minute, 'tokens')}
                </>
              )}
            </td>
            <td class="right">
              {key.budget_usd_per_day === null && key.budget_usd_per_month === null
                ? 'none'
                : `${usd(key.budget_usd_per_day)} / ${usd(key.budget_usd_per_month)}`}
            </td>
            <td class="small">{key.allowed_models?.join(', ') ?? 'all'}</td>
            <td>
              {key.state === 'active' ? (
                <button
                  type="button"
                  class="button"
                  aria-label={`${asked === key.id ? 'Really revoke' : 'Revoke'} ${key.name}${asked === key.id ? '?' : ''}`}
                  // The second click of a double one is no answer: what it would answer was not read.
                  onClick={(event) => event.detail < 2 && revoke(key.id)}
                >
                  {asked === key.id ? 'Really revoke?' : 'Revoke'}
                </button>
              ) : null}
            </td>
          </tr>
        ))}
      </DataTable>
    </section>
  );
}

function limited(most: number | null, what: string): string {
  return most === null ? `any ${what}` : `${count(most)} ${what}`;
}

function NewKey(props: {
  /** Without an admin among them nobody could make the second one here. */
  isFirst: boolean;
  onCreated: (key: string) => Promise<void>;
}) {
  const [error, setError] = useState<ApiError>();
  const isCreating = useRef(false);
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    // Of two that are made at once, one would be shown to nobody.
    if (isCreating.current) return;
    isCreating.current = true;
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    const text = (name: string) => String(fields.get(name) ?? '').trim();
    const budget = text('budget');
    try {
      const { key } = await call<CreatedKey>('api/keys', {
        method: 'POST',
        body: {
          name: text('name'),
          scopes: SCOPES.filter((scope) => fields.getAll('scope').includes(scope)),
          ...(text('plan') === '' ? {} : { plan: text('plan') }),
          ...(budget === '' ? {} : { budget_usd_per_month: Number(budget) }),
        },
      });
      form.reset();
      setError(undefined);
      await props.onCreated(key);
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    } finally {
      isCreating.current = false;
    }
  };
  return (
    <form class="card stack" onSubmit={create}>
      <h2>A new key</h2>
      <div class="row">
        <label>
          Name
          <input name="name" required maxLength={200} placeholder="laptop" />
        </label>
        <label>
          Plan
          <input name="plan" placeholder="none" />
        </label>
        <label>
          USD a month
          <input name="budget" type="number" min="0.01" step="any" placeholder="no budget" />
        </label>
      </div>
      <fieldset class="row center">
        <legend class="small quiet">Scopes</legend>
        {SCOPES.map((scope) => (
          <label key={scope} class="check">
            <input
              type="checkbox"
              name="scope"
              value={scope}
              defaultChecked={props.isFirst || scope === 'inference' || scope === 'feedback'}
              required={props.isFirst && scope === 'admin'}
            />
            {scope}
          </label>
        ))}
      </fieldset>
      {error ? <Failure error={error} /> : null}
      <div>
        <button type="submit" class="button main">
          Create
        </button>
      </div>
    </form>
  );
}
