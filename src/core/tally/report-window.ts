import { DAY_MS, HOUR_MS } from '../durations.ts';
import { badRequest } from '../outcome/gateway-error.ts';

/** The windows that reports can be asked for, in milliseconds. */
const WINDOW_TO_MS: Readonly<Record<string, number>> = {
  '1h': HOUR_MS,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
};

/** @throws GatewayError 400 naming the windows there are. */
export function windowMs(name: string): number {
  const found = Object.hasOwn(WINDOW_TO_MS, name) ? WINDOW_TO_MS[name] : undefined;
  if (found !== undefined) return found;
  throw badRequest(
    `There is no window '${name.slice(0, 32)}'. There are: ${Object.keys(WINDOW_TO_MS).join(', ')}.`,
    'window',
  );
}
