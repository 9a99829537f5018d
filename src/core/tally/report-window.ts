import { badRequest } from '../outcome/gateway-error.ts';

/** The windows that reports can be asked for, in milliseconds. */
const WINDOW_TO_MS: Readonly<Record<string, number>> = {
  '1h': 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 24 * 3_600_000,
  '30d': 30 * 24 * 3_600_000,
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
