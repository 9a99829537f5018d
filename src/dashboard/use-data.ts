import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call } from './api.ts';

export interface Data<Answer> {
  readonly answer: Answer | undefined;
  /** Of the latest try; what was read before it still stands in `answer`. */
  readonly error: ApiError | undefined;
  readonly reload: () => void;
}

/** Told of every 401, so that whoever was logged out sees the login. */
export const onLoggedOut: { current: () => void } = { current: () => {} };

/** An answer of `/v1/{path}`, by the key that is logged in; undefined reads nothing. */
export function useData<Answer>(path: string | undefined, everyMs?: number): Data<Answer> {
  return useAnswer(path === undefined ? undefined : `api/${path}`, everyMs);
}

/**
 * An answer, read again every few seconds while the page is looked at.
 *
 * @param path below `/dashboard/`; undefined reads nothing
 */
export function useAnswer<Answer>(path: string | undefined, everyMs = 5_000): Data<Answer> {
  const [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState<ApiError>();
  const [turn, setTurn] = useState(0);
  const latest = useRef<string | undefined>(undefined);

  // `turn` is what a reload changes.
  useEffect(() => {
    if (path === undefined) return;
    if (latest.current !== path) setAnswer(undefined);
    latest.current = path;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      if (!document.hidden) {
        try {
          const read = await call<Answer>(path, {
            signal: controller.signal,
          });
          setAnswer(read);
          setError(undefined);
        } catch (failure) {
          if (controller.signal.aborted) return;
          if (failure instanceof ApiError) {
            if (failure.status === 401) onLoggedOut.current();
            setError(failure);
          }
        }
      }
      if (!controller.signal.aborted) timer = setTimeout(read, everyMs);
    };
    void read();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, turn]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { answer, error, reload };
}
