import type { Mistake } from './config-error.ts';
import type { Offers } from './offers.ts';
import { flawOfKey } from './sendable.ts';

type Env = Readonly<Record<string, string | undefined>>;

const DETECT_SCOPES = ['all', 'keys', 'none'];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const MAX_SEED = 2 ** 32 - 1;

/** What is wrong with the process's own variables. An empty choice counts as none. */
export function mistakesOfEnvironment(env: Env): Mistake[] {
  const { OUTRIDER_SEED: seed } = env;
  const mistakes = [
    ...mistakesOfChoice('OUTRIDER_DETECT', env, DETECT_SCOPES),
    ...mistakesOfChoice('OUTRIDER_LOG_LEVEL', env, LOG_LEVELS),
  ];
  if (seed !== undefined && !(/^\d{1,10}$/.test(seed) && Number(seed) <= MAX_SEED)) {
    mistakes.push({
      path: 'OUTRIDER_SEED',
      message: `must be a whole number from 0 to ${MAX_SEED}, or not set`,
    });
  }
  return mistakes;
}

function mistakesOfChoice(path: string, env: Env, choices: readonly string[]): Mistake[] {
  if ([...choices, ''].includes(env[path] ?? '')) return [];
  return [{ path, message: `must be one of ${choices.map((choice) => `"${choice}"`).join(', ')}` }];
}

/** Keys that were found, not named in a file: one that cannot be sent would fail every call. Never says what it holds. */
export function mistakesOfFoundKeys(providers: Offers['providers'], env: Env): Mistake[] {
  return Object.values(providers).flatMap(({ api_key_env: path }) => {
    const message = path === undefined ? undefined : flawOfKey((env[path] ?? '').trim());
    return path === undefined || message === undefined ? [] : [{ path, message }];
  });
}
