import { useState } from 'preact/hooks';
import { ApiError, login } from '../api.ts';
import { Command } from '../parts/command.tsx';
import { Failure } from '../parts/states.tsx';

export function LoginPage(props: { onLoggedIn: () => void }) {
  const [key, setKey] = useState('');
  const [error, setError] = useState<ApiError>();
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await login(key.trim());
      setKey('');
      props.onLoggedIn();
    } catch (failure) {
      if (failure instanceof ApiError) setError(failure);
    }
  };
  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <h1>Outrider</h1>
        <p class="quiet">
          Log in with a key of the scope <code>intelligence</code>, or <code>admin</code> to change things as
          well:
        </p>
        <Command text="npx outrider keys create --name me --scope admin" />
        <label>
          Key
          <input
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
      </form>
    </main>
  );
}
