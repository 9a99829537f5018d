import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call, callWhole } from './api.ts';
import { onDecisions } from './live.ts';
import { onLoggedOut } from './logged-out.ts';

export interface Data<Answer> {
  readonly answer: Answer | undefined;
  /** Of the latest try; what was read before it still stands in `answer`. */
  readonly error: ApiError | undefined;
  readonly reload: () => void;
}

export interface Freshness {
  readonly everyMs?: number;
  /** Read again soon after decisions came, too. */
  readonly isLive?: boolean;
  /** With all pages of it: what is summed up, or looked through, is wrong without the last. */
  readonly isWhole?: boolean;
}

/** After a decision the attempt takes its time; what it cost is known when it has ended. */
const SOON_MS = 1_000;

/** An answer of `/v1/{path}`, by the key that is logged in; undefined reads nothing. */
export function useData<Answer>(path: string | undefined, freshness?: Freshness): Data<Answer> {
  return useAnswer(path === undefined ? undefined : `api/${path}`, freshness);
}

/**
 * An answer, read again every few seconds while the page is looked at.
 *
 * @param path below `/dashboard/`; undefined reads nothing
 */
export function useAnswer<Answer>(
  path: string | undefined,
  { everyMs = 5_000, isLive = false, isWhole = false }: Freshness = {},
): Data<Answer> {
  const [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState<ApiError>();
  const [turn, setTurn] = useState(0);
  const latest = useRef<string | undefined>(undefined);

  // `turn` is what a reload changes.
  useEffect(() => {
    if (path === undefined) return;
    if (latest.current !== path) {
      setAnswer(undefined);
      setError(undefined);
    }
    latest.current = path;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let dueMs = 0;
    const readIn = (ms: number) => {
      clearTimeout(timer);
      dueMs = Date.now() + ms;
      timer = setTimeout(read, ms);
    };
    const read = async () => {
      timer = undefined;
      if (!document.hidden) {
        try {
          setAnswer(await (isWhole ? callWhole : call)<Answer>(path, controller));
          setError(undefined);
        } catch (failure) {
          if (controller.signal.aborted) return;
          if (failure instanceof ApiError) {
            if (failure.status === 401) onLoggedOut.current();
            setError(failure);
          }
        }
      }
      if (!controller.signal.aborted) readIn(everyMs);
    };
    /** Sooner than planned, never later; while a read is under way, the next one comes by itself. */
    const readSoon = (ms: number) => {
      if (timer !== undefined && dueMs - Date.now() > ms) readIn(ms);
    };
    const look = () => {
      if (!document.hidden) readSoon(0);
    };
    const stopHearing = isLive ? onDecisions(() => readSoon(SOON_MS)) : undefined;
    document.addEventListener('visibilitychange', look);
    void read();
    return () => {
      controller.abort();
      clearTimeout(timer);
      stopHearing?.();
      document.removeEventListener('visibilitychange', look);
    };
  }, [path, everyMs, isLive, turn]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { answer, error, reload };
}
