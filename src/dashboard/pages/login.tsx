import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, login } from '../api.ts';
import icon from '../icon.svg';
import { Command } from '../parts/command.tsx';
import { Failure } from '../parts/states.tsx';

/** @param props.onBack for who came here of their own accord */
export function LoginPage(props: { onLoggedIn: () => void; onBack: (() => void) | undefined }) {
  const [key, setKey] = useState('');
  const [error, setError] = useState<ApiError>();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Log in · Outrider';
    field.current?.focus();
  }, []);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await login(key.trim());
      setKey('');
      props.onLoggedIn();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
      field.current?.select();
    }
  };
  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <h1 class="brand">
          <img src={icon} alt="" />
          Outrider
        </h1>
        <label>
          Key
          <input
            ref={field}
            type="password"
            name="key"
            autocomplete="current-password"
            required
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        {error ? <Failure error={error} /> : null}
        <button type="submit" class="button main">
          Log in
        </button>
        {props.onBack ? (
          <button type="button" class="button" onClick={props.onBack}>
            Back without logging in
          </button>
        ) : null}
        <div class="stack small quiet">
          <p>
            A key of the scope <code>intelligence</code> may look, one of <code>admin</code> may change things
            as well. No key at hand? Where the gateway runs:
          </p>
          <Command text="npx outrider keys create --name me --scope admin" />
        </div>
      </form>
    </main>
  );
}
