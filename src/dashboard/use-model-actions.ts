import { useState } from 'preact/hooks';
import type { Exposure, Reevaluation } from './answers.ts';
import { ApiError, call } from './api.ts';
import { exactPercent, words } from './format.ts';

export type Action = 'pause' | 'resume' | 'reevaluate';

/** What an operator can do with a model, and what came of it. */
export interface Actions {
  readonly act: (model: string, action: Action) => Promise<boolean>;
  /**
   * @param task null: of each
   * @param maxShare 0–1; null takes the cap away
   * @returns whether it is done
   */
  readonly cap: (model: string, task: string | null, maxShare: number | null) => Promise<boolean>;
  /** In words; '' before anything was done. */
  readonly told: string;
  /** Of the latest try. */
  readonly error: ApiError | undefined;
}

export function useModelActions(onChanged: () => void): Actions {
  const [error, setError] = useState<ApiError>();
  const [told, setTold] = useState('');
  const attempt = async (work: () => Promise<string>) => {
    try {
      setTold(await work());
      setError(undefined);
      onChanged();
      return true;
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      setError(failure);
      setTold('');
      return false;
    }
  };
  return {
    error,
    told,
    act: (model, action) =>
      attempt(async () => {
        const path = pathOf(model, action);
        const { trial } = await call<Partial<Reevaluation>>(path, { method: 'POST', body: {} });
        return wordsOf(model, action, trial?.max_requests);
      }),
    cap: (model, task, maxShare) =>
      attempt(async () => {
        const body = { max_share: maxShare, ...(task === null ? {} : { task }) };
        await call<Exposure>(pathOf(model, 'exposure'), { method: 'POST', body });
        const work = task === null ? 'each task' : words(task).toLowerCase();
        return maxShare === null
          ? `The cap on ${model} for ${work} is gone.`
          : `${model} gets at most ${exactPercent(maxShare)} of the choices of ${work}.`;
      }),
  };
}

function pathOf(id: string, action: string): string {
  return `api/intelligence/models/${id.split('/').map(encodeURIComponent).join('/')}/${action}`;
}

function wordsOf(id: string, action: Action, requests = 0): string {
  switch (action) {
    case 'pause':
      return `${id} is out of service: nobody is sent there until it is resumed.`;
    case 'resume':
      return `${id} is back in service.`;
    case 'reevaluate':
      return `${id} is looked at again: it gets a share of the next ${requests} choices.`;
  }
}
